"""The console's pages about agencies and their clients."""

from aurora.ui import client_words
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
from aurora.ui.formats import moment
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

KEY = "office-2026-11  ES256  8VvZ3xM0yT5Yq1cJr2nSgXh4oLkPzWbEdUaQm7tRfKs"


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
    )
    agency = AgencyPage("benefits-office", p.OFFICE, (card, stopped), (waiting, back, done), "/agencies/", "/new/")
    state = ClientStatePage("benefits-office", ClientState.ACTIVE, "/agency/")
    pages = (
        ("console-agencies", "agencies", "agencies/", agencies),
        ("console-agency", "agency", "agencies/benefits-office/", agency),
        ("console-client-form", "client_form", "clients/new/", form),
        ("console-client-state", "client_state", "clients/benefits-office/state/", state),
        ("console-draft", "draft", "client-drafts/d/", draft),
    )
    return [Example(name, f"console/{template}.html", f"console/{at}", page, name_shown="Otso") for name, template, at, page in pages]
