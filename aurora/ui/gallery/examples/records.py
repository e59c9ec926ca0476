"""Activity, data, consents, and an agency that asks."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from aurora.ui import reader_words, withdrawal_words, words
from aurora.ui.contexts import (
    AgencyConsentPage,
    AgencyTold,
    Availability,
    CameFrom,
    CategoryView,
    ConsentBehind,
    ConsentEventView,
    ConsentPage,
    ConsentsPage,
    ConsentState,
    ConsentView,
    EntryPage,
    EstimateOrigin,
    FactGroup,
    FactRow,
    FieldError,
    InvalidRequestPage,
    KeptByLaw,
    LogPosition,
    MyDataPage,
    Provenance,
    RequestedCategory,
    Telling,
    TickView,
    WithdrawnPage,
    WithdrawPage,
)
from aurora.ui.contexts.data import EraseLink, ReaderRow
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.renewals import renewal


def read_entry() -> EntryPage:
    """A read that was allowed, sealed: what other rooms' examples of the page begin with."""
    sealed = LogPosition(48_211, 48_212, p.NOW, "/ledger/checkpoint", "9c" * 32)
    return EntryPage(
        p.entries()[2],
        str(words.decision()),
        14,
        "a1" * 32,
        "/activity/",
        "b2" * 32,
        (ConsentBehind(p.BENEFIT.name["en"], "/consents/c/", p.access_notice(), "en"),),
        sealed,
    )


def _beside(row: FactRow, *readers: ReaderRow, **more: Any) -> FactRow:
    """With what stands beside it for the citizen themself."""
    return replace(row, readers=readers, history_url="/my-data/history/x/", **more)


def _reader(name: Any, times: int, event: str = "", *, back: int = 0) -> ReaderRow:
    use = str(reader_words.use(event))
    return ReaderRow(name, times, p.NOW - timedelta(days=back), "/activity/?kind=read", use, event.startswith("aurora:break"))


def data() -> list[Example]:
    told, correct = Provenance.REPORTED, "/my-data/correct/0192f0c1-7a1b-7c3d-8e4f-000000000001/"
    office, suggested = _reader(p.OFFICE, 3), _reader(words.AURORA, 1_214, "aurora:twin:suggested", back=1)
    estimated, glass = (
        _reader(words.AURORA, 1, "aurora:evaluation:made", back=9),
        _reader(words.AURORA, 1, "aurora:break_glass:read", back=40),
    )
    former = _reader(p.FORMER_OFFICE, 2, back=90)
    group = FactGroup(
        p.HOUSEHOLD,
        p.REGISTER,
        (
            _beside(FactRow(p.SIZE.label, 4, p.REGISTER, Provenance.ATTESTED, p.NOW, "persons"), office, suggested, correct_url=correct),
            _beside(
                FactRow(p.CHILDREN.label, 1, p.REGISTER, told, p.NOW, "persons", disputed=True), office, suggested, estimated, glass, former,
                correct_url=correct, compare_url="/my-data/disagreements/",
            ),
            _beside(FactRow(p.text("Ikä", "Ålder", "Age"), 34, p.REGISTER, told, p.NOW, "years", disputed=True), office, asked_url="/corrections/"),
            _beside(
                FactRow(
                    p.text("Siviilisääty", "Civilstånd", "Marital status"), "married", p.REGISTER, told, p.NOW,
                    value_label=p.text("naimisissa", "gift", "married"),
                ),
                correct_url=correct,
            ),
        ),
        erase_url="/erase/category/x/",
        erase_sources=(EraseLink(p.REGISTER, "/erase/source/x/"),),
        readers=(office, suggested, estimated, glass, former),
    )  # fmt: skip
    income = FactGroup(
        p.INCOME,
        p.TAX,
        (
            _beside(
                FactRow(
                    p.WAGES.label, 43_800, p.TAX, told, p.NOW, "crowns_per_year", valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31)
                ),
                office, correct_url=correct,
            ),
            FactRow(p.BUSINESS.label, -1_250, p.TAX, told, p.NOW, "crowns_per_year"),
            FactRow(p.text("Korkotulot", "Ränteinkomster", "Interest"), None, p.TAX, told, p.NOW, "crowns_per_year"),
            FactRow(p.text("Ruoka-apu", "Mathjälp", "Food assistance"), True, p.TAX, Provenance.DERIVED, p.NOW),
        ),
        erase_url="/erase/category/x/",
        erase_sources=(EraseLink(p.TAX, "/erase/source/x/"),),
        readers=(office,),
    )  # fmt: skip
    risk = p.text("Infektio vuoden kuluessa", "Infektion inom ett år", "Infection within one year")
    hospital = p.text("Aluesairaala", "Regionsjukhuset", "Regional Hospital")
    said = p.text(
        "Kuinka monelle sadasta kaltaisestasi käy näin.",
        "Hur många av hundra som du det händer.",
        "To how many of a hundred like you it happens.",
    )
    estimate = FactGroup(
        CategoryView("derived.surgery_risk", p.text("Leikkauksen riskiarvio", "Riskbedömning inför operation", "Estimate of the risks of surgery"), said, (), True),
        p.text("Aurora", "Aurora", "Aurora"),
        (FactRow(risk, 0.031, hospital, Provenance.DERIVED, p.NOW, "probability"),),
        kept_at=p.NOW,
        kept_source="hospital",
        origin=EstimateOrigin(
            p.text("Tekonivelleikkauksen riskit", "Risker vid protesoperation", "Risks of a joint replacement"), "joint-surgery-risk 1", hospital,
            said, p.text("Ei sitä, pitäisikö leikata.", "Inte om du bör opereras.", "Not whether you should be operated on."),
            "Aluesairaala", "models@hospital.example", "/evaluations/x/", True,
            (CameFrom(p.text("Ikä", "Ålder", "Age"), hospital), CameFrom(risk, hospital, (CameFrom(p.text("Sukupuoli", "Kön", "Sex"), hospital),))), 2,
        ),
    )  # fmt: skip
    told_oneself = FactGroup(
        CategoryView("life.situation", p.text("Elämäntilanteesi", "Din livssituation", "Your life situation"), said, (), True),
        words.YOU,
        (_beside(FactRow(p.text("Terveys", "Hälsa", "Health"), 7, words.YOU, Provenance.DECLARED, p.NOW, "of_10"), change_url="/life/"),),
        declared_url="/life/",
        erase_url="/erase/category/x/",
    )
    missing = (FactGroup(p.DISABILITY, p.INSURANCE, (), "/sources/x/connect/"),)
    return [
        Example(
            "my-data",
            "portal/my_data.html",
            "my-data/",
            MyDataPage(
                (group, replace(income, kept_at=p.NOW, kept_source="tax-administration"), told_oneself, estimate),
                missing,
                "/sources/",
                "/my-data/copy/",
                entry_url="/activity/e/",
                forget_url="/my-data/forget/",
                disagreements_url="/my-data/disagreements/",
                erase_url="/erase/",
                leave_url="/leave/",
                readers_since=p.TODAY.replace(year=2025),
                readers_newest=10_000,
            ),
        ),
        Example("my-data-empty", "portal/my_data.html", "my-data/", MyDataPage((), missing, "/sources/", "/my-data/copy/")),
    ]


