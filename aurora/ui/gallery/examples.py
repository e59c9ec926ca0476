"""Every page with example contexts: `pages()` under the active language gives (name, template, view name, page)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aurora.ui import words
from aurora.ui.contexts import (
    ActivityPage,
    AgencyConsentPage,
    AgencyRole,
    AgencyRow,
    Availability,
    Banner,
    CategoryChoice,
    ConnectPage,
    ConsentEventView,
    ConsentPage,
    ConsentsPage,
    ConsentState,
    ConsoleOverviewPage,
    ConsoleSignInPage,
    DayGroup,
    EndChoice,
    EnrolPage,
    EntryPage,
    ErrorPage,
    FactGroup,
    FactRow,
    FieldError,
    FilterOption,
    Health,
    HomePage,
    InvalidRequestPage,
    LandingPage,
    LogPosition,
    MyDataPage,
    Need,
    NeedKind,
    NewsItem,
    NoticeKind,
    Pagination,
    PeriodSummary,
    Provenance,
    PullPage,
    PullStep,
    PullStepState,
    PurposeChoice,
    PurposeCount,
    RequestedCategory,
    SecondFactorPage,
    SignInErrorPage,
    SourceRow,
    SourcesPage,
    SourceState,
    SourceView,
    StateCount,
    SuggestionsPage,
    WithdrawnPage,
    WithdrawPage,
)
from aurora.ui.gallery import parts as p

ERRORS = ("400", "403", "404", "405", "413", "429", "500", "503", "csrf", "session_expired")


@dataclass(frozen=True, slots=True)
class Example:
    """`name` is the picture's, `at` the path behind the language, `name_shown` who is signed in ("" for nobody)."""

    name: str
    template: str
    at: str
    page: Any
    signed_in: bool = True
    name_shown: str = "Aino Virta"


def pages() -> list[Example]:
    return [
        *_entrance(),
        *_home(),
        *_sources(),
        *_suggestions(),
        *_activity(),
        *_data(),
        *_consents(),
        *_agency(),
        *_errors(),
        *_console(),
    ]


def _entrance() -> list[Example]:
    left = Banner(NoticeKind.SUCCESS, str(words.banner("signed_out")))
    failed = SignInErrorPage(str(words.sign_in_error("eid_unavailable")), "/sign-in/", "7f3a-21")
    return [
        Example("landing", "portal/landing.html", "", LandingPage("/sign-in/", "/ledger/checkpoint"), signed_in=False),
        Example(
            "landing-left",
            "portal/landing.html",
            "",
            LandingPage("/sign-in/", "/ledger/checkpoint", left),
            signed_in=False,
        ),
        Example("sign-in-error", "portal/sign_in_error.html", "sign-in/", failed, signed_in=False),
    ]


def _home() -> list[Example]:
    urls = ("/sources/", "/suggestions/", "/activity/", "/my-data/", "/consents/")
    needs = (
        Need(NeedKind.PULL_RUNNING, "/pulls/x/", p.TAX),
        Need(NeedKind.RECONNECT, "/sources/x/connect/", p.INSURANCE),
        Need(NeedKind.PULL_FAILED, "/pulls/x/", p.REGISTER),
        Need(NeedKind.CONSENT_EXPIRING, "/consents/c/", p.OFFICE, date(2026, 12, 6)),
    )
    news = (NewsItem(str(words.event_title("agency:twin:read")), p.NOW, "/activity/e/"),)
    full = HomePage(2, 3, 27, 4, needs[:2], (), p.entries()[:3], *urls, top_suggestion=p.suggestions()[0])
    busy = HomePage(3, 3, 41, 1204, needs, news, p.entries()[:1], *urls)
    empty = HomePage(0, 3, 0, 0, (Need(NeedKind.NOTHING_CONNECTED, "/sources/"),), (), (), *urls)
    return [
        Example("home", "portal/home.html", "home/", full),
        Example("home-busy", "portal/home.html", "home/", busy),
        Example("home-empty", "portal/home.html", "home/", empty, name_shown=""),
    ]


