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
    # Nobody acts when a consent runs out: Aurora notes it.
    CONSENT_EXPIRED = "aurora:consent:expired"

    SOURCE_CONNECTED = "citizen:source:connected"
    SOURCE_DISCONNECTED = "citizen:source:disconnected"

    PULL_COMPLETED = "aurora:pull:completed"
    PULL_FAILED = "aurora:pull:failed"
    PULL_REFUSED = "aurora:pull:refused"

    AGENCY_READ = "agency:twin:read"
    AGENCY_READ_REFUSED = "agency:twin:refused"

    SUGGESTION_MADE = "aurora:twin:suggested"
    SUGGESTION_REFUSED = "aurora:twin:refused"

    OWN_DATA_VIEWED = "citizen:twin:viewed"
    OWN_DATA_EXPORTED = "citizen:twin:exported"
    OWN_DATA_REFUSED = "citizen:twin:refused"

    @property
    def actor(self) -> str:
        """Which kind of party acted: `citizen`, `agency` or `aurora`."""
        return self.value.split(":")[0]

    @property
    def subject(self) -> str:
        """What it was done to: `consent`, `source`, `pull` or `twin`."""
        return self.value.split(":")[1]

    @property
    def action(self) -> str:
        return self.value.split(":")[2]

    @property
    def is_refusal(self) -> bool:
        """True if the entry says that something was asked for and not allowed."""
        return self.action == "refused"
