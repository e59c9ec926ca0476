"""The landing page, home, sources, connecting and suggestions."""

from datetime import date, timedelta
from typing import Any

from aurora.ui import letters, words
from aurora.ui.contexts import (
    Banner,
    CategoryChoice,
    ConnectPage,
    EndChoice,
    FieldError,
    HomePage,
    LandingPage,
    Need,
    NeedKind,
    NewsItem,
    NoticeKind,
    PullPage,
    PullStep,
    PullStepState,
    PurposeChoice,
    SignInErrorPage,
    SourcesPage,
    SourceState,
    SourceView,
    SuggestionsPage,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.renewals import renewal


def entrance() -> list[Example]:
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


def home() -> list[Example]:
    urls = ("/sources/", "/suggestions/", "/activity/", "/my-data/", "/consents/")
    needs = (
        Need(NeedKind.PULL_RUNNING, "/pulls/x/", p.TAX),
        Need(NeedKind.RECONNECT, "/sources/x/connect/", p.INSURANCE),
        Need(NeedKind.PULL_FAILED, "/pulls/x/", p.REGISTER),
        Need(NeedKind.RECONSENT, "/consents/c/", p.OFFICE),
        Need(NeedKind.CONSENT_EXPIRING, "/consents/c/", p.OFFICE, date(2026, 12, 6)),
    )
    news = (NewsItem(letters.title("reminder_ending"), p.NOW, "/messages/m/"),)
    full = HomePage(2, 3, 27, 4, needs[:2], (), p.entries()[:3], *urls, top_suggestion=p.suggestions()[0])
    busy = HomePage(3, 3, 41, 1204, needs, news, p.entries()[:1], *urls, messages_url="/messages/")
    empty = HomePage(0, 3, 0, 0, (Need(NeedKind.NOTHING_CONNECTED, "/sources/"),), (), (), *urls)
    return [
        Example("home", "portal/home.html", "home/", full),
        Example("home-busy", "portal/home.html", "home/", busy),
        Example("home-empty", "portal/home.html", "home/", empty, name_shown=""),
    ]


def sources() -> list[Example]:
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
                renewal=renewal("category"),
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
            SourceView("social-insurance-2", p.INSURANCE, {}, (p.DISABILITY, p.INCOME), SourceState.NOT_CONNECTED, connect),
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
        "latest_end": date(2027, 11, 24),
        "back_url": "/sources/",
        "terms": p.connect_terms(),
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
        PullStep(p.INCOME.name, PullStepState.FAILED, 0, str(words.pull_error("source_down")), p.NOW + timedelta(minutes=2)),
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


def suggestions() -> list[Example]:
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
