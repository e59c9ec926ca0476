"""The landing page, home, sources, connecting and suggestions."""

from datetime import date, timedelta
from typing import Any

from aurora.ui import connect_words, letters, words
from aurora.ui.contexts import (
    Banner,
    CategoryChoice,
    CauseView,
    ConnectPage,
    EndChoice,
    FieldError,
    HomePage,
    LandingPage,
    Need,
    NeedKind,
    NewsItem,
    NoticeKind,
    OfferView,
    PullPage,
    PullStep,
    PullStepState,
    PurposeChoice,
    RecomputedPage,
    Settled,
    SettledView,
    SignInErrorPage,
    SourcesPage,
    SourceState,
    SourceView,
    SuggestionsPage,
    UnknownView,
    WhyPage,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.renewals import renewal


def entrance() -> list[Example]:
    left = Banner(NoticeKind.SUCCESS, str(words.banner("signed_out")))
    failed = SignInErrorPage(str(words.sign_in_error("eid_unavailable")), "/sign-in/", "7f3a-21")
    return [
        Example("landing", "portal/landing.html", "", LandingPage("/sign-in/", "/en/public-log/"), signed_in=False),
        Example(
            "landing-left",
            "portal/landing.html",
            "",
            LandingPage("/sign-in/", "/en/public-log/", left),
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
    full = HomePage(
        2,
        3,
        27,
        4,
        needs[:2],
        (),
        p.entries()[:3],
        *urls,
        top_suggestion=p.suggestions()[0],
        offer=OfferView(p.INSURANCE, "/sources/x/connect/", (p.suggestions()[1].name,)),
    )
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
                fetch_url="/sources/population-register/fetch/",
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
                "benefits-office",
                p.OFFICE,
                {},
                (p.INCOME,),
                SourceState.CONNECTED,
                connect,
                since=ago,
                consent_url="/consents/c/",
                pushes=True,
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
        **{**asked, "terms": p.connect_terms(p.INCOME, p.DISABILITY)},
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
        **{**asked, "terms": p.connect_terms(p.INCOME, p.DISABILITY)},
    )
    unmatched = ConnectPage(
        purposes=(PurposeChoice(p.OVERVIEW, True), PurposeChoice(p.SUGGEST, needs=(p.HOUSEHOLD.name,))),
        categories=(CategoryChoice(p.INCOME, True), CategoryChoice(p.HOUSEHOLD, True, only_for=(p.SUGGEST.name,))),
        ends=ends,
        errors=(FieldError("categories", connect_words.data_without_purpose(p.HOUSEHOLD.name, [p.SUGGEST.name])),),
        **asked,
    )
    deductions = p.text("Verovähennykset", "Skatteavdrag", "Tax deductions")
    steps = (
        PullStep(p.HOUSEHOLD.name, PullStepState.DONE, 8),
        PullStep(p.INCOME.name, PullStepState.FETCHING),
        PullStep(p.DISABILITY.name, PullStepState.WAITING),
        PullStep(deductions, PullStepState.FAILED, 0, str(words.pull_error("source_down")), p.NOW + timedelta(minutes=2)),
    )
    running = PullPage(p.TAX, p.NOW, False, steps, "/sources/", "/my-data/", "/suggestions/", fragment_url="/pulls/x/progress/")
    broken = (steps[0], PullStep(p.INCOME.name, PullStepState.FAILED, 0, str(words.pull_error("revoked"))))
    ended = PullPage(p.TAX, p.NOW, True, broken, "/sources/", "/my-data/", "/suggestions/", "/sources/x/connect/")
    same = (PullStep(p.HOUSEHOLD.name, PullStepState.SAME, 8), steps[3])
    again = PullPage(p.TAX, p.NOW, True, same, "/sources/", "/my-data/", "/suggestions/", fetch_url="/sources/x/fetch/")
    return [
        Example("sources", "portal/sources.html", "sources/", sources),
        Example("connect", "portal/connect.html", "sources/tax-administration/connect/", connecting),
        Example("connect-errors", "portal/connect.html", "sources/tax-administration/connect/", wrong),
        Example("connect-unmatched", "portal/connect.html", "sources/tax-administration/connect/", unmatched),
        Example("pull", "portal/pull.html", "pulls/x/", running),
        Example("pull-ended", "portal/pull.html", "pulls/x/", ended),
        Example("pull-again", "portal/pull.html", "pulls/x/", again),
    ]


def suggestions() -> list[Example]:
    shown = p.suggestions()
    some = SuggestionsPage(
        True,
        shown,
        (p.INCOME.name, p.HOUSEHOLD.name),
        "/sources/",
        p.NOW,
        "/activity/e/",
        "programmes-2026-11",
        rest=shown[1:],
        more_url="/suggestions/?upto=service",
        offers=(
            OfferView(p.INSURANCE, "/sources/social-insurance/connect/", tuple(one.name for one in shown[:2])),
            OfferView(words.YOU, "/life/", (shown[2].name,), declared=True),
        ),
        settled=(
            SettledView(shown[0].name, Settled.LIKELY, "/suggestions/why/a/"),
            SettledView(shown[1].name, Settled.NOT, "/suggestions/why/b/"),
        ),
        run_id="00000000-0000-0000-0000-000000000000",
        recompute_url="/suggestions/recompute/",
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
        *_why(),
        *(
            Example(
                name,
                "portal/recomputed.html",
                "suggestions/recompute/",
                RecomputedPage(same, p.NOW, parts, "/suggestions/", "/activity/e/", reworded),
            )
            for name, same, parts, reworded in (
                ("recomputed", True, 0, False),
                ("recomputed-reworded", True, 0, True),
                ("recomputed-differs", False, 3, False),
            )
        ),
    ]


def _why() -> list[Example]:
    first, second, _ = p.suggestions()
    links = ("/services/x/", "/suggestions/", "/sources/")
    wages, children = UnknownView(p.WAGES.label, p.TAX), UnknownView(p.CHILDREN.label, p.REGISTER)
    listed = WhyPage(
        first.name, *links, position=1, rank=1, of=24, reasons=first.reasons, otherwise=first.otherwise, made_at=p.NOW, entry_url="/activity/e/"
    )  # fmt: skip
    aid = UnknownView(p.text("Kuljetuspalvelu", "Färdtjänst", "Transport service"), p.INSURANCE)
    home = UnknownView(p.text("Kotikunta", "Hemkommun", "Home municipality"), p.REGISTER)
    kinds = (("received", (aid,)), ("elsewhere", (home,)), ("not_valid", ()), ("hidden", ()), ("little", ()))
    shut_out = WhyPage(
        second.name, *links, causes=(CauseView("not_eligible", (wages, children)), *(CauseView(kind, facts) for kind, facts in kinds)), made_at=p.NOW,
        entry_url="/activity/e/",
    )  # fmt: skip
    below = WhyPage(
        second.name, *links, rank=14, of=24, causes=(CauseView("below"),), against=first.reasons[:1],
        unknowns=(*second.unknowns, UnknownView(p.SIGHT.label, p.INSURANCE)), made_at=p.NOW, entry_url="/activity/e/",
    )  # fmt: skip
    pages = {"why": listed, "why-not": shut_out, "why-below": below, "why-not-allowed": WhyPage(second.name, *links, allowed=False)}
    return [Example(name, "portal/suggestion_why.html", "suggestions/why/x/", page) for name, page in pages.items()]
