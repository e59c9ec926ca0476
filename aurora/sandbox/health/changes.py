"""What has been changed of the records since they were drawn: facts that were corrected, and resources that were retracted. Kept over a restart."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aurora.sandbox import national_id
from aurora.sandbox.errors import SandboxError
from aurora.sandbox.runtime import Runtime

FACTS = ("region", "marital_status", "municipality")
_TAKES = {"region": "R[0-9]{2}", "marital_status": "single|married|single_parent", "municipality": "[0-9]{3}"}
_RESOURCE = re.compile(r"(?:Condition|Observation|Procedure)/[0-9a-f]{32}")


@dataclass(frozen=True, repr=False)
class Change:
    """`target`: one of FACTS, with its new value; or `Type/id` of a resource that was entered in error."""

    target: str
    value: str
    at: datetime


def of(household: int, here: Runtime) -> list[Change]:
    """Oldest first."""
    rows = here.store.all("SELECT target, value, at FROM health_corrections WHERE household = ? ORDER BY id", household)
    return [Change(row["target"], row["value"], datetime.fromtimestamp(row["at"], UTC)) for row in rows]


def correct(raw: Any, here: Runtime) -> dict[str, str]:
    """`{"identifier", "fact", "value"}` corrects (without a value: to what the population register says), `{"identifier", "retract"}` takes back.

    SandboxError(bad_correction) says what is wrong.
    """
    from aurora.sandbox.health import records

    if not isinstance(raw, dict) or not set(raw) <= {"identifier", "fact", "value", "retract"} or ("fact" in raw) == ("retract" in raw):
        raise _bad("A correction is an object with identifier, and fact and value or retract.")
    household = national_id.parse(str(raw.get("identifier", "")))
    if household is None or not records.of(household, "Patient", here):
        raise _bad("Nobody here has this identifier.")
    if "retract" in raw:
        target, value = str(raw["retract"]), ""
        resource, _, identifier = target.partition("/")
        if not _RESOURCE.fullmatch(target) or identifier not in {one["id"] for one in records.of(household, resource, here)}:
            raise _bad("There is no such resource of this person.")
    else:
        target = str(raw["fact"])
        value = str(raw["value"]) if "value" in raw else records.register_says(household, target)
        if target not in FACTS or not re.fullmatch(_TAKES[target], value):
            raise _bad(f"The fact must be one of {', '.join(FACTS)}, and the value one that it takes.")
    here.store.run(
        "INSERT INTO health_corrections (household, target, value, at) VALUES (?, ?, ?, ?)", household, target, value, time.time()
    )
    return {"target": target, "value": value}


def _bad(sentence: str) -> SandboxError:
    return SandboxError("bad_correction", sentence)
