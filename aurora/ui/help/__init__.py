"""Help in plain language, and the rights of a citizen: texts as data, one file a topic, each in Finnish, Swedish and English.

A sentence in them is a claim about the product: who changes what a page does changes its topic too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aurora.ui.contexts.shared import Text

TOPICS = Path(__file__).parent / "topics"
# In the order of the list of topics: from what comes first to what is looked up.
ORDER = (
    "first-steps", "what-aurora-is", "who-sees-what", "sources", "consent", "suggestions", "estimates", "activity", "verify", "mandates",
    "rights", "messages", "signing-in", "safety", "words",
)  # fmt: skip
RIGHTS = "your-rights"

# By navigation item, and by the name of a view where its page has a topic of its own.
_OF_SECTION = {
    "home": "first-steps",
    "sources": "sources",
    "suggestions": "suggestions",
    "services": "suggestions",
    "evaluations": "estimates",
    "activity": "activity",
    "my_data": "rights",
    "consents": "consent",
    "mandates": "mandates",
    "messages": "messages",
}
_OF_VIEW = {
    "landing": "what-aurora-is",
    "sign_in": "signing-in",
    "sessions": "signing-in",
    "verify": "verify",
    "concern_new": "safety",
    "concerns": "safety",
    "concern": "safety",
    "transparency": "who-sees-what",
    "public_log": "verify",
    "accessibility": "first-steps",
    "training": "suggestions",
    "authorize": "consent",
    "erasure_secret": "rights",
    "email_confirm": "messages",
}
# They are help themselves.
_NONE = frozenset({"help", "help_topic", "rights"})


@dataclass(frozen=True, slots=True)
class Body:
    """`kind`: `text` (one paragraph), `list` or `steps` (`items`), or `authority`: where a citizen complains, which the page fills in."""

    kind: str
    text: Text
    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class HelpLink:
    """`to` is the name of a view that needs nothing but the language."""

    to: str
    text: Text


@dataclass(frozen=True, slots=True)
class Part:
    heading: Text
    body: tuple[Body, ...]
    links: tuple[HelpLink, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    code: str
    title: Text
    lead: Text
    parts: tuple[Part, ...]


@cache
def topic(code: str) -> Topic:
    """One topic. Raises `KeyError`: there are those of `ORDER`, and the page of rights."""
    if code not in {*ORDER, RIGHTS}:
        raise KeyError(code)
    written: dict[str, Any] = json.loads((TOPICS / f"{code}.json").read_text(encoding="utf-8"))
    return Topic(code, written["title"], written["lead"], tuple(_part(part) for part in written["parts"]))


def topics() -> tuple[Topic, ...]:
    """All of them, as the list shows them."""
    return tuple(topic(code) for code in ORDER)


def topic_of(view: str, section: str) -> str:
    """The topic of a page of the portal, "" for one that is help itself."""
    return "" if view in _NONE else _OF_VIEW.get(view) or _OF_SECTION.get(section, "first-steps")


def _part(written: dict[str, Any]) -> Part:
    return Part(
        heading=written["heading"],
        body=tuple(Body(b["kind"], b.get("text", {}), tuple(b.get("items", ()))) for b in written["body"]),
        links=tuple(HelpLink(link["to"], link["text"]) for link in written["links"]),
    )