def _sources() -> list[Example]:
    ago = p.NOW - timedelta(days=9)
    connect = "/sources/x/connect/"
    sources = SourcesPage(
        (
            SourceView(
                "population-register",
                p.REGISTER,
                {},
                (p.HOUSEHOLD,),
                SourceState.CONNECTED,
                connect,
                "/pulls/x/",
                "/consents/c/",
                ago,
                ago,
            ),
            SourceView(
                "tax-administration",
                p.TAX,
                {},
                (p.INCOME,),
                SourceState.FETCHING,
                connect,
                "/pulls/x/",
                "/consents/c/",
                p.NOW,
            ),
            SourceView(
                "social-insurance",
                p.INSURANCE,
                p.text("Etuudet ja eläkkeet.", "Förmåner och pensioner.", "Benefits and pensions."),
                (p.DISABILITY,),
                SourceState.ATTENTION,
                connect,
                "/pulls/x/",
                since=ago,
                reason=str(words.pull_error("revoked")),
                remedy=str(words.pull_remedy("revoked")),
                can_reconnect=True,
            ),
            SourceView(
                "social-insurance-2", p.INSURANCE, {}, (p.DISABILITY, p.INCOME), SourceState.NOT_CONNECTED, connect
            ),
        ),
        Banner(NoticeKind.INFO, str(words.banner("connect_declined"))),
    )
    ends = (
        EndChoice("3", date(2027, 2, 24)),
        EndChoice("6", date(2027, 5, 24)),
        EndChoice("12", date(2027, 11, 24)),
        EndChoice("own"),
    )
    asked: dict[str, Any] = {
        "source_code": "tax-administration",
        "source_name": p.TAX,
        "start": p.TODAY,
        "latest_end": date(2027, 11, 24),
        "back_url": "/sources/",
        "frequency": str(words.FETCHED_ONCE),
        "source_host": "tax.example",
        "notice_token": "t",
    }
    connecting = ConnectPage(
        purposes=(PurposeChoice(p.OVERVIEW), PurposeChoice(p.SUGGEST)),
        categories=(CategoryChoice(p.INCOME), CategoryChoice(p.DISABILITY)),
        ends=ends,
        **asked,
    )
    wrong = ConnectPage(
        purposes=(PurposeChoice(p.OVERVIEW, True), PurposeChoice(p.SUGGEST)),
        categories=(CategoryChoice(p.INCOME), CategoryChoice(p.DISABILITY)),
        ends=(*ends[:3], EndChoice("own", None, True)),
        own_day="31",
        own_month="2",
        own_year="2027",
        errors=(
            FieldError("categories", str(words.form_error("category_required"))),
            FieldError("own_date", str(words.form_error("date_invalid"))),
        ),
        **asked,
    )
    steps = (
        PullStep(p.HOUSEHOLD.name, PullStepState.DONE, 8),
        PullStep(p.INCOME.name, PullStepState.FETCHING),
        PullStep(p.DISABILITY.name, PullStepState.WAITING),
        PullStep(
            p.INCOME.name, PullStepState.FAILED, 0, str(words.pull_error("source_down")), p.NOW + timedelta(minutes=2)
        ),
    )
    running = PullPage(p.TAX, p.NOW, False, steps, "/sources/", "/my-data/", "/suggestions/", "", "/pulls/x/progress/")
    broken = (steps[0], PullStep(p.INCOME.name, PullStepState.FAILED, 0, str(words.pull_error("revoked"))))
    ended = PullPage(p.TAX, p.NOW, True, broken, "/sources/", "/my-data/", "/suggestions/", "/sources/x/connect/")
    return [
        Example("sources", "portal/sources.html", "sources/", sources),
        Example("connect", "portal/connect.html", "sources/tax-administration/connect/", connecting),
        Example("connect-errors", "portal/connect.html", "sources/tax-administration/connect/", wrong),
        Example("pull", "portal/pull.html", "pulls/x/", running),
        Example("pull-ended", "portal/pull.html", "pulls/x/", ended),
    ]


def _suggestions() -> list[Example]:
    some = SuggestionsPage(
        True,
        p.suggestions(),
        (p.INCOME.name, p.HOUSEHOLD.name),
        "/sources/",
        p.NOW,
        "/activity/e/",
        "programmes-2026-11",
    )
    return [
        Example("suggestions", "portal/suggestions.html", "suggestions/", some),
        Example(
            "suggestions-none",
            "portal/suggestions.html",
            "suggestions/",
            SuggestionsPage(True, (), (p.INCOME.name,), "/sources/", p.NOW),
        ),
        Example(
            "suggestions-not-allowed",
            "portal/suggestions.html",
            "suggestions/",
            SuggestionsPage(False, (), (), "/sources/"),
        ),
    ]


NOTICE = "Aurora\n\nService suggestions\n\nAurora compares your data with public services.\n\nIncome. Your household's taxed income."


