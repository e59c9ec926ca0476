"""The form of a client: from what was sent to the content of a draft, and from a client to what the form shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from consent.models import Agency
from consent.oauth import client_form, strict_json

LANGUAGES = ("fi", "sv", "en")
TEXTS = (
    *("client_id", "agency", *(f"agency_name_{x}" for x in LANGUAGES), *(f"name_{x}" for x in LANGUAGES)),
    *("redirect_uris", "jwks", "jwks_uri", "notice_uri", "usage_uri", "resource", "reason"),
)


def texts_of(post: QueryDict) -> dict[str, str]:
    """What was sent in each text field, without what the database cannot hold; shown again when something is wrong."""
    return {name: post.get(name, "").replace("\x00", "").strip() for name in TEXTS}


def texts_for(client_id: str, content: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows of a client that exists."""
    keys = content["jwks"]
    return {
        **{name: content[name] for name in ("jwks_uri", "notice_uri", "usage_uri", "resource")},
        **{f"name_{x}": content["name"].get(x, "") for x in LANGUAGES},
        "client_id": client_id,
        "agency": content["agency"]["code"],
        "redirect_uris": "\n".join(content["redirect_uris"]),
        "jwks": "" if keys is None else json.dumps(keys, indent=1),
    }


def content_of(texts: Mapping[str, str], post: QueryDict) -> dict[str, Any]:
    """The draft's content as sent; what is wrong with it, `client_form.faults_of` says. Never raises."""
    agency: dict[str, Any] = {"code": texts["agency"]}
    name = {x: texts[f"agency_name_{x}"] for x in LANGUAGES}
    if any(name.values()) or not Agency.objects.filter(code=texts["agency"]).exists():
        agency["name"] = name
    return {
        "agency": agency,
        "name": {x: texts[f"name_{x}"] for x in LANGUAGES},
        "redirect_uris": [line.strip() for line in texts["redirect_uris"].splitlines() if line.strip()],
        "jwks": _keys(texts["jwks"]),
        "jwks_uri": texts["jwks_uri"],
        "notice_uri": texts["notice_uri"],
        "usage_uri": texts["usage_uri"],
        "resource": texts["resource"],
        "purposes": sorted(set(post.getlist("purposes"))),
        "categories": sorted(set(post.getlist("categories"))),
        "rotate_refresh": post.get("rotate_refresh") == "yes",
        "dpop_nonce": post.get("dpop_nonce") == "yes",
    }


def control_of(field: str) -> str:
    """The control at which a field's error stands."""
    return field if field in {*TEXTS, *client_form.FIELDS, "agency_name", "name"} else "client_id"


def _keys(text: str) -> Any:
    """The pasted set; what is no JSON stands as itself, and is then no key set."""
    if not text:
        return None
    try:
        return strict_json.loads(text)
    except ValueError:
        return text
