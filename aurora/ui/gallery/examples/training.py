"""Whether models may learn from one's data: the first time, with mistakes, and once it is allowed; and the console's pages about those models."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from aurora.ui import formats, monitoring_words, words
from aurora.ui import own_model_words as own
from aurora.ui.cards import blocks
from aurora.ui.contexts import (
    Banner,
    CategoryChoice,
    CategoryView,
    EndChoice,
    FactLabel,
    FieldError,
    LifePermission,
    NoticeKind,
    NoticePart,
    PurposeView,
    TrainingPage,
    ValueRow,
)
from aurora.ui.contexts.models import Deed
from aurora.ui.contexts.suggestion_models import (
    DatasetRow,
    Earned,
    EarnedRow,
    GateRow,
    GroupRow,
    OwnModelPage,
    OwnModelRow,
    OwnModelsPage,
    RetrainingRow,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from consent import terms
from consent.terms import Period

ROOT = Path(__file__).resolve().parents[4]
HASH = "3024f909632c619e10e6b74b3c0f2cd88ba1e19df4d265f6072c3509c3c97397"
CODES = ("population.person", "tax.income", "social.disability")


def pages() -> list[Example]:
    mistakes = (
        FieldError("categories", str(words.form_error("category_required"))),
        FieldError("own_date", str(words.form_error("date_past"))),
    )
    wrong = _page(errors=mistakes, own_day="1", own_month="1", own_year="2026")
    permission = LifePermission((_category("tax.income").name,), date(2027, 5, 24), "/consents/c/", "/consents/c/withdraw/")
    allowed = Banner(NoticeKind.SUCCESS, str(words.banner("training_allowed")))
    return [
        Example("training", "portal/training.html", "training/", _page()),
        Example("training-errors", "portal/training.html", "training/", wrong),
        Example("training-allowed", "portal/training.html", "training/", _page(permission=permission, banner=allowed)),
    ]


def console() -> list[Example]:
    """A champion and a candidate that waits; then one model in the states that differ."""
    rows = (
        OwnModelRow(HASH, own.state("champion"), str(own.HELD), p.NOW, "/m/"),
        OwnModelRow(HASH[::-1], own.state("evaluated"), str(own.FAILED), p.NOW, "/m/", own.state("shadow")),
    )
    datasets = (DatasetRow(HASH, own.dataset_state("ready"), formats.number(1205), str(own.FEW), p.NOW),)
    retrainings = (
        RetrainingRow(own.retraining_state("due"), p.NOW),
        RetrainingRow(own.retraining_state("done"), p.NOW, HASH, "/m/"),
    )
    gates = (_gate("champion", "0.0021", "−0.0008 – 0.0049", "−0.005", True), _gate("group_gap", "0.142", "0.09 – 0.19", "0.1", False))
    model = OwnModelPage(
        sha256=HASH,
        state=own.state("evaluated"),
        rows=(ValueRow(own.field("version"), (HASH,)), ValueRow(own.field("signature"), (str(own.SIGNED),))),
        gates=gates,
        groups=(_group("under_25", 0.81, 0.77, 0.85), _group("from_75", 0.94, 0.92, 0.96)),
        card=blocks("# Model card\n\nThe chance that a household with these facts takes part in a programme.\n\n## Limits\n\n- Taking part is not eligibility.\n\n| | |\n|---|---|\n| Rows | 200,576 |"),
        history=(Deed(own.deed("promotion", "shadow", "asked"), "Milla", p.NOW), Deed(own.deed("retirement", "retired", "agreed"), "Sven", p.NOW, "Vanha")),
        back_url="/models/suggestions/",
        may_retire=True,
        errors=(FieldError("decision", own.fault("gates_failed")), FieldError("reason", own.fault("reason"))),
    )  # fmt: skip
    asks = replace(
        model, next_step=own.state("challenger"), asks_share=True, may_ask=True, errors=(FieldError("share", own.fault("share_wrong")),), share="70",
        forgotten=formats.number(45), earned=Earned(own.earned("unlike", citizens="", shown="")),
    )  # fmt: skip
    earned = Earned(
        own.earned("enough", citizens=formats.number(1200), shown=formats.measure(0.064)),
        tuple(
            EarnedRow(own.method(name), *map(_written, ("0.071", "0.007", "0.002 – 0.012"))) for name in ("ips", "snips", "dr", "bounded")
        ),
    )
    found = (
        ("console-suggestion-models", "suggestion_models", OwnModelsPage(rows, rows, datasets, retrainings, "/models/", "/older/", (HASH,))),
        ("console-suggestion-models-none", "suggestion_models", OwnModelsPage((), (), (), (), "/models/")),
        ("console-suggestion-model", "suggestion_model", replace(model, earned=earned)),
        ("console-suggestion-model-asks", "suggestion_model", asks),
        ("console-suggestion-model-waits", "suggestion_model", replace(model, waiting=own.state("champion"), may_agree=True, may_decline=True, errors=())),
        ("console-suggestion-model-mine", "suggestion_model", replace(model, waiting=own.state("champion"), is_mine=True, may_decline=True, errors=())),
        ("console-suggestion-model-champion", "suggestion_model", replace(model, state=own.state("champion"), may_roll_back=True, gates=(), errors=())),
    )  # fmt: skip
    return [
        Example(name, f"console/{template}.html", "console/models/suggestions/", page, name_shown="Milla") for name, template, page in found
    ]


def _group(code: str, found: float, low: float, high: float) -> GroupRow:
    shown, least, most = map(monitoring_words.percent, (found, low, high))
    return GroupRow(f"{monitoring_words.axis('age')}: {monitoring_words.group('age', code)}", shown, f"{least} – {most}")


def _page(**more: Any) -> TrainingPage:
    purpose = json.loads((ROOT / "consent/vocabulary/purposes/model-training.json").read_text("utf-8"))
    said = terms.training(language=formats.language(), period=Period(p.TODAY, date(2027, 11, 24)), data=p.data_names())
    return TrainingPage(
        purpose=PurposeView(purpose["code"], purpose["name"], purpose["description"], purpose["on_refusal"]),
        categories=tuple(CategoryChoice(_category(code)) for code in CODES),
        ends=(*(EndChoice(m, date(2027, int(month), 24)) for m, month in (("3", "2"), ("6", "5"), ("12", "11"))), EndChoice("own")),
        latest_end=date(2027, 11, 24),
        terms={t.code: NoticePart(t.heading, t.sentences) for t in said},
        back_url="/consents/",
        notice_token="t",  # noqa: S106 - no secret
        **more,
    )


def _category(code: str) -> CategoryView:
    read = json.loads((ROOT / f"consent/vocabulary/categories/{code}.json").read_text("utf-8"))
    facts = tuple(FactLabel(key, schema["x-label"]) for key, schema in read["schema"]["properties"].items())
    return CategoryView(code, read["name"], read["description"], facts, read["sensitive"])


def _written(number: str) -> str:
    return number if formats.language() == "en" else number.replace(".", ",")


def _gate(name: str, value: str, between: str, limit: str, held: bool) -> GateRow:
    value, between, limit = map(_written, (value, between, limit))
    return GateRow(own.gate(name), value, between, limit, held, str(own.HELD if held else own.FAILED))