def _activity() -> list[Example]:
    rows = p.entries()
    days = (DayGroup(p.TODAY, rows[:4]), DayGroup(p.TODAY - timedelta(days=1), rows[4:]))
    summaries = (PeriodSummary(7, 12, 3, 1, 1), PeriodSummary(30, 41, 9, 1, 2))
    agencies = (FilterOption("benefits-office", p.OFFICE), FilterOption("tax-administration", p.TAX, True))
    more = Pagination(1, 1, "/activity/", "/activity/?before=7")
    full = ActivityPage(
        summaries, days, agencies, more, "/activity/", "read", "2026-11-01", "2026-11-24", filtered=True
    )
    wrong = ActivityPage(
        summaries,
        (),
        agencies,
        Pagination(1, 1),
        "/activity/",
        date_from="2026-11-24",
        date_to="2026-11-01",
        filtered=True,
        gap=True,
        errors=(FieldError("to", str(words.form_error("dates_reversed"))),),
    )
    sealed = LogPosition(48_211, 48_212, p.NOW, "/ledger/checkpoint", "9c" * 32)
    read = EntryPage(
        rows[2],
        str(words.decision()),
        14,
        "a1" * 32,
        "/activity/",
        "b2" * 32,
        "Service suggestions",
        "/consents/c/",
        NOTICE,
        "en",
        sealed,
    )
    refused = EntryPage(rows[0], str(words.decision("consent_withdrawn")), 16, "c3" * 32, "/activity/")
    return [
        Example("activity", "portal/activity.html", "activity/", full),
        Example("activity-errors", "portal/activity.html", "activity/", wrong),
        Example("entry", "portal/entry.html", "activity/e/", read),
        Example("entry-refused", "portal/entry.html", "activity/e/", refused),
    ]


def _data() -> list[Example]:
    told = Provenance.REPORTED
    group = FactGroup(
        p.HOUSEHOLD,
        p.REGISTER,
        (
            FactRow(p.SIZE.label, 4, p.REGISTER, Provenance.ATTESTED, p.NOW, "persons"),
            FactRow(p.CHILDREN.label, 1, p.REGISTER, told, p.NOW, "persons"),
            FactRow(p.text("Ikä", "Ålder", "Age"), 34, p.REGISTER, told, p.NOW, "years"),
            FactRow(
                p.text("Siviilisääty", "Civilstånd", "Marital status"),
                "married",
                p.REGISTER,
                Provenance.DECLARED,
                p.NOW,
                value_label=p.text("naimisissa", "gift", "married"),
            ),
        ),
    )
    income = FactGroup(
        p.INCOME,
        p.TAX,
        (
            FactRow(
                p.WAGES.label,
                43_800,
                p.TAX,
                told,
                p.NOW,
                "crowns_per_year",
                valid_from=date(2025, 1, 1),
                valid_to=date(2025, 12, 31),
            ),
            FactRow(p.BUSINESS.label, -1_250, p.TAX, told, p.NOW, "crowns_per_year"),
            FactRow(p.text("Korkotulot", "Ränteinkomster", "Interest"), None, p.TAX, told, p.NOW, "crowns_per_year"),
            FactRow(p.text("Ruoka-apu", "Mathjälp", "Food assistance"), True, p.TAX, Provenance.DERIVED, p.NOW),
        ),
    )
    missing = (FactGroup(p.DISABILITY, p.INSURANCE, (), "/sources/x/connect/"),)
    return [
        Example(
            "my-data",
            "portal/my_data.html",
            "my-data/",
            MyDataPage((group, income), missing, "/sources/", "/my-data/export/", "/activity/e/"),
        ),
        Example(
            "my-data-empty", "portal/my_data.html", "my-data/", MyDataPage((), missing, "/sources/", "/my-data/export/")
        ),
    ]


def _consents() -> list[Example]:
    active = p.consent(ConsentState.ACTIVE, words.AURORA, p.SUGGEST, source=p.TAX)
    given = p.consent(ConsentState.ACTIVE, p.OFFICE, p.BENEFIT)
    past = p.consent(ConsentState.WITHDRAWN, p.OFFICE, p.BENEFIT)
    history = (
        ConsentEventView(str(words.consent_event("given")), p.NOW - timedelta(days=9)),
        ConsentEventView(str(words.consent_event("withdrawn")), p.NOW),
    )
    detail = ConsentPage(active, NOTICE, "en", "d4" * 32, history[:1], p.entries()[2:4], "/consents/", "/activity/")
    ended = ConsentPage(past, NOTICE, "en", "d4" * 32, history, (), "/consents/", "/activity/")
    follows = tuple(str(s) for s in words.WITHDRAW_CONNECTION)
    follows_access = tuple(str(s) for s in words.WITHDRAW_ACCESS)
    others = tuple(
        p.consent(s, words.AURORA, p.OVERVIEW, source=p.REGISTER) for s in (ConsentState.EXPIRED, ConsentState.DECLINED)
    )
    return [
        Example(
            "consents", "portal/consents.html", "consents/", ConsentsPage((active, given), (past, *others), "/sources/")
        ),
        Example("consents-empty", "portal/consents.html", "consents/", ConsentsPage((), (), "/sources/")),
        Example("consent", "portal/consent.html", "consents/c/", detail),
        Example("consent-past", "portal/consent.html", "consents/c/", ended),
        Example(
            "withdraw", "portal/withdraw.html", "consents/c/withdraw/", WithdrawPage(active, follows, "/consents/c/")
        ),
        Example(
            "withdrawn",
            "portal/withdrawn.html",
            "consents/c/withdraw/",
            WithdrawnPage(past, follows_access, "/consents/", "/activity/e/"),
        ),
    ]


