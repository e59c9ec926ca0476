"""No cell of a file that Aurora hands out is run by a spreadsheet."""

from __future__ import annotations

import csv
import io
import re

import pytest

from aurora.ui import sheets
from tests.support.services import ROOT


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "|calc", "%x", "＝1"], ids=ascii)
def test_what_would_be_a_formula_is_text(text: str) -> None:
    [[first, second]] = csv.reader(io.StringIO(sheets.lines([[text, "safe"]]), newline=""))
    assert (first, second) == (f"'{text}", "safe")


def test_other_values_stay_as_they_are() -> None:
    row = ["a=b", "", 7, 'x, "y"\nz', "Åbo"]
    assert list(csv.reader(io.StringIO(sheets.lines([row]), newline=""))) == [[str(value) for value in row]]


def test_no_file_is_written_past_it() -> None:
    writers = {
        str(path.relative_to(ROOT))
        for room in ("aurora", "consent", "recommender")
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts and re.search(r"csv\.(writer|DictWriter)\(", path.read_text(encoding="utf-8"))
    }
    assert writers == {"aurora/ui/sheets.py"}
