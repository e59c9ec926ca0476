"""What a citizen's entry says of an access without their consent: who asked and agreed, by role and number, why, for which case, and the judgement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aurora.ui import glass_words as words
from aurora.ui.contexts.break_glass import GlassPart
from consent import acting
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import OpenedEntry

SUBJECT = ":break_glass:"
NUMBER = 8  # characters of an operator's id: enough to see that it is the same person again


def part(entry: LedgerEntry, found: OpenedEntry | None) -> GlassPart | None:
    """None for every other entry, and for one that is not what was committed to."""
    details = _details(entry, found)
    if not details:
        return None
    doing = acting.current()
    # An attorney of some themes reads that it was, and why in a word, but not what operators wrote: it may go beyond those themes.
    whole = doing is None or doing.scope.everything
    return GlassPart(
        reason=str(words.reason(details["reason"])),
        case=details["case"],
        who=str(words.role(details["operator_role"])),
        number=details["operator"][:NUMBER],
        text=details.get("text", "") if whole else "",
        approver=str(words.role(details["approver_role"])) if "approver" in details else "",
        approver_number=details.get("approver", "")[:NUMBER],
        until=datetime.fromisoformat(details["until"]) if "until" in details else None,
        verdict=str(words.verdict(details["verdict"])) if "verdict" in details else "",
        review=details.get("review", "") if whole else "",
    )


def decision(entry: LedgerEntry, found: OpenedEntry | None) -> str:
    """What stands behind it, in place of a consent."""
    action = entry.event.split(":")[2]
    if action == "refused":
        return str(words.refusal(entry.decision))
    details = _details(entry, found)
    if action == "declined" and "taken_back" in details:
        action = "taken_back"
    return str(words.said(details.get("verdict", "") if action == "reviewed" else action))


def _details(entry: LedgerEntry, found: OpenedEntry | None) -> dict[str, Any]:
    return found.details if SUBJECT in entry.event and found and found.genuine else {}
