"""How each agency is reached and what its answers look like: one signs, one stands behind X-Road, one speaks a JSON of its own.

What Aurora's operators would declare of each (`manage.py load_sources`) is made here, since the sandbox knows its agencies.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SIGNS = "population-register"
BEHIND_XROAD = "tax-administration"
OWN_FORM = "social-insurance"

XROAD_CLIENT = "SB/GOV/1000001-1/aurora"
XROAD_SERVICE = "SB/GOV/2000002-2/tax/citizen-data"
OWN_ADDRESS = "/v2/records"
MAPPING = Path(__file__).with_name("social-insurance.mapping.json")


def signs(process: str) -> bool:
    """Whether its answers are signed (`application/jose`), all of them."""
    return process == SIGNS


def mapping() -> dict[str, Any]:
    """What makes our facts of social insurance's own JSON (docs/operations/connectors.md)."""
    return dict(json.loads(MAPPING.read_text(encoding="utf-8")))


def declared(code: str, base_url: str) -> dict[str, Any]:
    """`connector` and `settings` of a source, as docs/operations/connectors.md tells."""
    if code == SIGNS:
        return {"connector": "json_oauth", "settings": {"signature": {}}}
    if code == BEHIND_XROAD:
        way = {"security_server": base_url, "client": XROAD_CLIENT, "service": XROAD_SERVICE, "path": "/data/{category}"}
        return {"connector": "xroad", "settings": {"xroad": way}}
    if code == OWN_FORM:
        return {"connector": "mapped_json", "settings": {"address": f"{OWN_ADDRESS}/{{category}}", "mapping": mapping()}}
    return {"connector": "json_oauth", "settings": {}}
