"""What waits for operators, as counts: one statement over tables that hold nobody's data. Who may see which count, the page decides."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

_OPEN = {
    "agencies": "(SELECT count(*) FROM consent_agencydraft WHERE state = 'open') + (SELECT count(*) FROM consent_oauth_clientdraft WHERE state = 'open')",
    "delays": "(SELECT count(*) FROM ledger_delaypermission WHERE state = 'asked')",
    "models": "(SELECT count(*) FROM recommender_evaluatorowner WHERE state = 'asked')"
    " + (SELECT count(*) FROM recommender_evaluatorversion WHERE state = 'asked')",
    "suggestion_models": "(SELECT count(*) FROM recommender_modelmove WHERE state = 'asked')",
    "catalogue": "(SELECT count(*) FROM catalogue_importdraft WHERE state = 'open')",
    "endings": "(SELECT count(*) FROM consent_webhooks_sourceending WHERE confirmed_at IS NULL AND finished_at IS NULL)",
    "feedback": "(SELECT count(*) FROM accessibility_report WHERE state = 'open')",
    "ledger_alarms": "(SELECT count(*) FROM ledger_alarm WHERE seen_at IS NULL)",
    "left_alone": "(SELECT count(*) FROM sources_breaker WHERE opened_at IS NOT NULL)",
    "unsealed": "(SELECT count(*) FROM (SELECT FROM ledger_pending LIMIT 10000) AS few)",
}
_SELECT = "SELECT " + ", ".join(f"{sql} AS {name}" for name, sql in _OPEN.items())


@dataclass(frozen=True, slots=True)
class Waiting:
    """Drafts and wishes that wait for a second person; feedback on accessibility that nobody has answered; alarms of the log that nobody has looked into; sources that are left alone (`Breaker`); entries that
    wait to be sealed, of which ten thousand are counted.
    """

    agencies: int
    delays: int
    models: int
    suggestion_models: int
    catalogue: int
    endings: int
    feedback: int
    ledger_alarms: int
    left_alone: int
    unsealed: int


def now_waiting() -> Waiting:
    """One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT)
        return Waiting(*(int(one) for one in cursor.fetchone()))
