"""Municipalities: three-digit codes and names of Statistics Finland's classification. Names are Finnish and Swedish; English uses the Finnish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from recommender.catalogue.text import Text

_NAMES: dict[str, list[str]] = json.loads(Path(__file__).with_name("municipalities.json").read_text(encoding="utf-8"))
MUNICIPALITIES: Mapping[str, Text] = MappingProxyType(
    {code: Text({"fi": fi, "sv": sv, "en": fi}) for code, (fi, sv) in sorted(_NAMES.items())}
)
# The municipalities of the Åland Islands, which "the whole country but Åland" leaves out.
ALAND = frozenset(["035", "043", "060", "062", "065", "076", "170", "295", "318", "417", "438", "478", "736", "766", "771", "941"])
MAINLAND = tuple(code for code in MUNICIPALITIES if code not in ALAND)
_BY_NAME = {name.casefold(): code for code, names in _NAMES.items() for name in names}


def name(code: str, language: str) -> str:
    """The municipality's name, or the code itself where it is none of Finland's (a region `Rnn`)."""
    return MUNICIPALITIES[code][language] if code in MUNICIPALITIES else code


def by_name(text: str) -> str | None:
    """The code of the municipality of that Finnish or Swedish name."""
    return _BY_NAME.get(text.strip().casefold())
