"""What followed the assessments of the sandbox's citizens. Synthetic: drawn from the household's number, always the same.

Not everybody who was assessed was operated on, and the hospital says so of them too. Deaths are not told: who asks Aurora for them is alive.
How often something happens follows the same publications as the hospital's own patients (`patients.py`), without their finer steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aurora.sandbox.config import Persona
from aurora.sandbox.hospital import assessments

CATEGORY = "hospital.surgery_outcome"
_OPERATED = 0.85  # assumed, as the months
_MOST_MONTHS = 48

# The personas' own.
_PERSONAS: Mapping[str, Mapping[str, Any]] = {
    "bertil": {"operated": True, "months_followed": 30, "infection": False, "revision": False},
    "dagny": {"operated": True, "months_followed": 26, "infection": True, "revision": True},
    # He decided against the operation.
    "frans": {"operated": False, "months_followed": 14},
}


def facts_of(household: int, personas: Iterable[Persona] = ()) -> dict[str, Any] | None:
    """What is known of the household's first adult since the assessment, or None without one."""
    personas = list(personas)
    assessed = assessments.facts_of(household, personas)
    if assessed is None:
        return None
    key = next((p.key for p in personas if p.index == household), "")
    return dict(_PERSONAS.get(key) or _drawn(household, assessed))


def _drawn(household: int, assessed: Mapping[str, Any]) -> dict[str, Any]:
    months = int(assessments.uniform(household, "months") * _MOST_MONTHS)
    if assessments.uniform(household, "operated") >= _OPERATED:
        return {"operated": False, "months_followed": months}
    again = assessed.get("operation") == "revision"
    infection = 0.011 * 4.0**again * 1.83 ** bool(assessed.get("smoker")) * 1.7 ** bool(assessed.get("diabetes"))
    revision = 0.026 * 3.0**again * 1.7 ** (assessed.get("age", 70) < 65)
    return {
        "operated": True,
        "months_followed": months,
        "infection": assessments.uniform(household, "infected since") < infection,
        "revision": assessments.uniform(household, "revised since") < revision,
    }
