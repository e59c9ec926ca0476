"""The office decides on housing support, of what it has read. What it decides is its own, whatever becomes of the reading.

The rule is made up, as the country is: two fifths of what a household's monthly income lacks to a limit that grows with its size.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aurora.sandbox.office.applications import Application
from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import new_secret

CATEGORY = "benefits.decisions"
ALONE, EACH_MORE = 1_600, 700
MOST, LEAST = 600, 30
HOLDS_FOR = timedelta(days=365)
_INCOMES = ("wages", "self_employment", "farm_income", "private_pension")


@dataclass(frozen=True)
class Decision:
    """`amount`: crowns a month, 0 where it was refused. `told`: Aurora has taken it."""

    id: str
    amount: int
    decided_at: datetime
    until: date
    told: bool

    @property
    def granted(self) -> bool:
        return self.amount > 0

    def facts(self) -> dict[str, Any]:
        """As the category has them."""
        told: dict[str, Any] = {
            "housing_support": "granted" if self.granted else "refused",
            "housing_support_decided_on": self.decided_at.date().isoformat(),
        }
        return told | ({"housing_support_amount": self.amount, "housing_support_until": self.until.isoformat()} if self.granted else {})


def decide(application: Application, here: Runtime) -> bool:
    """Decide, once, when all that was asked for has been read. Whether it was now."""
    with here.store.transaction() as db:
        rows = db.execute("SELECT category, body FROM readings WHERE application = ?", (application.id,)).fetchall()
        held = {row["category"]: _facts(json.loads(row["body"])) for row in rows}
        if not set(here.config.categories) <= set(held):
            return False
        found = {key: value for facts in held.values() for key, value in facts.items()}
        now = datetime.now(UTC).replace(microsecond=0)
        values = (new_secret(), application.id, amount(found), now.timestamp(), (now.date() + HOLDS_FOR).isoformat())
        made = db.execute("INSERT OR IGNORE INTO decisions (id, application, amount, decided_at, until) VALUES (?, ?, ?, ?, ?)", values)
        return made.rowcount == 1


def amount(facts: Mapping[str, Any]) -> int:
    """Crowns a month; 0: none."""
    size, income = max(1, int(facts.get("household_size", 1))), sum(int(facts.get(name, 0)) for name in _INCOMES)
    lacks = ALONE + EACH_MORE * (size - 1) - income / 12
    support = min(MOST, round(lacks * 0.4))
    return support if support >= LEAST else 0


def of(application: Application, here: Runtime) -> Decision | None:
    return read(here.store.one("SELECT * FROM decisions WHERE application = ?", application.id))


def read(row: Any) -> Decision | None:
    if row is None:
        return None
    decided_at = datetime.fromtimestamp(row["decided_at"], UTC)
    return Decision(row["id"], row["amount"], decided_at, date.fromisoformat(row["until"]), row["told_grant"] is not None)


def signed_in(owner: str, household: int, here: Runtime) -> None:
    """Who applied in this browser: whoever signs in there, since nobody had to for applying."""
    here.store.run("INSERT OR REPLACE INTO persons VALUES (?, ?, ?)", owner, household, time.time())


def _facts(body: Mapping[str, Any]) -> dict[str, Any]:
    facts = body.get("facts")
    return {str(f["key"]): f["value"] for f in facts if isinstance(f, dict) and "key" in f} if isinstance(facts, list) else {}
