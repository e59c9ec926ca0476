"""Acting and revoking at the same instant: no decision of an attorney commits after the mandate's end."""

from __future__ import annotations

from django.utils import timezone

from aurora.journeys import act_for, delegate
from consent import acting as acting_now
from consent import mandate_changes, mandates
from consent.rules.mandates import Deed
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread, until_waiting
from tests.portal.test_acting import ASKED
from tests.support.cast import Cast
from tests.support.mandated import acting, attorney, mandate, post, principal, row


def test_a_decision_that_meets_a_revocation_under_way_waits_and_is_refused(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    face = acting(valto, made)
    page = face.get("/oauth/authorize", {"client_id": cast.office.client_id, "request_uri": cast.office.push()}).context["page"]
    form = {**dict(page.hidden), "decision": "allow", "categories": list(ASKED)}
    with citizen_scope(aamu.id):
        mandate_changes.revoke(mandate_id=made, who=aamu.id, now=timezone.now())
        deciding, outcome = in_thread(lambda: post(face, "/oauth/authorize", **form))
        until_waiting(1)
    deciding.join(120)
    assert outcome[0].status_code == 403 and b"was ended" in outcome[0].content
    assert not aamu.consents(recipient__code=cast.office.client_id)
    assert not [e for e in aamu.entries() if e.event == "citizen:consent:given" and e.purpose == "benefit-application"]


def test_a_revocation_waits_for_the_decision_that_was_first(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    doing = act_for.acting_for(actor=valto.id, mandate_id=made, now=timezone.now())
    with acting_now.use(doing), citizen_scope(aamu.id):
        mandates.confirm(citizen_id=aamu.id, now=timezone.now(), deed=Deed.GIVE, categories={"tax.income"}, purpose="benefit-application")
        revoking, outcome = in_thread(lambda: delegate.revoke(citizen_id=aamu.id, mandate_id=made, now=timezone.now()))
        until_waiting(1)
        assert row(aamu, made).state == "standing"
    revoking.join(120)
    assert outcome == [None] and row(aamu, made).state == "revoked"


def test_two_who_act_at_once_do_not_wait_for_each_other(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    doing = act_for.acting_for(actor=valto.id, mandate_id=made, now=timezone.now())

    def confirm() -> str:
        with acting_now.use(doing), citizen_scope(aamu.id):
            mandates.confirm(citizen_id=aamu.id, now=timezone.now(), deed=Deed.SEE)
        return "done"

    with acting_now.use(doing), citizen_scope(aamu.id):
        mandates.confirm(citizen_id=aamu.id, now=timezone.now(), deed=Deed.SEE)
        other, outcome = in_thread(confirm)
        other.join(120)
        assert outcome == ["done"]