def _told() -> tuple[AgencyTold, ...]:
    """Every state that an agency can be in with what it was told."""
    later, both = p.NOW + timedelta(days=30), (p.INCOME.name, p.HOUSEHOLD.name)

    def one(kind: str, telling: Telling, **more: Any) -> AgencyTold:
        return AgencyTold(p.OFFICE, str(withdrawal_words.told(kind)), p.NOW, both, telling, **more)

    def unheard(kind: str, telling: Telling, why: str) -> AgencyTold:
        return one(kind, telling, confirm_by=later, unheard=withdrawal_words.unheard(why, kind, p.OFFICE))

    kept = tuple(KeptByLaw(name, "Social Assistance Act, section 23") for name in both)
    return (
        one("consent.narrowed", Telling.CONFIRMED, told_at=p.NOW, confirm_by=later, confirmed_at=p.NOW, deleted_at=p.NOW),
        one("consent.narrowed", Telling.PARTLY, told_at=p.NOW, confirm_by=later, confirmed_at=p.NOW, deleted_at=p.NOW, kept=kept[:1]),
        one("consent.narrowed", Telling.KEPT, told_at=p.NOW, confirm_by=later, confirmed_at=p.NOW, kept=kept),
        unheard("consent.narrowed", Telling.WAITING, "untried"),
        unheard("consent.narrowed", Telling.WAITING, "trying"),
        unheard("consent.replaced", Telling.WAITING, "feed"),
        unheard("consent.narrowed", Telling.UNDELIVERED, "failed"),
        unheard("consent.withdrawn", Telling.UNDELIVERED, "gone"),
        one("consent.narrowed", Telling.TOLD, told_at=p.NOW, confirm_by=later),
        one("consent.replaced", Telling.HEARD, told_at=p.NOW),
        one("consent.withdrawn", Telling.OVERDUE, told_at=p.NOW - timedelta(days=40), confirm_by=p.NOW - timedelta(days=10)),
    )


