"""What a message says, composed in a language from its kind and from what it is about. Pages and mails show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import translation

from aurora.messages.models import MessageKind
from aurora.messages.outbox import Opened
from aurora.ui import formats, glass_words, letters
from consent.rules import AURORA, CITIZEN

OPERATOR = "operator"
MOST_LINKS = 5  # to single uses, in one message


@dataclass(frozen=True)
class Letter:
    """In one language. `title` names nobody; `links` are (words, path below the site's address)."""

    title: str
    sentences: tuple[str, ...] = field(repr=False)
    links: tuple[tuple[str, str], ...] = field(repr=False)


def compose(message: Opened, *, language: str) -> Letter:
    """The message in one of fi, sv, en."""
    with translation.override(language):
        about, kind = message.about, MessageKind(message.row.kind)
        return Letter(
            title=letters.title(_code(kind, about)),
            sentences=tuple(dict.fromkeys([*_what(about, language), *letters.says(_kind(kind, about), _values(about[0], len(about)))])),
            links=tuple(dict.fromkeys(_links(kind, about, language))),
        )


def _code(kind: MessageKind, about: tuple[Mapping[str, Any], ...]) -> str:
    """A receipt's title is its event's: of several the one that was decided, rather than what it replaced."""
    if kind is MessageKind.BREAK_GLASS:
        return f"{kind.value}:{about[0].get('glass', '')}"
    if kind is not MessageKind.RECEIPT:
        return _kind(kind, about)
    told = next((a for a in about if a["event"] != "replaced"), about[0])
    if told.get("actor"):
        return f"{told['event']}:for"
    by = told.get("by", CITIZEN)
    other = ":agency" if by == told.get("recipient_code", by) else ":source"  # messages of before do not name the recipient
    whose = {CITIZEN: "", OPERATOR: ":operator", AURORA: ":operator"}.get(by, other)
    return f"{told['event']}{whose}"


def _kind(kind: MessageKind, about: tuple[Mapping[str, Any], ...]) -> str:
    """The kind, and what of it: whether an agency keeps a `part` or `all`, or could not be told (`unreached`); `several` uses that are disclosed; a case that
    was reported for a child (`ward`).
    """
    if kind is MessageKind.USE_DISCLOSED and len(about) > 1:
        return f"{kind.value}:several"
    if "concern" in about[0] and about[0].get("ward"):
        return f"{kind.value}:ward"
    which = about[0].get("outcome") or about[0].get("kept") or ("unreached" if about[0].get("reached") is False else "")
    return f"{kind.value}:{which}" if which else kind.value


def _what(about: tuple[Mapping[str, Any], ...], language: str) -> Iterator[str]:
    for told in about:
        if "glass" in told:
            yield from glass_words.letter(told["glass"], _behind_glass(told, language))
        elif told.get("ward"):
            yield letters.for_ward(told["ward"])
        if "recipient" in told:
            yield letters.about_consent(_in(told["purpose"], language), _in(told["recipient"], language))
        if told.get("actor"):
            yield letters.by_another(told["actor"])
        if told.get("who"):
            changed = letters.mandate_changed(told.get("side", ""), told.get("change", ""), told["who"], until=_values(told)["until"])
            yield from changed or (letters.concerns(told["who"]),)


def _behind_glass(told: Mapping[str, Any], language: str) -> dict[str, str]:
    return {
        "data": glass_words.listed([_in(name, language) for name in told["data"]]),
        "reason": str(glass_words.reason(told["reason"])),
        "until": formats.moment(datetime.fromisoformat(told["ends_at"])) if told["ends_at"] else "",
        **{name: told.get(name, "") for name in ("case", "text", "ward")},
    }


def _values(told: Mapping[str, Any], number: int = 1) -> dict[str, str]:
    until = formats.day(date.fromisoformat(told["until"])) if "until" in told else ""
    return {"until": until, "days": str(told.get("days", "")), "number": formats.number(number)}


def _links(kind: MessageKind, about: tuple[Mapping[str, Any], ...], language: str) -> Iterator[tuple[str, str]]:
    if kind is MessageKind.USE_DISCLOSED and len(about) > MOST_LINKS:
        yield letters.link("uses"), f"/{language}/activity/"
        return
    for told in about:
        if "receipt" in told:
            yield letters.link("receipt"), f"/{language}/consents/{told['consent']}/receipts/{told['receipt']}/"
        if "consent" in told:
            yield letters.link("consent"), f"/{language}/consents/{told['consent']}/"
        elif "concern" in told and told.get("ward"):
            yield letters.link("ward"), f"/{language}/{told['path']}"
        elif "concern" in told:
            yield letters.link("concern"), f"/{language}/concerns/{told['concern']}/"
        elif "correction" in told:
            yield letters.link("correction"), f"/{language}/corrections/{told['correction']}/"
        elif "entry" in told:
            code = "use" if kind is MessageKind.USE_DISCLOSED else "glass" if "glass" in told else "entry"
            yield letters.link(code), f"/{language}/activity/{told['entry']}/"
        elif told.get("path"):
            code = "erasure" if kind in (MessageKind.ERASURE_ASKED, MessageKind.ERASURE_DONE) else "mandate"
            yield letters.link(code), f"/{language}/{told['path'].lstrip('/')}"


def _in(text: Mapping[str, str], language: str) -> str:
    return text.get(language) or next(iter(text.values()), "")
