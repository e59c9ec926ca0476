"""What agencies reported of a citizen, as their export has it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aurora.journeys import report_use
from consent.uses import findings, reports


def told_of(citizen_id: UUID) -> list[dict[str, Any]]:
    """Every report, oldest first, with the agency's words and how it compares with what was delivered. In the citizen's scope. Two SELECTs."""
    rows = list(reports.of_citizen(citizen_id=citizen_id))
    found = findings.of_reports(citizen_id=citizen_id, report_ids=[row.pk for row in rows])
    told = []
    for row in rows:
        words, finding = report_use.words_of(row), found.get(row.pk)
        told.append(
            {
                "agency": row.agency.code,
                "used_at": row.used_at.isoformat(),
                "action": words["action"],
                "receiver": {"code": row.receiver_code, "name": words["receiver_name"]},
                "system": words["system"],
                "categories": list(row.categories),
                "purpose": row.purpose or None,
                "came": row.came,
                "received_at": row.received_at.isoformat(),
                "ledger_entry": str(row.logged_id),
                "entry": str(finding.entry_id) if finding and finding.entry_id else None,
                "state": finding.state if finding else "open",
                "differs": list(finding.differs) if finding else [],
            }
        )
    return told
