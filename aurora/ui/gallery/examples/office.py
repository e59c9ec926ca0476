"""Error pages and the console."""

from aurora.ui import words
from aurora.ui.contexts import (
    AgencyRole,
    AgencyRow,
    ConsoleOverviewPage,
    ConsoleSignInPage,
    EnrolPage,
    ErrorPage,
    FieldError,
    Health,
    PurposeCount,
    SecondFactorPage,
    SourceRow,
    StateCount,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

ERRORS = ("400", "403", "404", "405", "413", "429", "500", "503", "csrf", "session_expired")


def errors() -> list[Example]:
    special = {
        "429": ErrorPage("/", retry_after=30),
        "session_expired": ErrorPage("/", sign_in_url="/sign-in/"),
        "500": None,
    }
    return [
        Example(f"error-{name}", f"errors/{name}.html", "nowhere/", special.get(name, ErrorPage("/", reference="7f3a-23")))
        for name in ERRORS
    ]


def console() -> list[Example]:
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
        queue=tuple(StateCount(str(words.pull_state(s)), n) for s, n in (("queued", 12), ("running", 3), ("done", 36_204), ("failed", 7))),
        oldest_due_at=p.NOW,
        consents=(PurposeCount(p.SUGGEST.name, words.AURORA, 15_202), PurposeCount(p.BENEFIT.name, {}, None)),
        ledger_size=1_204_331,
        pending_entries=4,
        made_at=p.NOW,
        checkpoint_at=p.NOW,
        checkpoint_size=1_204_327,
        checkpoint_url="/ledger/checkpoint",
        model_alarms=2,
        ledger_url="/ledger/",
        ledger_alarm=True,
        monitoring_url="/monitoring/",
    )
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
    ]
