"""What a citizen's copy says in words, from `export/words.json`: each text in fi, sv and en, since a copy is opened where no catalogue is.

The copy's JSON bears statements in all three; its pages are in the citizen's language, and the page that opens them in whichever is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

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


def why(code: str) -> str:
    """Why a copy was not made, or is there no more, on the portal's page. "" for what has no words."""
    sentences = {
        "no_room": _("There was no room for the file. Try again later; those who run Aurora see that their disk is full."),
        "gave_up": _("Making the copy was broken off again and again. Ask for a new one."),
        "busy": _("Making the copy was broken off again and again. Ask for a new one."),
        "unreadable": _("Something that Aurora holds could not be opened, so the copy would not have been whole. Those who run Aurora must look into it."),
        "mandate_over": _("The right to act for this person ended before the copy was made."),
        "run_out": _("The week was over, and the file was deleted."),
        "fetched": _("The file had been downloaded three times, and was deleted."),
        "deleted": _("The file was deleted by your wish."),
        "replaced": _("A newer copy took its place."),
        "lost": _("The file was no longer there. Ask for a new one."),
    }  # fmt: skip
    return sentences.get(code, "")
