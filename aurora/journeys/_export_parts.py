"""What is in a citizen's copy: every part in its order, and of every table that is in none the reason.

A room that begins to keep something of a citizen gives a `Part` here, or a line in `LEFT_OUT`: `tests/exports/test_whole.py` finds the tables in the
catalogue and fails for one that is in neither.
"""

from __future__ import annotations

from aurora.journeys import _export_about as about
from aurora.journeys import _export_cases as cases
from aurora.journeys import _export_decisions as decisions
from aurora.journeys import _export_twin as twin
from aurora.journeys._export_part import Asked, Part

PARTS: tuple[Part, ...] = (
    twin.PROFILE,
    about.STATEMENTS,
    about.PURPOSES,
    about.CATEGORIES,
    about.RECIPIENTS,
    about.SOURCES,
    twin.FACTS,
    twin.CHOICES,
    decisions.CONSENTS,
    decisions.RECEIPTS,
    decisions.MANDATES,
    twin.CONNECTIONS,
    twin.PULLS,
    decisions.GRANTS,
    decisions.NOTICES,
    twin.SUGGESTIONS,
    twin.FEEDBACK,
    twin.EVALUATIONS,
    twin.TRAINING,
    cases.MESSAGES,
    cases.CONCERNS,
    cases.CORRECTIONS,
    cases.USES,
    cases.READS,
    cases.BREAK_GLASS,
    cases.COPIES,
)
# The log is not read through the door: it is the citizen's own, and goes along as the bundle that a verifier takes (`_export_log`).
LOG = ("ledger_ledgerentry", "ledger_head")
LEFT_OUT = {
    "vault.former_key": "Former versions of that key, until nothing is sealed by them any more.",
    "vault.key_rotation": "How far the sealing under a new version has come: it says nothing of the person.",
    "vault.data_key": "The key that all of it is sealed under: it says nothing of the person, and would open everything.",
    "erasures_leaver": "That all of it is being erased, which the request for it tells (`erasures_erasure`).",
    "ledger_keptback": "What a law forbids to tell yet: nobody reads it before its day, when it is told and in the log (docs/decisions/concerns.md).",
    "consent_uses_tally": "A day's count of uses, those included that a law keeps back: it would tell that there are some.",
}


def of(asked: Asked) -> tuple[Part, ...]:
    """The parts of this copy: whoever acts for the citizen gets those that have a page for them."""
    return PARTS if asked.doing is None else tuple(part for part in PARTS if part.mandated)
