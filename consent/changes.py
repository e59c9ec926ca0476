"""What is different between two consent texts, and how it is said. Pure: contents of notices in, values out (`NoticeText.content`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "vocabulary" / "changes.json"
CODES = (
    "recipient", "recipient_version", "source", "purpose_name", "purpose_description", "on_refusal", "purpose_version",
    "category_added", "category_removed", "category_name", "category_description", "facts_added", "facts_removed", "category_version",
    "term", "terms_version",
)  # fmt: skip
# What follows from the answer, not what is agreed to: while an earlier consent stands, a page does not say it.
OF_THE_ANSWER = "on_decline"
# What the head of a page says in short: each of its differences is told where the page says it whole.
IN_SHORT = "summary"


@dataclass(frozen=True)
class Change:
    """One difference. `about`: code of the category or term concerned, "" for none; `subject`: its name or heading in the texts' language.

    `was` and `now` are sentences or names, as they stand in the texts; one of them is empty for what was not there or is no more.
    """

    code: str
    about: str = ""
    subject: str = ""
    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every difference in what is agreed to, and nothing else: equal texts give none. Both texts are in the same language.

    The order of categories and facts is none, and a text that says the same under another version number says so by `*_version`.
    """
    return (*_recipient(old, new), *_purpose(old.get("purpose", {}), new.get("purpose", {})), *_categories(old, new), *_terms(old, new))


def _recipient(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    found = [Change(code, was=_said(old.get(code)), now=_said(new.get(code))) for code in ("recipient", "source")]
    found = [c for c in found if c.was != c.now]
    named = any(c.code == "recipient" for c in found) or _term(old, "identity") != _term(new, "identity")
    if not named and old.get("recipient_version", 1) != new.get("recipient_version", 1):
        found.append(Change("recipient_version", subject=str(new.get("recipient", ""))))
    return found


def _purpose(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    parts = (("purpose_name", "name"), ("purpose_description", "description"), ("on_refusal", "on_refusal"))
    name = str(new.get("name", ""))
    found = [Change(code, subject=name, was=_said(old.get(key)), now=_said(new.get(key))) for code, key in parts]
    found = [c for c in found if c.was != c.now]
    if not found and old.get("version") != new.get("version"):
        found.append(Change("purpose_version", subject=name))
    return found


def _categories(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    before, after = ({c["code"]: c for c in content.get("categories", ())} for content in (old, new))
    found = []
    for code, category in after.items():
        if code in before:
            found += _category(before[code], category)
        else:
            found.append(Change("category_added", code, _name(category), now=_whole(category)))
    gone = [c for code, c in before.items() if code not in after]
    return found + [Change("category_removed", c["code"], _name(c), was=_whole(c)) for c in gone]


def _category(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    code, name = new["code"], _name(new)
    held, holds = (list(dict.fromkeys(c.get("facts", ()))) for c in (old, new))
    found = [
        Change("category_name", code, name, _said(_name(old)), _said(name)),
        Change("category_description", code, name, _said(old.get("description")), _said(new.get("description"))),
        Change("facts_added", code, name, now=tuple(f for f in holds if f not in held)),
        Change("facts_removed", code, name, was=tuple(f for f in held if f not in holds)),
    ]
    found = [c for c in found if c.was != c.now]
    if not found and old.get("version") != new.get("version"):
        found.append(Change("category_version", code, name))
    return found


def _terms(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    codes = dict.fromkeys(t["code"] for content in (new, old) for t in content.get("terms", ()))
    found = []
    for code in codes:
        was, now = _term(old, code), _term(new, code)
        if was == now or code == IN_SHORT or (code == OF_THE_ANSWER and not (was and now)) or (code == "asks" and _renamed(old, new)):
            continue
        heading = next(t["heading"] for content in (new, old) for t in content.get("terms", ()) if t["code"] == code)
        found.append(Change("term", code, heading, was, now))
    # Beside what differs: an old text composed anew has today's wording, and its days differ all but always.
    if old.get("terms_version", 1) != new.get("terms_version", 1):
        found.append(Change("terms_version"))
    return found


def _renamed(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """The sentence that opens the page is made of names: if one of them is different, that has been said."""
    names = [(c.get("recipient"), c.get("source"), c.get("purpose", {}).get("name")) for c in (old, new)]
    return names[0] != names[1]


def _term(content: Mapping[str, Any], code: str) -> tuple[str, ...]:
    return next((tuple(t["sentences"]) for t in content.get("terms", ()) if t["code"] == code), ())


def _name(category: Mapping[str, Any]) -> str:
    return str(category.get("name", category["code"]))


def _whole(category: Mapping[str, Any]) -> tuple[str, ...]:
    return (*_said(category.get("description")), *category.get("facts", ()))


def _said(text: object) -> tuple[str, ...]:
    return (str(text),) if text else ()


@dataclass(frozen=True)
class Told:
    """A change in words: what is different, and how it was and is. `code` and `about` as in `Change`."""

    code: str
    about: str
    heading: str
    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True)
class Again:
    """What a page says to somebody who agreed before, beside the text itself; kept with the notice word for word.

    `marks` by category code: such as that it is new, that it has changed, that the earlier consent covers it now. `labels`: what stands
    before `was` and before `now`.
    """

    sentences: tuple[str, ...]
    heading: str
    changes: tuple[Told, ...]
    marks: tuple[tuple[str, tuple[str, ...]], ...]
    labels: tuple[str, str] = ("", "")

    @property
    def content(self) -> dict[str, object]:
        return {
            "sentences": list(self.sentences),
            "heading": self.heading,
            "labels": list(self.labels),
            "changes": [
                {"code": t.code, "about": t.about, "heading": t.heading, "was": list(t.was), "now": list(t.now)} for t in self.changes
            ],
            "marks": {code: list(labels) for code, labels in self.marks},
        }


def tell(changes: Iterable[Change], *, earlier: str, allowed: Iterable[str], purpose: str, language: str) -> Again:
    """The words for an earlier consent that is `standing`, `outdated` (a change of meaning left some of it behind) or `ended`.

    `allowed` are the categories that it covers now, `purpose` the purpose's name in `language`.
    """
    found, words = tuple(changes), _words()

    def said(code: str, subject: str = "") -> str:
        text: str = words[code][language]
        return text.format(subject=subject, purpose=purpose)

    told = tuple(Told(c.code, c.about, said("asks" if c.about == "asks" else c.code, c.subject), c.was, c.now) for c in found)
    marks: dict[str, list[str]] = {}
    for code in sorted(allowed):
        marks.setdefault(code, []).append(said("mark_allowed"))
    for change in found:
        if change.code == "category_removed" or not change.code.startswith(("category", "facts")):
            continue
        label = said("mark_new" if change.code == "category_added" else "mark_changed")
        if label not in marks.setdefault(change.about, []):
            marks[change.about].append(label)
    sentences = [said(f"earlier_{earlier}")]
    if not found:
        sentences.append(said("nothing_changed"))
    if earlier != "ended":
        sentences += [said("replaces"), said("declining")]
    return Again(
        tuple(sentences),
        said("heading"),
        told,
        tuple((code, tuple(labels)) for code, labels in sorted(marks.items())),
        (said("was"), said("now")),
    )


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return words
