"""Requests and answers as they went over the wire (exchanges.json): a test makes each of them anew. Keys, ids and times are stand-ins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

FILE = Path(__file__).with_name("exchanges.json")
# Where Aurora is, in what is kept; a page says its own address instead.
RECORDED_AT = "https://aurora.example"


@cache
def recorded() -> Mapping[str, Mapping[str, Any]]:
    """By the operation's id (for the API) or a name of ours. As they are kept."""
    found: dict[str, Mapping[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def request_text(one: Mapping[str, Any]) -> str:
    """The request as a program sends it."""
    lines = [f"{one['method']} {one['path']} HTTP/1.1", f"Host: {_host()}", *(f"{name}: {value}" for name, value in one["headers"].items())]
    return here("\n".join([*lines, *(["", _body(one)] if one["body"] is not None else [])]))


def answer_text(one: Mapping[str, Any]) -> str:
    """The answer: status, the headers that matter, and the body."""
    lines = [f"HTTP/1.1 {one['status']}", *(f"{name}: {value}" for name, value in one["answer_headers"].items())]
    return here("\n".join([*lines, *(["", pretty(one["answer"])] if one["answer"] is not None else [])]))


def signed_text(one: Mapping[str, Any]) -> str:
    """Header and payload of a body that is a signed batch, "" for any other."""
    return pretty(one["signed"]) if "signed" in one else ""


def pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def here(text: str) -> str:
    """With this installation's own address."""
    return text.replace(RECORDED_AT, str(settings.AURORA_BASE_URL))


def _host() -> str:
    return str(settings.AURORA_BASE_URL).partition("://")[2]


def _body(one: Mapping[str, Any]) -> str:
    """A form is shown a line a field: who sends it leaves the line breaks out."""
    body = one["body"]
    if "urlencoded" in one["headers"].get("Content-Type", ""):
        return "\n&".join(f"{name}={quote(value, safe='')}" for name, value in body.items())
    return body if isinstance(body, str) else pretty(body)
