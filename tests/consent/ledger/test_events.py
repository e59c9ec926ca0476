"""The names that stand in every citizen's log for good."""

from __future__ import annotations

import pytest

from consent.ledger.events import GRAMMAR, Event

GOLDEN = {
    "CONSENT_GIVEN": "citizen:consent:given",
    "CONSENT_DECLINED": "citizen:consent:declined",
    "CONSENT_WITHDRAWN": "citizen:consent:withdrawn",
    "CONSENT_NARROWED": "citizen:consent:narrowed",
    "CONSENT_RETURNED": "agency:consent:returned",
    "CONSENT_ENDED": "aurora:consent:ended",
    "CONSENT_EXPIRED": "aurora:consent:expired",
    "NOTICE_DELIVERED": "aurora:notice:delivered",
    "NOTICE_FAILED": "aurora:notice:failed",
    "DELETION_CONFIRMED": "agency:deletion:confirmed",
    "MANDATE_OFFERED": "citizen:mandate:offered",
    "MANDATE_ACCEPTED": "citizen:mandate:accepted",
    "MANDATE_DECLINED": "citizen:mandate:declined",
    "MANDATE_REVOKED": "citizen:mandate:revoked",
    "MANDATE_CONFIRMED": "citizen:mandate:confirmed",
    "MANDATE_REGISTERED": "aurora:mandate:registered",
    "MANDATE_FROZEN": "aurora:mandate:frozen",
    "MANDATE_ENDED": "aurora:mandate:ended",
    "MANDATE_USED": "citizen:mandate:used",
    "SOURCE_CONNECTED": "citizen:source:connected",
    "SOURCE_DISCONNECTED": "citizen:source:disconnected",
    "PULL_COMPLETED": "aurora:pull:completed",
    "PULL_FAILED": "aurora:pull:failed",
    "PULL_REFUSED": "aurora:pull:refused",
    "PUSH_ALLOWED": "citizen:facts:allowed",
    "PUSH_ENDED": "aurora:facts:ended",
    "FACTS_PUSHED": "agency:facts:pushed",
    "PUSH_REFUSED": "agency:facts:refused",
    "AGENCY_READ": "agency:twin:read",
    "AGENCY_READ_REFUSED": "agency:twin:refused",
    "SUGGESTION_MADE": "aurora:twin:suggested",
    "SUGGESTION_REFUSED": "aurora:twin:refused",
    "SUGGESTION_REPLAYED": "aurora:twin:replayed",
    "OWN_SUGGESTION_REPLAYED": "citizen:twin:replayed",
    "EVALUATION_MADE": "aurora:evaluation:made",
    "EVALUATION_REFUSED": "aurora:evaluation:refused",
    "EVALUATION_REPLAYED": "aurora:evaluation:replayed",
    "ESTIMATE_KEPT": "citizen:estimate:kept",
    "ESTIMATE_DELETED": "citizen:estimate:deleted",
    "ESTIMATE_RECALLED": "aurora:estimate:deleted",
    "OUTCOME_PAIRED": "aurora:outcome:paired",
    "OUTCOME_REFUSED": "aurora:outcome:refused",
    "TRAINING_COLLECTED": "aurora:training:collected",
    "TRAINING_REFUSED": "aurora:training:refused",
    "FEEDBACK_GIVEN": "citizen:feedback:given",
    "FEEDBACK_UNDONE": "citizen:feedback:undone",
    "GLASS_REQUESTED": "aurora:break_glass:requested",
    "GLASS_APPROVED": "aurora:break_glass:approved",
    "GLASS_DECLINED": "aurora:break_glass:declined",
    "GLASS_READ": "aurora:break_glass:read",
    "GLASS_REFUSED": "aurora:break_glass:refused",
    "GLASS_REVIEWED": "aurora:break_glass:reviewed",
    "USE_REPORTED": "agency:use:reported",
    "USE_DISCLOSED": "agency:use:disclosed",
    "CONCERN_RAISED": "citizen:concern:raised",
    "CONCERN_REPLIED": "citizen:concern:replied",
    "CONCERN_ANSWERED": "agency:concern:answered",
    "CONCERN_ANSWERED_BY_AURORA": "aurora:concern:answered",
    "CONCERN_CLOSED": "citizen:concern:closed",
    "FACT_CHOSEN": "citizen:fact:chosen",
    "FACT_RELEASED": "citizen:fact:released",
    "CORRECTION_ASKED": "citizen:correction:asked",
    "CORRECTION_CLOSED": "citizen:correction:closed",
    "CORRECTION_READ": "agency:correction:read",
    "CORRECTION_ANSWERED": "agency:correction:answered",
    "CORRECTION_TOLD": "aurora:correction:told",
    "OWN_DATA_VIEWED": "citizen:twin:viewed",
    "OWN_DATA_EXPORTED": "citizen:twin:exported",
    "EXPORT_DOWNLOADED": "citizen:twin:downloaded",
    "OWN_DATA_REFUSED": "citizen:twin:refused",
    "OWN_DATA_ERASED": "citizen:twin:erased",
    "FACTS_DECLARED": "citizen:twin:declared",
    "FACTS_RETRACTED": "citizen:twin:retracted",
    "ERASURE_ASKED": "citizen:erasure:asked",
    "ERASURE_CANCELLED": "citizen:erasure:cancelled",
    "DATA_ERASED": "citizen:erasure:done",
}


def test_names_are_frozen() -> None:
    """Adding a name means adding it here; changing one breaks every entry that bears it."""
    assert {event.name: event.value for event in Event} == GOLDEN


@pytest.mark.parametrize("event", Event)
def test_every_name_follows_the_grammar(event: Event) -> None:
    assert GRAMMAR.fullmatch(event.value)
    assert f"{event.actor}:{event.subject}:{event.action}" == event.value


def test_refusals_are_told_by_their_name() -> None:
    assert {event.name for event in Event if event.is_refusal} == {
        "PULL_REFUSED",
        "PUSH_REFUSED",
        "AGENCY_READ_REFUSED",
        "SUGGESTION_REFUSED",
        "EVALUATION_REFUSED",
        "OUTCOME_REFUSED",
        "TRAINING_REFUSED",
        "OWN_DATA_REFUSED",
        "GLASS_REFUSED",
    }
