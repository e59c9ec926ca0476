"""What a consent page says beside purpose and data: who asks and who that is by law, onward sharing, how often, until when, what is not shared, what a refusal means.

The page shows these sentences and the notice keeps them, so that what is kept is what was shown. Their wording is in `vocabulary/terms.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent.days import written

if TYPE_CHECKING:
    from consent.models import AgencyVersion

FILE = Path(__file__).parent / "vocabulary" / "terms.json"
ALSO_ENDS = "also_ends"  # only for a consent that replaces others to the same agency; it comes last
SUMMARY = "summary"  # which data, until when and how to stop, in short; only where the data are named. It comes after `asks`
IDENTITY = "identity"  # only for a recipient of whom more than the name is kept; it comes after `asks`
ORDER = ("asks", "onward", "frequency", "in_force", "not_shared", "on_decline")
Data = Sequence[str]  # names of kinds of data, in the language of the terms


@dataclass(frozen=True)
class Term:
    """One of `ORDER`, in one language. `asks` has no heading: it opens the page."""

    code: str
    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Period:
    """From the day of asking to the last day that is possible (a connection) or asked for (an agency). `once`: each category one time."""

    start: date
    end: date
    once: bool = False


@dataclass(frozen=True)
class Identity:
    """Who a recipient is by law (GDPR art. 13(1)(a), (b)), and what it says itself about passing data on ("" for nothing)."""

    legal_name: str
    business_id: str
    country: str
    contact: str
    onward: str = ""


def identity_of(version: AgencyVersion | None, language: str) -> Identity | None:
    """The same out of an agency's version; None where only its name is kept."""
    if version is None:
        return None
    contact = ", ".join(c for c in (version.contact_url, version.contact_email) if c)
    return Identity(version.legal_name, version.business_id, version.country, contact, version.onward.get(language, ""))


def version() -> int:
    """The version of the wording."""
    return int(_wording()["version"])


def connect(*, language: str, source: str, period: Period, identity: Identity | None = None, data: Data = ()) -> tuple[Term, ...]:
    """The terms under which Aurora fetches from a source; `source` is its name in `language`."""
    return _terms("connect", language, {"source": source}, period, identity, data)


def push(*, language: str, source: str, period: Period, identity: Identity | None = None, data: Data = ()) -> tuple[Term, ...]:
    """The terms under which a source sends by itself; `source` is its name in `language`."""
    return _terms("push", language, {"source": source}, period, identity, data)


def declare(*, language: str, period: Period, identity: Identity | None = None, data: Data = ()) -> tuple[Term, ...]:
    """The terms under which Aurora uses what citizens say of themselves."""
    return _terms("declare", language, {}, period, identity, data)


def training(*, language: str, period: Period, identity: Identity | None = None, data: Data = ()) -> tuple[Term, ...]:
    """The terms under which Aurora trains its own model with what a twin holds."""
    return _terms("training", language, {}, period, identity, data)


def access(
    *,
    language: str,
    recipient: str,
    service: str,
    purpose: str,
    period: Period,
    identity: Identity | None = None,
    standing: bool = False,
    also_ends: Iterable[str] = (),
    data: Data = (),
) -> tuple[Term, ...]:
    """The terms under which an agency reads the twin; names in `language`.

    `standing`: an earlier consent covers something. That the agency gets nothing if the citizen declines would then not be true.
    `also_ends`: the other purposes whose consents this one replaces.
    """
    said = _terms("access", language, {"recipient": recipient, "service": service, "purpose": purpose}, period, identity, data)
    said = tuple(t for t in said if not (standing and t.code == "on_decline"))
    if not (others := ", ".join(also_ends)):
        return said
    words = _wording()[ALSO_ENDS]
    sentences = tuple(s[language].format(others=others) for s in words["sentences"])
    return (*said, Term(ALSO_ENDS, words["heading"][language], sentences))


def estimate(*, language: str, category: str, period: Period, identity: Identity | None = None, data: Data = ()) -> tuple[Term, ...]:
    """The terms under which Aurora uses an estimate that a citizen kept in other models; `category` is its name in `language`."""
    return _terms("estimate", language, {"category": category}, period, identity, data)


def _terms(
    kind: str, language: str, names: Mapping[str, str], period: Period, identity: Identity | None, data: Data
) -> tuple[Term, ...]:  # fmt: skip
    values = {**names, "data": ", ".join(data), "start": written(period.start, language), "end": written(period.end, language)}

    def term(code: str, words: Mapping[str, Any]) -> Term:
        sentences = words.get("sentences_once", words["sentences"]) if period.once else words["sentences"]
        return Term(code, words.get("heading", {}).get(language, ""), tuple(s[language].format_map(values) for s in sentences))

    asks, onward, *rest = (term(code, _wording()[kind][code]) for code in ORDER)
    head = (asks, term(SUMMARY, _wording()[SUMMARY][kind])) if data else (asks,)
    if identity is None:
        return (*head, onward, *rest)
    values |= {k: v for k, v in vars(identity).items() if k != "onward"}
    if identity.onward:
        onward = Term(onward.code, onward.heading, (identity.onward,))
    return (*head, term(IDENTITY, _wording()[IDENTITY]), onward, *rest)


@cache
def _wording() -> dict[str, Any]:
    wording: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return wording
