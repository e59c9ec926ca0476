"""What a citizen's copy says in words, from `export/words.json`: each text in fi, sv and en, since a copy is opened where no catalogue is.

The copy's JSON bears statements in all three; its pages are in the citizen's language, and the page that opens them in whichever is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aurora.ui.contexts import Text

FILE = Path(__file__).resolve().parent / "export" / "words.json"


@cache
def everything() -> Mapping[str, Any]:
    """The file as it is: `parts`, `fields`, `codes`, `statements`, `page`, `opener`."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def part(name: str) -> tuple[Text, Text]:
    """A part's title, and what it holds."""
    found = everything()["parts"][name]
    return found["title"], found["intro"]


def field(name: str) -> Text:
    """What stands above a column."""
    found: Text = everything()["fields"][name]
    return found


def code(found: str) -> Text:
    """A state or kind in words; one that has none stands for itself."""
    return everything()["codes"].get(found) or dict.fromkeys(("fi", "sv", "en"), found)


def page(name: str) -> Text:
    found: Text = everything()["page"][name]
    return found


def statements(values: Mapping[str, object]) -> Iterator[tuple[str, Text]]:
    """(topic, sentences) of what the law wants to be told beside the data. Raises `KeyError` for a value that a sentence names and is not given."""
    for topic, text in everything()["statements"]:
        yield topic, {language: words.format(**values) for language, words in text.items()}
