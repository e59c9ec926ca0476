"""The form of an agency: from what was sent to the document of a draft, and from a document to what the form shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import QueryDict

from consent.agency_form import LANGUAGES, ROLES

TEXTS = (
    *("code", *(f"name_{x}" for x in LANGUAGES), "legal_name", "business_id", "country", "contact_url", "contact_email"),
    *(*(f"onward_{x}" for x in LANGUAGES), "since", "reason"),
)
LONGEST = 600


def texts_of(post: QueryDict) -> dict[str, str]:
    """What was sent in each text field, without what the database cannot hold; shown again when something is wrong."""
    return {name: post.get(name, "").replace("\x00", "").strip()[:LONGEST] for name in TEXTS}


def texts_for(code: str, document: Mapping[str, Any] | None, name: Mapping[str, str], today: date) -> dict[str, str]:
    """What the form shows of an agency: its newest version, or the little that is known where nobody has said more."""
    document = document or {"name": name}
    contact, onward = document.get("contact", {}), document.get("onward", {})
    return {
        **{key: document.get(key, "") for key in ("legal_name", "business_id", "country")},
        **{f"name_{x}": document["name"].get(x, "") for x in LANGUAGES},
        **{f"onward_{x}": onward.get(x, "") for x in LANGUAGES},
        "code": code,
        "contact_url": contact.get("url", ""),
        "contact_email": contact.get("email", ""),
        "since": written(date.fromisoformat(document["since"]) if "since" in document else today),
    }


def content_of(texts: Mapping[str, str], post: QueryDict) -> dict[str, Any]:
    """The document as sent, without its code and numbers; what is wrong with it, `consent.agency_form` says. Never raises."""
    onward = {x: texts[f"onward_{x}"] for x in LANGUAGES}
    contact = {"url": texts["contact_url"], "email": texts["contact_email"]}
    chosen = set(post.getlist("roles"))
    return {
        "roles": [*(role.value for role in ROLES if role in chosen), *sorted(chosen - {role.value for role in ROLES})],
        "name": {x: texts[f"name_{x}"] for x in LANGUAGES},
        "legal_name": texts["legal_name"],
        "business_id": texts["business_id"],
        "contact": {key: value for key, value in contact.items() if value},
        "country": texts["country"].upper(),
        "since": _in_document(texts["since"]),
        **({"onward": onward} if any(onward.values()) else {}),
    }


def written(day: date) -> str:
    """As people write a day in the form: 1.12.2026."""
    return f"{day.day}.{day.month}.{day.year}"


def _in_document(since: str) -> str:
    """As the document has a day: 2026-12-01. What is no day stays as it was sent, and is refused so."""
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", since, re.ASCII)
    return f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else since


def meaning_of(post: QueryDict) -> bool | None:
    """Whether the change is one of meaning; None where that was not said."""
    return {"meaning": True, "words": False}.get(post.get("meaning", ""))
