"""What an operator of Aurora declares of this health centre: which connector asks it, and what that must know (`fhir/declare.py` there)."""

from __future__ import annotations

from typing import Any

from aurora.sandbox.health import records, smart


def settings(base_url: str) -> dict[str, Any]:
    return {
        "connector": "fhir",
        "settings": {
            "fhir_base": f"{base_url}{smart.BASE_PATH}",
            "identifier_system": records.NATIONAL_ID,
            "region_system": records.REGION,
            "municipality_system": records.MUNICIPALITY,
            "marital_status_system": records.MARITAL,
            "categories": dict(smart.CATEGORIES),
        },
    }
