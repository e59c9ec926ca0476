"""HL7 FHIR R4 by SMART App Launch 2: Patient, Condition, Observation and Procedure of one citizen. docs/decisions/fhir.md.

`fhir.resources` takes a fifth of a second to import and 20 MB: it is imported with the first answer, never at start.
"""

from __future__ import annotations

from aurora.sources.connectors.fhir.declare import check
from aurora.sources.connectors.fhir.read import fetch
from aurora.sources.connectors.fhir.smart import MANNER

__all__ = ["MANNER", "check", "fetch"]