def _agency() -> list[Example]:
    service = p.text("Asumistukihakemus", "Ansökan om bostadsstöd", "Housing assistance application")
    categories = (
        RequestedCategory(p.INCOME, Availability.HAVE, p.TAX),
        RequestedCategory(p.HOUSEHOLD, Availability.EMPTY, p.REGISTER, "/sources/x/connect/"),
        RequestedCategory(p.DISABILITY, Availability.NOT_CONNECTED, p.INSURANCE, "/sources/x/connect/"),
    )
    urls = {code: f"/oauth/authorize?language={code}" for code in ("fi", "sv", "en")}
    hidden = (("request_uri", "urn:x"), ("client_id", "c"))
    onward = p.text(
        "Virasto antaa päätöksen tiedoksi kunnalle.",
        "Myndigheten meddelar kommunen beslutet.",
        "The office tells your municipality of its decision.",
    )
    end = date(2027, 2, 24)
    asks = AgencyConsentPage(
        p.OFFICE, service, p.BENEFIT, categories, p.TODAY, end, False, "office.example", {}, "", hidden, urls
    )
    wrong = AgencyConsentPage(
        p.OFFICE,
        service,
        p.BENEFIT,
        categories,
        p.TODAY,
        end,
        True,
        "office.example",
        onward,
        "/oauth/authorize",
        hidden,
        urls,
        (FieldError("categories", str(words.form_error("category_required"))),),
    )
    invalid = InvalidRequestPage(str(words.request_error("request_expired")), "/", "7f3a-22")
    return [
        Example("authorize", "portal/authorize.html", "oauth", asks),
        Example("authorize-errors", "portal/authorize.html", "oauth", wrong),
        Example("authorize-invalid", "portal/authorize_invalid.html", "oauth", invalid),
    ]


def _errors() -> list[Example]:
    special = {
        "429": ErrorPage("/", retry_after=30),
        "session_expired": ErrorPage("/", sign_in_url="/sign-in/"),
        "404": ErrorPage("/", reason=str(words.error("not_found"))),
        "500": None,
    }
    return [
        Example(
            f"error-{name}", f"errors/{name}.html", "nowhere/", special.get(name, ErrorPage("/", reference="7f3a-23"))
        )
        for name in ERRORS
    ]


def _console() -> list[Example]:
    overview = ConsoleOverviewPage(
        agencies=(
            AgencyRow("tax-administration", p.TAX, (AgencyRole.DATA_SOURCE,)),
            AgencyRow("benefits-office", p.OFFICE, (AgencyRole.DATA_USER, AgencyRole.MODEL_OWNER)),
        ),
        sources=(
            SourceRow("population-register", p.REGISTER, Health.GOOD, 18_411, p.NOW),
            SourceRow("tax-administration", p.TAX, Health.DEGRADED, 17_904, p.NOW, str(words.pull_error("timeout"))),
            SourceRow("social-insurance", p.INSURANCE, Health.DOWN, 9_120, None, str(words.pull_error("source_down"))),
            SourceRow("benefits-office", p.OFFICE, Health.IDLE, 0),
        ),
        queue=tuple(
            StateCount(str(words.pull_state(s)), n)
            for s, n in (("queued", 12), ("running", 3), ("done", 36_204), ("failed", 7))
        ),
        oldest_due_at=p.NOW,
        consents=(PurposeCount(p.SUGGEST.name, words.AURORA, 15_202), PurposeCount(p.BENEFIT.name, {}, None)),
        ledger_size=1_204_331,
        pending_entries=4,
        made_at=p.NOW,
        checkpoint_at=p.NOW,
        checkpoint_size=1_204_327,
        checkpoint_url="/ledger/checkpoint",
    )
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    uri = f"otpauth://totp/Aurora:olli?secret={secret}&issuer=Aurora"
    wrong = (FieldError("password", str(words.form_error("credentials_wrong"))),)
    code = (FieldError("code", str(words.form_error("code_wrong"))),)
    return [
        Example(
            "console-sign-in",
            "console/sign_in.html",
            "console/sign-in/",
            ConsoleSignInPage("olli", errors=wrong),
            signed_in=False,
        ),
        Example(
            "console-second-factor",
            "console/second_factor.html",
            "console/second-factor/",
            SecondFactorPage(errors=code),
            name_shown="olli",
        ),
        Example("console-enrol", "console/enrol.html", "console/enrol/", EnrolPage(secret, uri), name_shown="olli"),
        Example("console-overview", "console/overview.html", "console/", overview, name_shown="olli"),
    ]
