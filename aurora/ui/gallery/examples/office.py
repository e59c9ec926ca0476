"""Error pages and the console."""

from dataclasses import replace

from aurora.ui import need_words, operator_words, words
from aurora.ui.contexts import (
    ConsoleOverviewPage,
    ConsoleSignInPage,
    EnrolPage,
    ErrorPage,
    FieldError,
    Health,
    SecondFactorPage,
    SourceRow,
    StateCount,
)
from aurora.ui.contexts.console import Need, ProcessRow
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

ERRORS = ("400", "403", "404", "405", "413", "429", "500", "503", "csrf", "session_expired")


def errors() -> list[Example]:
    special = {
        "429": ErrorPage("/", retry_after=30, again=True),
        "503": ErrorPage("/", again=True),
        "session_expired": ErrorPage("/", sign_in_url="/sign-in/?next=/life/"),
        "csrf": ErrorPage("/", back_url="/life/"),
        "500": None,
    }
    for_whom = operator_words.roles(("agency_officer", "auditor"))
    return [
        *(
            Example(f"error-{name}", f"errors/{name}.html", "nowhere/", special.get(name, ErrorPage("/", reference="7f3a-23")))
            for name in ERRORS
        ),
        Example(
            "error-console-403",
            "errors/403.html",
            "console/agencies/",
            ErrorPage("/console/", framed=True, console=True, for_whom=for_whom),
            name_shown="Otso",
        ),
        Example("error-console-429", "errors/429.html", "console/", ErrorPage("/console/", retry_after=30, again=True, console=True)),
    ]


def console() -> list[Example]:
    overview = ConsoleOverviewPage(
        needs=tuple(
            Need(need_words.need(code, number), f"/{code}/")
            for code, number in (("ledger", 1), ("withdrawals", 2), ("concerns", 1), ("sources", 1), ("monitoring", 2), ("agencies", 3))
        ),
        processes=tuple(
            ProcessRow(str(need_words.process(kind)), "vm-1" if at else "", at is not None, at)
            for kind, at in (("worker", p.NOW), ("beat", p.NOW), ("sequencer", None))
        ),
        sources=(
            SourceRow("population-register", p.REGISTER, Health.GOOD, 10_240, p.NOW),
            SourceRow("tax-administration", p.TAX, Health.DEGRADED, 7_900, p.NOW, str(words.pull_error("timeout"))),
            SourceRow("social-insurance", p.INSURANCE, Health.DOWN, 9_120, None, str(words.pull_error("source_down"))),
            SourceRow("benefits-office", p.OFFICE, Health.IDLE, None),
        ),
        queue=tuple(StateCount(str(words.pull_state(s)), n) for s, n in (("queued", 12), ("running", 3), ("done", 36_204), ("failed", 7))),
        oldest_due_at=p.NOW,
        ledger_size=1_204_331,
        pending_entries=4,
        made_at=p.NOW,
        checkpoint_at=p.NOW,
        checkpoint_url="/ledger/checkpoint",
        sources_url="/sources/",
        counted_on=p.NOW.date(),
    )
    quiet = replace(overview, needs=(), processes=overview.processes[:2])
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - an example of nobody
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
        Example("console-overview-quiet", "console/overview.html", "console/", quiet, name_shown="olli"),
    ]
