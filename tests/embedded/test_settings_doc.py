"""The table of settings names every variable that is read, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_variable_stands_in_the_table() -> None:
    read = set(re.findall(r'"((?:AURORA_|DATABASE_|BROKER_|CACHE_|EMAIL_|OTEL_)[A-Z_]+)"', (ROOT / "aurora/env.py").read_text()))
    told = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", (ROOT / "docs/operations/settings.md").read_text()))
    assert len(read) > 20
    assert told == read