def consents() -> list[Example]:
    active = p.consent(ConsentState.ACTIVE, words.AURORA, p.SUGGEST, source=p.TAX)
    given = p.consent(ConsentState.ACTIVE, p.OFFICE, p.BENEFIT)
    past = replace(p.consent(ConsentState.WITHDRAWN, p.OFFICE, p.BENEFIT), telling=Telling.OVERDUE, withdrawn=(p.DISABILITY.name,))
    history = (
        ConsentEventView(str(words.consent_event("given")), p.NOW - timedelta(days=9), "/consents/c/receipts/r/"),
        ConsentEventView(str(words.consent_event("withdrawn")), p.NOW),
    )
    detail = ConsentPage(active, p.notice(), "en", "d4" * 32, history[:1], p.entries()[3:4], "/consents/", "/activity/")
    ended = ConsentPage(past, p.access_notice(), "en", "d4" * 32, history, (), "/consents/", "/activity/", told=_told())
    follows = tuple(str(s) for s in words.WITHDRAW_CONNECTION)
    follows_access = tuple(str(s) for s in words.WITHDRAW_ACCESS)
    states = (ConsentState.EXPIRED, ConsentState.DECLINED, ConsentState.REPLACED, ConsentState.ENDED)
    *others, by_other = (p.consent(s, words.AURORA, p.OVERVIEW, source=p.REGISTER) for s in states)
    others.append(replace(by_other, ended_how=str(withdrawal_words.by_another("withdrawn", "operator"))))
    connect = "/sources/tax-administration/connect/"
    partly = replace(
        p.consent(ConsentState.ACTIVE, words.AURORA, p.SUGGEST, source=p.TAX),
        outdated=(p.INCOME.name,), renewal=renewal("category"), renew_url=connect,
    )  # fmt: skip
    behind = replace(
        p.consent(ConsentState.ACTIVE, p.OFFICE, p.BENEFIT), outdated=(p.HOUSEHOLD.name, p.INCOME.name), renewal=renewal("purpose")
    )
    renewing = ConsentPage(behind, p.access_notice(), "en", "d4" * 32, history[:1], (), "/consents/", "/activity/")
    return [
        Example("consents", "portal/consents.html", "consents/", ConsentsPage((active, given), (past, *others), "/sources/")),
        Example("consents-again", "portal/consents.html", "consents/", ConsentsPage((partly, behind), (), "/sources/")),
        Example("consent-again", "portal/consent.html", "consents/c/", renewing),
        Example("consents-empty", "portal/consents.html", "consents/", ConsentsPage((), (), "/sources/")),
        Example("consent", "portal/consent.html", "consents/c/", detail),
        Example("consent-past", "portal/consent.html", "consents/c/", ended),
        Example("withdraw", "portal/withdraw.html", "consents/c/withdraw/", _withdraw(active, follows)),
        Example(
            "withdraw-errors",
            "portal/withdraw.html",
            "consents/c/withdraw/",
            replace(
                _withdraw(active, follows),
                keep=True,
                errors=(FieldError("categories", str(withdrawal_words.field_error("withdraw_category_required"))),),
            ),
        ),
        Example("withdraw-access", "portal/withdraw.html", "consents/c/withdraw/", WithdrawPage(given, follows_access, "/consents/c/")),
        Example(
            "withdrawn-part",
            "portal/withdrawn.html",
            "consents/c/withdraw/",
            WithdrawnPage(
                active,
                (follows[0], *follows[2:]),
                "/consents/",
                "/activity/e/",
                categories=(p.INCOME.name,),
                whole=False,
                kept=True,
                data_url="/my-data/",
            ),
        ),
        Example(
            "withdrawn",
            "portal/withdrawn.html",
            "consents/c/withdraw/",
            WithdrawnPage(past, follows_access, "/consents/", "/activity/e/", receipt_url="/consents/c/receipts/r/"),
        ),
    ]


def _withdraw(consent: ConsentView, follows: tuple[str, ...]) -> WithdrawPage:
    choices = (TickView("population.household", p.HOUSEHOLD.name), TickView("tax.income", p.INCOME.name))
    return WithdrawPage(consent, follows, "/consents/c/", choices=choices, can_keep=True)


def agency() -> list[Example]:
    categories = (
        RequestedCategory(p.INCOME, Availability.HAVE, p.TAX),
        RequestedCategory(p.HOUSEHOLD, Availability.EMPTY, p.REGISTER, "/sources/x/connect/"),
        RequestedCategory(p.DISABILITY, Availability.NOT_CONNECTED, p.INSURANCE, "/sources/x/connect/"),
    )
    urls = {code: f"/oauth/authorize?language={code}" for code in ("fi", "sv", "en")}
    hidden = (("request_uri", "urn:x"), ("client_id", "c"))
    asks = AgencyConsentPage(
        p.OFFICE, p.BENEFIT, categories, p.access_terms(p.INCOME, p.HOUSEHOLD, p.DISABILITY), "office.example", "", hidden, urls
    )
    mistake = (FieldError("categories", str(words.form_error("category_required"))),)
    wrong = AgencyConsentPage(
        p.OFFICE, p.BENEFIT, categories, p.access_terms(once=True), "office.example", "/oauth/authorize", hidden, urls, mistake
    )
    invalid = InvalidRequestPage(str(words.request_error("request_expired")), "/", "7f3a-22")
    return [
        Example("authorize", "portal/authorize.html", "oauth", asks),
        Example("authorize-errors", "portal/authorize.html", "oauth", wrong),
        Example("authorize-invalid", "portal/authorize_invalid.html", "oauth", invalid),
    ]
