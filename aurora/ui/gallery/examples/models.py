"""The console's pages about other organisations' models."""

from dataclasses import replace
from datetime import timedelta

from aurora.ui import model_words as words
from aurora.ui.contexts import FieldError, Text, ValueRow
from aurora.ui.contexts.models import (
    AuthorityView,
    Bin,
    ContractText,
    Deed,
    Dot,
    InputRow,
    KeyFormPage,
    KeyPage,
    KeyRow,
    KeyState,
    ModelPage,
    ModelRow,
    ModelsPage,
    ModelState,
    OutputSince,
    OutputView,
    PeriodSince,
)
from aurora.ui.formats import NBSP, number
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

OWNER = {"fi": "Keskussairaala", "sv": "Centralsjukhuset", "en": "Central Hospital"}
NAME = {"fi": "Tekonivelleikkauksen riskit", "sv": "Risker vid ledprotesoperation", "en": "Risks of joint replacement"}
HASH = "9f2c4f1d7a2be0a5e4cbb27f5a1b2f9df4c9b6f6a0f3c8f5a7a1f0f4d3c2b1a0"
KEY = "1b0e6a7c5d4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a6f5e4d3c2b1a0f9e8d"
PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEexampleexampleexampleexampleex
ampleexampleexampleexampleexampleexampleexampleexampleexample0w==
-----END PUBLIC KEY-----"""
AUTHORITY = AuthorityView(
    "CN=Organisations' signing CA 3,O=Example Trust Services,C=FI", HASH, "subject:CN=Models,O=Central Hospital,C=FI",
    p.NOW - timedelta(days=400), p.NOW + timedelta(days=1400), PEM.replace("PUBLIC KEY", "CERTIFICATE"),
)  # fmt: skip
USE = {
    "fi": "Leikkauksesta sovittaessa, keskustelun tueksi.",
    "sv": "Som stöd för samtalet när en operation planeras.",
    "en": "For the talk in which an operation is planned.",
}
LIMITS = {
    "fi": "Ei kerro, pitäisikö sinut leikata.\nEi korvaa lääkärin arviota.",
    "sv": "Säger inte om du bör opereras.\nErsätter inte läkarens bedömning.",
    "en": "It does not say whether you should be operated on.\nIt does not replace a doctor's judgement.",
}
INFECTION = {"fi": "Tulehdus", "sv": "Infektion", "en": "Infection"}
AGE = {"fi": "Ikä arviota tehtäessä", "sv": "Ålder vid bedömningen", "en": "Age at the assessment"}
SMOKER = {"fi": "Tupakoi", "sv": "Röker", "en": "Smokes"}


def _percent(value: float) -> str:
    return f"{number(value)}{NBSP}%"


def _model() -> ModelPage:
    told = {
        "owner": (OWNER["en"], "hospital"),
        "identifier": ("joint-surgery-risk",),
        "version": ("2",),
        "purpose": ("surgery-risk",),
        "responsible": ("Central Hospital", "models@hospital.example"),
        "package": (HASH,),
        "files": (f"contract.json  {KEY}", f"models/infection.onnx  {HASH}", f"vectors.json  {KEY}"),
        "key": (KEY,),
        "vectors": (words.vectors(60, 2.4e-7),),
    }
    output = OutputView(
        INFECTION, "infection", 12, 3000, 41, number(0.71), number(0.66), number(0.76),
        (Bin(_percent(0.4), _percent(0.5), 1500), Bin(_percent(2.3), _percent(2.2), 1500)),
        ((_percent(0), _percent(0.1)), (_percent(50), _percent(0.9)), (_percent(100), _percent(31))),
        ((_percent(0), _percent(0)), (_percent(20), _percent(60)), (_percent(100), _percent(100))),
    )  # fmt: skip
    return ModelPage(
        NAME,
        "joint-surgery-risk",
        2,
        ModelState.REGISTERED,
        True,
        tuple(ValueRow(str(words.field(name)), values) for name, values in told.items()),
        (
            ContractText(str(words.text("name")), NAME),
            ContractText(str(words.text("intended_use")), USE),
            ContractText(str(words.text("limits")), LIMITS),
        ),
        (
            InputRow(AGE, "hospital.surgery.age", words.between(18, 100, "years")),
            InputRow(SMOKER, "hospital.surgery.smoker", words.yes_or_no()),
        ),
        (output,),
        (Deed(str(words.deed("registered")), "", p.NOW - timedelta(days=2)),),
        "/models/",
        may_ask=True,
        may_decline=True,
    )


def _since(name: Text) -> tuple[PeriodSince, ...]:
    bins = (Bin(f"1{NBSP}%", f"{number(1.4)}{NBSP}%", 640), Bin(f"{number(4.8)}{NBSP}%", f"{number(5.1)}{NBSP}%", 200))
    dots = (Dot(0.18, 0.25), Dot(0.86, 0.91))
    auc = {"auc": number(0.71), "auc_low": number(0.6), "auc_high": number(0.82)}
    shown = OutputSince(
        name,
        "infection",
        "840",
        "20",
        said_without=f"{number(3.1)}{NBSP}%",
        calibration=bins,
        dots=dots,
        end=f"{number(5.6)}{NBSP}%",
        **auc,
    )
    hidden = OutputSince(name, "infection", "", "", "", "", "", "")
    return (PeriodSince("", p.NOW.date(), "860", "40", (shown,)), PeriodSince("2026 Q4", p.NOW.date(), "", "", (hidden,)))


def console() -> list[Example]:
    rows = tuple(
        ModelRow(NAME, OWNER, "joint-surgery-risk", n, state, p.NOW, "/model/")
        for n, state in ((3, ModelState.REGISTERED), (2, ModelState.RELEASED), (1, ModelState.RETIRED))
    )
    keys = (
        KeyRow(OWNER, KEY, KeyState.ASKED, "Milla", p.NOW, "/key/"),
        KeyRow(OWNER, HASH, KeyState.REVOKED, "Sven", p.NOW, "/key/", AUTHORITY.identity),
    )
    registered = _model()
    asked = (*registered.history, Deed(str(words.deed("asked")), "Milla", p.NOW - timedelta(days=1)))
    released = (*asked, Deed(str(words.deed("released")), "Sven", p.NOW))
    refused = (FieldError("decision", str(words.fault("artefact_damaged"))), FieldError("reason", str(words.fault("reason"))))
    waiting = replace(
        registered, state=ModelState.ASKED, history=asked, may_ask=False, may_release=True, is_mine=False, errors=refused, synthetic=False
    )
    running = replace(registered, state=ModelState.RELEASED, history=released, may_ask=False, may_decline=False, may_retire=True)
    running = replace(running, measured=True, since=_since(registered.outputs[0].name))
    gone = replace(
        running,
        state=ModelState.RETIRED,
        may_retire=False,
        history=(*released, Deed(str(words.deed("retired")), "Milla", p.NOW, "Korvattu")),
    )
    key = KeyPage(
        OWNER, "hospital", KEY, PEM, KeyState.ASKED, (Deed(str(words.deed("key_asked")), "Milla", p.NOW, "Sopimus 7"),), "/models/",
        may_approve=True, may_decline=True,
    )  # fmt: skip
    approved = replace(
        key, state=KeyState.APPROVED, may_approve=False, may_decline=False, may_revoke=True,
        history=(*key.history, Deed(str(words.deed("key_approved")), "Sven", p.NOW)),
        errors=(FieldError("reason", str(words.fault("reason"))),),
    )  # fmt: skip
    wrong = tuple(
        FieldError(field, str(words.fault(code)))
        for field, code in (("agency", "agency"), ("public_key", "key_unreadable"), ("identity", "identity"))
    )
    pages = (
        ("console-models", "models", "models/", ModelsPage(rows[:1], rows, keys, "/new/", "/older/")),
        ("console-models-none", "models", "models/", ModelsPage((), (), ())),
        ("console-model", "model", "models/m/", registered),
        ("console-model-asked", "model", "models/m/", waiting),
        ("console-model-mine", "model", "models/m/", replace(waiting, may_release=False, is_mine=True, errors=())),
        ("console-model-released", "model", "models/m/", running),
        ("console-model-retired", "model", "models/m/", gone),
        ("console-model-key", "model_key", "models/keys/k/", key),
        ("console-model-key-authority", "model_key", "models/keys/k/", replace(key, authority=AUTHORITY)),
        ("console-model-key-approved", "model_key", "models/keys/k/", approved),
        (
            "console-model-key-form",
            "model_key_form",
            "models/keys/new/",
            KeyFormPage("hospitl", "x", "dns:models", "Sopimus 7", "/models/", wrong),
        ),
    )
    return [Example(name, f"console/{template}.html", f"console/{at}", page, name_shown="Milla") for name, template, at, page in pages]
