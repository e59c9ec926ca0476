"""Operators, what is asked for of them, how one comes in, and the trail."""

from datetime import timedelta

from aurora.ui import operator_words as words
from aurora.ui import session_words
from aurora.ui.contexts.operators import (
    AccountPage,
    Change,
    InvitePage,
    JoinPage,
    OperatorPage,
    OperatorRequestPage,
    OperatorRequestRow,
    OperatorRow,
    OperatorsPage,
    RoleChoice,
    TrailChoice,
    TrailPage,
    TrailRow,
)
from aurora.ui.contexts.sessions import SessionRow
from aurora.ui.contexts.shared import FieldError
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

AT = "console/operators/"


def _choices(*codes: str) -> tuple[RoleChoice, ...]:
    return tuple(RoleChoice(code, words.role(code), str(words.DUTIES[code]), code == "auditor") for code in codes)


def _trail() -> tuple[TrailRow, ...]:
    told = (
        ("Astrid", "deed", "client:register_approved", ("benefits-office", "0192f0c1-7a1b-7c3d-8e4f-000000000001"), "done"),
        ("Petra", "deed", "break_glass:read", ("0192f0c1-7a1b-7c3d-8e4f-000000000002", "population.household"), "done"),
        ("Milla", "opened", "agencies", (), "forbidden"),
        ("Ingrid", "sign_in", "factor:given", (), "wrong"),
    )
    return tuple(
        TrailRow(p.NOW - timedelta(minutes=n), who, words.kind(kind), code, about, words.outcome(end)[1], words.outcome(end)[0], 1204 - n)
        for n, (who, kind, code, about, end) in enumerate(told)
    )


def _account(*, fresh: bool) -> AccountPage:
    """Petra's, as it is when she comes, and after she entered a code and a wrong password."""
    here = SessionRow(session_words.browser("firefox", "windows"), "a", True, p.NOW - timedelta(hours=2), p.NOW)
    home = SessionRow(session_words.browser("safari", "mac"), "b", False, p.NOW - timedelta(hours=7), p.NOW - timedelta(minutes=40))
    return AccountPage(
        "Petra", "petra", words.roles(["privacy_officer"]), fresh, (here, home), TrailPage(_trail()[1:2]), "#main", p.NOW - timedelta(days=1), 2,
        (Change(str(words.CHANGES["password:changed"]), p.NOW - timedelta(hours=3)),),
        errors=(FieldError("current", words.fault("password_wrong")),) if fresh else (),
    )  # fmt: skip


def pages() -> list[Example]:
    helmi = OperatorRow("Helmi", "helmi", words.roles(["administrator"]), True, True, "#main", p.NOW)
    petra = OperatorRow("Petra", "petra", words.roles(["privacy_officer"]), True, False, "#main")
    sven = OperatorRow("Sven", "sven", words.roles(["model_steward", "catalogue_editor"]), False, True, "#main", p.NOW)
    waits = OperatorRequestRow(words.asked("give", ["auditor"]), "Sven", words.state("open"), "au-tag--attention", "Ragnar", p.NOW, "#main")
    done = OperatorRequestRow(words.asked("invite", []), "Petra", words.state("approved"), "au-tag--good", "Helmi", p.NOW, "#main")
    wrong = (FieldError("roles", words.fault("operator_role_alone")),)
    choices = tuple(TrailChoice(kind, words.kind(kind), kind == "deed") for kind in words.KINDS)
    one = OperatorPage(
        sven, _choices("model_steward"), _choices("operations", "privacy_officer"), (waits,), "#main", may_write=True, fresh=True, own=False
    )
    half = OperatorRequestPage(
        done, "petra", words.roles(["privacy_officer"]), "Joins on 1 December", "#main", fresh=True, is_mine=True, decided_by="Ragnar", decided_at=p.NOW,
        half="7KQM-XW3A-PD9H-2VRT", other_waits=True, until=p.NOW + timedelta(hours=72),
    )  # fmt: skip
    decide = OperatorRequestPage(
        waits, "", words.roles(["auditor"]), "Covers for Aune", "#main", fresh=True, may_approve=True, may_decline=True
    )
    return [
        Example("console-operators", "console/operators.html", AT, OperatorsPage((helmi, petra, sven), (waits,), (done,), "#main", True), name_shown="helmi"),
        Example(
            "console-operators-invite", "console/operator_invite.html", f"{AT}new/",
            InvitePage(_choices(*words.ROLES), "#main", True, "petra", "Petra", errors=wrong), name_shown="helmi",
        ),
        Example("console-operators-stale", "console/operator_invite.html", f"{AT}new/", InvitePage((), "#main", False), name_shown="helmi"),
        Example("console-operators-one", "console/operator.html", f"{AT}one/", one, name_shown="helmi"),
        Example("console-operators-half", "console/operator_request.html", f"{AT}request/", half, name_shown="helmi"),
        Example("console-operators-decide", "console/operator_request.html", f"{AT}request/", decide, name_shown="helmi"),
        Example("console-operators-join", "console/join.html", "console/join/", JoinPage("petra", (FieldError("username", words.fault("not_invited")),)), signed_in=False),
        Example(
            "console-operators-trail", "console/audit.html", "console/audit/",
            TrailPage(_trail(), "#main", (TrailChoice("x", "Astrid", False),), choices, "", "2026-11-24", True, "#main", "#main"), name_shown="aune",
        ),
        Example("console-account", "console/account.html", "console/account/", _account(fresh=False), name_shown="petra"),
        Example("console-account-fresh", "console/account.html", "console/account/", _account(fresh=True), name_shown="petra"),
        Example("console-operators-own", "console/own_trail.html", "console/audit/mine/", TrailPage(_trail()[:1]), name_shown="astrid"),
    ]  # fmt: skip
