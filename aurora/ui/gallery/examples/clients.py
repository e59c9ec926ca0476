"""The console's pages about agencies and their clients."""

from dataclasses import replace
from datetime import date

from aurora.ui import agency_words, client_words, country_words
from aurora.ui.contexts import (
    AgenciesPage,
    AgencyListRow,
    AgencyPage,
    AgencyRole,
    ClientCard,
    ClientChoice,
    ClientFormPage,
    ClientState,
    ClientStatePage,
    DraftPage,
    DraftRow,
    DraftState,
    FieldError,
    Pagination,
    ValueRow,
)
from aurora.ui.contexts.agencies import AgencyFormPage, AgencyNextPage, LabelledChoice, NamedCode, NextClient
from aurora.ui.formats import day, moment
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.templatetags.aurora import localized

KEY = {"name": "office-2026-11", "algorithm": "ES256", "fingerprint": "8VvZ3xM0yT5Yq1cJr2nSgXh4oLkPzWbEdUaQm7tRfKs"}


def _who() -> tuple[ValueRow, ...]:
    values = {
        "legal_name": ("Etuustoimisto",),
        "business_id": ("0000002-7",),
        "country": (country_words.named("FI"),),
        "contact_url": ("https://benefits.example/data-protection",),
        "contact_email": ("tietosuoja@benefits.example",),
        "onward": (str(agency_words.TO_NOBODY),),
        "since": (day(date(2026, 12, 1)),),
    }
    return tuple(ValueRow(str(agency_words.field(name)), value, names=name != "contact_url") for name, value in values.items())


def _row(field: str, *values: str, before: tuple[str, ...] = (), differs: bool = False) -> ValueRow:
    return ValueRow(str(client_words.field(field)), values, before, differs, field in ("purposes", "categories", "rotate_refresh"))


def _rows() -> tuple[ValueRow, ...]:
    return (
        _row("redirect_uris", "https://benefits.example/callback"),
        _row("jwks"),
        _row("jwks_uri", "https://benefits.example/.well-known/jwks.json"),
        _row("notice_uri", "https://benefits.example/notices"),
        _row("usage_uri"),
        _row("resource"),
        _row("purposes", localized(p.BENEFIT.name)),
        _row("categories", localized(p.HOUSEHOLD.name), localized(p.INCOME.name)),
        _row("rotate_refresh", str(client_words.NO)),
    )


def _follows(*, same: bool) -> tuple[str, ...]:
    return client_words.follows(
        kind="register",
        agency=localized(p.OFFICE),
        purposes=[localized(p.BENEFIT.name)],
        data=[localized(one.name) for one in (p.HOUSEHOLD, p.INCOME)],
        same=same,
        less=False,
    )


def _agency_form() -> AgencyFormPage:
    wrong = (
        ("country", "Give the country as two capital letters (ISO 3166-1)."),
        ("business_id", "Give its business id, in at most 32 characters."),
    )
    return AgencyFormPage(
        values={
            "code": "benefits-office",
            **{f"name_{x}": p.OFFICE[x] for x in ("fi", "sv", "en")},
            "legal_name": "Etuustoimisto",
            "country": "FIN",
        },
        roles=tuple(LabelledChoice(x, str(agency_words.role(x)), x == "data_user") for x in ("data_source", "data_user")),
        back_url="/agencies/",
        errors=tuple(FieldError(field, str(agency_words.fault(sentence))) for field, sentence in wrong),
    )


def _agency_draft() -> DraftPage:
    row = DraftRow(str(agency_words.kind("change")), "benefits-office", DraftState.OPEN, "Astrid", p.NOW, "/draft/")
    rows = (
        ValueRow(str(agency_words.field("legal_name")), ("Etuuskeskus",), ("Etuustoimisto",), True, names=True),
        *_who()[1:],
    )
    follows = agency_words.follows(is_new=False, meaning=True, version=2)
    document = '{\n "code": "benefits-office",\n "version": 2,\n "binding_since": 2\n}'
    return DraftPage(
        row,
        "Fuusio 1.1.2027",
        rows,
        "/agencies/",
        True,
        True,
        agree=str(agency_words.agree("change")),
        advice=str(agency_words.ADVICE),
        follows=follows,
        document=document,
    )


def _agency_form_change() -> AgencyFormPage:
    """Of an agency that has versions: what kind of change it is must be said."""
    sentence = "Say whether this changes who the agency is, or words only."
    return replace(
        _agency_form(),
        back_url="/agency/",
        known=True,
        meanings=tuple(LabelledChoice(x, str(agency_words.meaning(x))) for x in ("words", "meaning")),
        errors=(FieldError("meaning", str(agency_words.fault(sentence))),),
    )


def _decided(page: DraftPage, state: DraftState, *, next_url: str = "", next_text: str = "") -> DraftPage:
    """The same draft after the second officer's decision."""
    row = replace(page.draft, state=state, decided_by="Otso", decided_at=p.NOW)
    return replace(page, draft=row, may_approve=False, may_decline=False, next_url=next_url, next_text=next_text)


def _following() -> AgencyNextPage:
    told = (("issuer", "https://aurora.example"), ("par", "https://aurora.example/oauth/par"), ("api", "https://aurora.example/api/v1"))
    addresses = [(str(agency_words.address(code)), url) for code, url in told]
    steps = agency_words.steps(asks=True, source=True, url=lambda name: f"/developers/{name}/")
    client = NextClient(
        "benefits-office",
        p.OFFICE,
        (NamedCode(localized(p.BENEFIT.name), "benefit-application"),),
        tuple(NamedCode(localized(one.name), one.code) for one in (p.HOUSEHOLD, p.INCOME)),
        "https://benefits.example/n",
        "/pings/",
    )
    return AgencyNextPage(
        p.OFFICE,
        (client,),
        tuple(ValueRow(label, (url,)) for label, url in addresses),
        agency_words.letter(agency=localized(p.OFFICE), clients=[client], addresses=addresses, steps=steps, base="https://aurora.example"),
        "/agency/",
        steps,
        source=True,
        tests=True,
        sources_url="/sources/",
    )


