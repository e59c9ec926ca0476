"""UCUM units of the measurements that are read, and their way into the one unit that the vocabulary fixes. What is not here is refused.

UCUM is case sensitive, but takes both `l` and `L` for the litre (The Unified Code for Units of Measure, table 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SYSTEM = "http://unitsofmeasure.org"
_CHOLESTEROL = Decimal("0.02586")  # mmol/l in 1 mg/dl: 1/38.67


@dataclass(frozen=True)
class Unit:
    """`ways`: by UCUM code, (factor, addend) into the vocabulary's unit; `decimals` of what is kept, 0 for a whole number."""

    decimals: int
    ways: dict[str, tuple[Decimal, Decimal]]

    def value(self, quantity: Any) -> int | float | None:
        """The number of a FHIR Quantity, or None: no number, an inexact one ("< 5"), or another unit."""
        way = self.ways.get(quantity.code or "") if quantity.system == SYSTEM else None
        if way is None or quantity.value is None or quantity.comparator is not None or not quantity.value.is_finite():
            return None
        factor, addend = way
        found = (quantity.value * factor + addend).quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP)
        return int(found) if found == found.to_integral_value() else float(found)


def _unit(decimals: int, ways: dict[str, str | tuple[str, str]]) -> Unit:
    pairs = {code: (way, "0") if isinstance(way, str) else way for code, way in ways.items()}
    return Unit(decimals, {code: (Decimal(factor), Decimal(addend)) for code, (factor, addend) in pairs.items()})


PRESSURE = _unit(0, {"mm[Hg]": "1", "kPa": "7.50062"})
RATE = _unit(0, {"/min": "1", "{beats}/min": "1", "{Beats}/min": "1", "min-1": "1"})
LENGTH = _unit(1, {"cm": "1", "m": "100", "mm": "0.1", "[in_i]": "2.54"})
WEIGHT = _unit(1, {"kg": "1", "g": "0.001", "[lb_av]": "0.45359237"})
MASS_INDEX = _unit(1, {"kg/m2": "1"})
HAEMOGLOBIN = _unit(0, {"g/l": "1", "g/L": "1", "g/dL": "10", "g/dl": "10"})
# % is the unit of NGSP: IFCC = (NGSP - 2.152) / 0.09148, the master equation of both (ngsp.org).
HBA1C = _unit(0, {"mmol/mol": "1", "mmol/mol{Hb}": "1", "%": ("10.931351", "-23.524268")})
CHOLESTEROL = _unit(1, {"mmol/l": "1", "mmol/L": "1", "mg/dL": str(_CHOLESTEROL), "mg/dl": str(_CHOLESTEROL)})
FILTRATION = _unit(0, dict.fromkeys(("mL/min/{1.73_m2}", "ml/min/{1.73_m2}", "mL/min/{1.73m2}"), "1"))
