"""The console's pages about agencies and their clients."""

from aurora.ui import agency_words, client_words
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
    ValueRow,
)
from aurora.ui.contexts.agencies import AgencyFormPage, AgencyNextPage, LabelledChoice, NextClient
from aurora.ui.formats import moment
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.templatetags.aurora import localized

KEY = "office-2026-11  ES256  8VvZ3xM0yT5Yq1cJr2nSgXh4oLkPzWbEdUaQm7tRfKs"


WHO = {
    "legal_name": ("Etuustoimisto",),
    "business_id": ("0000002-7",),
    "country": ("FI",),
    "contact_url": ("https://benefits.example/data-protection",),
    "contact_email": (),
    "onward": (),
    "since": ("1.12.2026",),
}


def _row(field: str, *values: str, before: tuple[str, ...] = (), differs: bool = False) -> ValueRow:
    return ValueRow(str(client_words.field(field)), values, before, differs)


def _rows() -> tuple[ValueRow, ...]:
    return (
        _row("redirect_uris", "https://benefits.example/callback"),
        _row("jwks"),
        _row("jwks_uri", "https://benefits.example/.well-known/jwks.json"),
        _row("notice_uri", "https://benefits.example/notices"),
        _row("usage_uri"),
        _row("resource"),
        _row("purposes", "benefit-application"),
        _row("categories", "population.household", "tax.income"),
        _row("rotate_refresh", str(client_words.NO)),
    )


def _agency_form() -> AgencyFormPage:
    wrong = (
        ("country", "Give the country as two capital letters (ISO 3166-1)."),
        ("meaning", "Say whether this changes who the agency is, or words only."),
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
        meanings=tuple(LabelledChoice(x, str(agency_words.meaning(x))) for x in ("words", "meaning")),
        errors=tuple(FieldError(field, str(agency_words.fault(sentence))) for field, sentence in wrong),
    )


def _agency_draft() -> DraftPage:
    row = DraftRow(str(agency_words.kind("change")), "benefits-office", DraftState.OPEN, "Astrid", p.NOW, "/draft/")
    rows = (
        ValueRow(str(agency_words.field("legal_name")), ("Etuuskeskus",), ("Etuustoimisto",), True),
        *(ValueRow(str(agency_words.field(name)), value) for name, value in WHO.items() if name != "legal_name"),
    )
    follows = agency_words.follows(is_new=False, meaning=True, version=2)
    document = '{\n "code": "benefits-office",\n "version": 2,\n "binding_since": 2\n}'
    return DraftPage(
        row, "Fuusio 1.1.2027", rows, "/agencies/", True, True, advice=str(agency_words.ADVICE), follows=follows, document=document
    )


def _following() -> AgencyNextPage:
    told = (("issuer", "https://aurora.example"), ("par", "https://aurora.example/oauth/par"), ("api", "https://aurora.example/api/v1"))
    addresses = [(str(agency_words.address(code)), url) for code, url in told]
    client = NextClient(
        "benefits-office",
        p.OFFICE,
        ("benefit-application",),
        ("population.household", "tax.income"),
        "https://benefits.example/n",
        "/pings/",
    )
    return AgencyNextPage(
        p.OFFICE,
        (client,),
        tuple(ValueRow(label, (url,)) for label, url in addresses),
        agency_words.letter(agency=localized(p.OFFICE), clients=["benefits-office"], addresses=addresses),
        "/agency/",
        "/developers/",
        source=True,
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
        categories=tuple(ClientChoice(c.code, n) for c, n in zip((p.HOUSEHOLD, p.INCOME), names, strict=True)),
        back_url="/agencies/",
        errors=wrong,
    )
    draft = DraftPage(
        waiting,
        "Uudet avaimet, sopimus 7/2026",
        (
            _row("jwks_uri", "https://benefits.example/.well-known/jwks.json", before=(), differs=True),
            _row("jwks", before=(KEY,), differs=True),
            *(r for r in _rows() if r.label not in (str(client_words.field("jwks_uri")), str(client_words.field("jwks")))),
        ),
        "/agencies/",
        may_approve=True,
        may_decline=True,
    )
    agencies = AgenciesPage(
        (
            AgencyListRow("benefits-office", p.OFFICE, (AgencyRole.DATA_USER,), 2, "/agency/"),
            AgencyListRow("tax-administration", p.TAX, (AgencyRole.DATA_SOURCE,), 0, "/agency/"),
        ),
        (waiting,),
        "/new/",
        "/register/",
    )
    who = tuple(ValueRow(str(agency_words.field(name)), value) for name, value in WHO.items())
    agency = AgencyPage(
        "benefits-office",
        p.OFFICE,
        (card, stopped),
        (waiting, back, done),
        "/agencies/",
        "/new/",
        roles=(AgencyRole.DATA_USER,),
        who=who,
        change_url="/change/",
        next_url="/next/",
    )
    state = ClientStatePage("benefits-office", ClientState.ACTIVE, "/agency/")
    pages = (
        ("console-agency-form", "agency_form", "agencies/new/", _agency_form()),
        ("console-agency-next", "agency_next", "agencies/benefits-office/next/", _following()),
        ("console-agency-draft", "draft", "agency-drafts/d/", _agency_draft()),
        ("console-agencies", "agencies", "agencies/", agencies),
        ("console-agency", "agency", "agencies/benefits-office/", agency),
        ("console-client-form", "client_form", "clients/new/", form),
        ("console-client-state", "client_state", "clients/benefits-office/state/", state),
        ("console-draft", "draft", "client-drafts/d/", draft),
    )
    return [Example(name, f"console/{template}.html", f"console/{at}", page, name_shown="Otso") for name, template, at, page in pages]
