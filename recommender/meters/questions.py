"""The ten questions, as citizens read them: what each meter asks, in Finnish, Swedish and English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from recommender.facts import METERS

_READ: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("questions.json").read_text(encoding="utf-8"))
QUESTIONS: Mapping[str, Mapping[str, str]] = MappingProxyType({meter: _READ[meter] for meter in METERS})
