"""The names of what the access log records. The list is frozen by a golden test: a name, once written, is never
changed or reused.

Grammar: `actor:subject:action`, each lower-case letters and underscores. `actor` is who did it (one of ACTORS),
`subject` what it was done to, `action` a past participle. That something was refused is an event of its own; why
stands in the entry's `decision`.
"""

from __future__ import annotations

import re
from enum import StrEnum

ACTORS = ("citizen", "agency", "aurora")
GRAMMAR = re.compile(rf"(?:{'|'.join(ACTORS)}):[a-z]+(?:_[a-z]+)*:[a-z]+(?:_[a-z]+)*")


class Event(StrEnum):
    """What happened to one citizen's consents or data."""

    CONSENT_GIVEN = "citizen:consent:given"
    CONSENT_DECLINED = "citizen:consent:declined"
    CONSENT_WITHDRAWN = "citizen:consent:withdrawn"
    # Some categories of it; the rest stands.
    CONSENT_NARROWED = "citizen:consent:narrowed"
    # The recipient no longer needs it; the source no longer gives (told by Aurora, who noticed); an operator had to.
    CONSENT_RETURNED = "agency:consent:returned"
    CONSENT_ENDED = "aurora:consent:ended"
    # Nobody acts when a consent runs out: Aurora notes it.
    CONSENT_EXPIRED = "aurora:consent:expired"

    # What an agency was told of an end, and what it said it did.
    NOTICE_DELIVERED = "aurora:notice:delivered"
    NOTICE_FAILED = "aurora:notice:failed"
    DELETION_CONFIRMED = "agency:deletion:confirmed"

    MANDATE_OFFERED = "citizen:mandate:offered"
    MANDATE_ACCEPTED = "citizen:mandate:accepted"
    MANDATE_DECLINED = "citizen:mandate:declined"
    MANDATE_REVOKED = "citizen:mandate:revoked"
    MANDATE_CONFIRMED = "citizen:mandate:confirmed"
    # From a register, not by a person: a guardian's, an estate's.
    MANDATE_REGISTERED = "aurora:mandate:registered"
    MANDATE_FROZEN = "aurora:mandate:frozen"
    MANDATE_ENDED = "aurora:mandate:ended"
    MANDATE_USED = "citizen:mandate:used"

    SOURCE_CONNECTED = "citizen:source:connected"
    SOURCE_DISCONNECTED = "citizen:source:disconnected"

    PULL_COMPLETED = "aurora:pull:completed"
    PULL_FAILED = "aurora:pull:failed"
    PULL_REFUSED = "aurora:pull:refused"
    # A source may tell by itself, and may no more: in all, or of what the entry names.
    PUSH_ALLOWED = "citizen:facts:allowed"
    PUSH_ENDED = "aurora:facts:ended"
    # It did, without being asked; and what it had no consent for.
    FACTS_PUSHED = "agency:facts:pushed"
    PUSH_REFUSED = "agency:facts:refused"

    AGENCY_READ = "agency:twin:read"
    AGENCY_READ_REFUSED = "agency:twin:refused"

    SUGGESTION_MADE = "aurora:twin:suggested"
    SUGGESTION_REFUSED = "aurora:twin:refused"
    # Suggestions that were shown were made again from what was kept of them, to see that they come out the same: by an operator, by the citizen.
    SUGGESTION_REPLAYED = "aurora:twin:replayed"
    OWN_SUGGESTION_REPLAYED = "citizen:twin:replayed"

    # Another organisation's locked model on the citizen's data, at their wish.
    EVALUATION_MADE = "aurora:evaluation:made"
    EVALUATION_REFUSED = "aurora:evaluation:refused"
    # Made again, to see that the same comes out: nothing is told but whether it does.
    EVALUATION_REPLAYED = "aurora:evaluation:replayed"
    # What came of it, kept among the citizen's facts by their wish, and deleted: by them, or since its model was taken out of use for cause.
    ESTIMATE_KEPT = "citizen:estimate:kept"
    ESTIMATE_DELETED = "citizen:estimate:deleted"
    ESTIMATE_RECALLED = "aurora:estimate:deleted"
    # What a model says, put beside what followed: for its quality, told in totals only.
    OUTCOME_PAIRED = "aurora:outcome:paired"
    OUTCOME_REFUSED = "aurora:outcome:refused"

    # What somebody who acts for the citizen says of a suggestion; what the citizen notes themself is no access, and in no log.
    FEEDBACK_GIVEN = "citizen:feedback:given"
    FEEDBACK_UNDONE = "citizen:feedback:undone"

    # A copy for training our own model, on a consent to just that.
    TRAINING_COLLECTED = "aurora:training:collected"
    TRAINING_REFUSED = "aurora:training:refused"

    # Without a consent: by an operator whom another one let, for a reason and a case. Reviewed afterwards by a third.
    GLASS_REQUESTED = "aurora:break_glass:requested"
    GLASS_APPROVED = "aurora:break_glass:approved"
    GLASS_DECLINED = "aurora:break_glass:declined"
    GLASS_READ = "aurora:break_glass:read"
    GLASS_REFUSED = "aurora:break_glass:refused"
    GLASS_REVIEWED = "aurora:break_glass:reviewed"

    # What an agency tells of its own uses; and what it told earlier, which a law let Aurora keep back until now.
    USE_REPORTED = "agency:use:reported"
    USE_DISCLOSED = "agency:use:disclosed"

    # A citizen's case about one entry, and its answers. The texts are not in the log.
    CONCERN_RAISED = "citizen:concern:raised"
    CONCERN_REPLIED = "citizen:concern:replied"
    CONCERN_ANSWERED = "agency:concern:answered"
    CONCERN_ANSWERED_BY_AURORA = "aurora:concern:answered"
    CONCERN_CLOSED = "citizen:concern:closed"

    # Which of two statements is right, as the citizen sees it; and that they leave it to the rule again.
    FACT_CHOSEN = "citizen:fact:chosen"
    FACT_RELEASED = "citizen:fact:released"
    # A request to a source to correct a fact, and what became of it. The texts are not in the log.
    CORRECTION_ASKED = "citizen:correction:asked"
    CORRECTION_CLOSED = "citizen:correction:closed"
    CORRECTION_READ = "agency:correction:read"
    CORRECTION_ANSWERED = "agency:correction:answered"
    # Whoever had read what was wrong is told that it was corrected.
    CORRECTION_TOLD = "aurora:correction:told"

    OWN_DATA_VIEWED = "citizen:twin:viewed"
    OWN_DATA_EXPORTED = "citizen:twin:exported"
    # The copy that was made of it left the house: once for each time.
    EXPORT_DOWNLOADED = "citizen:twin:downloaded"
    OWN_DATA_REFUSED = "citizen:twin:refused"
    # What they had kept after a withdrawal.
    OWN_DATA_ERASED = "citizen:twin:erased"
    # What they said of themselves, and that they say it no more.
    FACTS_DECLARED = "citizen:twin:declared"
    FACTS_RETRACTED = "citizen:twin:retracted"

    # All of the log but its commitments is to go, once thirty days are over and nobody has called it off.
    ERASURE_ASKED = "citizen:erasure:asked"
    ERASURE_CANCELLED = "citizen:erasure:cancelled"
    # What a source gave, or of one kind, was erased by their wish, with what was made of it.
    DATA_ERASED = "citizen:erasure:done"

    @property
    def actor(self) -> str:
        """Which kind of party acted: `citizen`, `agency` or `aurora`."""
        return self.value.split(":")[0]

    @property
    def subject(self) -> str:
        """What it was done to: `consent`, `source`, `pull`, `facts`, `twin`, `evaluation`, `estimate`, `outcome`, `feedback`, `training`, `notice`, `deletion`, `break_glass`, `use`, `concern`, `fact`, `correction`, `erasure` or `mandate`."""
        return self.value.split(":")[1]

    @property
    def action(self) -> str:
        return self.value.split(":")[2]

    @property
    def is_refusal(self) -> bool:
        """True if the entry says that something was asked for and not allowed."""
        return self.action == "refused"