def console() -> list[Example]:
    waiting = DraftRow(str(client_words.kind("change")), "benefits-office", DraftState.OPEN, "Astrid", p.NOW, "/draft/")
    done = DraftRow(str(client_words.kind("register")), "benefits-office", DraftState.APPROVED, "Otso", p.NOW, "/draft/", "Astrid", p.NOW)
    back = DraftRow(str(client_words.kind("change")), "benefits-office", DraftState.WITHDRAWN, "Otso", p.NOW, "/draft/", "Otso", p.NOW)
    names = tuple({"fi": c.name["fi"], "sv": c.name["sv"], "en": c.name["en"]} for c in (p.HOUSEHOLD, p.INCOME))
    card = ClientCard(
        "benefits-office",
        p.OFFICE,
        ClientState.ACTIVE,
        _rows(),
        str(client_words.fetched("good")) % {"at": moment(p.NOW)},
        "/change/",
        "/state/",
    )
    stopped = ClientCard("benefits-pilot", p.OFFICE, ClientState.SUSPENDED, _rows()[:1], "", "/change/", "/state/")
    wrong = (
        FieldError("redirect_uris", str(client_words.fault("A redirect URI must be https (plain http: a loopback address in a sandbox)."))),
        FieldError("categories", str(client_words.fault("Choose at least one kind of data that Aurora knows."))),
    )
    form = ClientFormPage(
        values={
            "client_id": "benefits-office-2",
            "agency": "benefits-office",
            "redirect_uris": "http://benefits.example/callback",
            "name_fi": p.OFFICE["fi"],
            "name_sv": p.OFFICE["sv"],
            "name_en": p.OFFICE["en"],
        },
        purposes=(ClientChoice("benefit-application", p.BENEFIT.name, True),),
        categories=tuple(
            ClientChoice(c.code, n, source=s) for c, n, s in zip((p.HOUSEHOLD, p.INCOME), names, (p.REGISTER, p.TAX), strict=True)
        ),
        back_url="/agencies/",
        errors=wrong,
    )
    first = replace(
        form,
        values={"client_id": "", "agency": "benefits-office"},
        purposes=tuple(replace(one, checked=False) for one in form.purposes),
        agency_known=True,
        agency_name=p.OFFICE,
        errors=(),
    )
    draft = DraftPage(
        waiting,
        "Uudet avaimet, sopimus 7/2026",
        (
            _row("jwks_uri", "https://benefits.example/.well-known/jwks.json", before=(), differs=True),
            _row("jwks", before=(str(client_words.KEY) % KEY,), differs=True),
            *(r for r in _rows() if r.label not in (str(client_words.field("jwks_uri")), str(client_words.field("jwks")))),
        ),
        "/agencies/",
        may_approve=True,
        may_decline=True,
        agree=str(client_words.agree("change")),
        follows=_follows(same=True),
    )
    asked_for = DraftPage(
        DraftRow(str(client_words.kind("register")), "benefits-office-2", DraftState.OPEN, "Astrid", p.NOW, "/draft/"),
        "Sopimus 7/2026",
        tuple(replace(row, differs=True) for row in _rows()),
        "/agencies/",
        may_approve=True,
        may_decline=True,
        agree=str(client_words.agree("register")),
        follows=_follows(same=False),
        is_new=True,
    )
    agencies = AgenciesPage(
        (
            AgencyListRow("benefits-office", p.OFFICE, (AgencyRole.DATA_USER,), 2, "/agency/"),
            AgencyListRow("tax-administration", p.TAX, (AgencyRole.DATA_SOURCE,), 0, "/agency/"),
        ),
        (waiting,),
        62,
        Pagination(1, 2, next_url="?page=2"),
        "/new/",
        "/register/",
    )
    agency = AgencyPage(
        "benefits-office",
        p.OFFICE,
        (card, stopped),
        (waiting, back, done),
        "/agencies/",
        "/new/",
        roles=(AgencyRole.DATA_USER,),
        who=_who(),
        change_url="/change/",
        next_url="/next/",
    )
    agreed = _decided(_agency_draft(), DraftState.APPROVED, next_url="/next/", next_text=str(agency_words.HAND_OVER))
    state = ClientStatePage("benefits-office", ClientState.ACTIVE, "/agency/")
    pages = (
        ("console-agency-form", "agency_form", "agencies/new/", _agency_form()),
        ("console-agency-form-change", "agency_form", "agencies/benefits-office/change/", _agency_form_change()),
        ("console-agency-next", "agency_next", "agencies/benefits-office/next/", _following()),
        ("console-agency-draft", "draft", "agency-drafts/d/", _agency_draft()),
        ("console-agency-draft-agreed", "draft", "agency-drafts/d/", agreed),
        ("console-agencies", "agencies", "agencies/", agencies),
        ("console-agency", "agency", "agencies/benefits-office/", agency),
        ("console-client-form", "client_form", "clients/new/", form),
        ("console-client-form-first", "client_form", "clients/new/", first),
        ("console-client-state", "client_state", "clients/benefits-office/state/", state),
        ("console-draft", "draft", "client-drafts/d/", draft),
        ("console-draft-new", "draft", "client-drafts/e/", asked_for),
        ("console-draft-declined", "draft", "client-drafts/d/", _decided(draft, DraftState.DECLINED)),
    )
    return [Example(name, f"console/{template}.html", f"console/{at}", page, name_shown="Otso") for name, template, at, page in pages]
