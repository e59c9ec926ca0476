"""The list for auditors (docs/security/asvs.md) is whole, and what it names is there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "security"
CHAPTERS = sorted((DOCS / "asvs").glob("V*.md"))
STATES = {"met", "surroundings", "not applicable", "not met"}
# Ids and levels of the standard that are asked for: levels 1 and 2 of all, level 3 of V6, V7, V8, V11, V16.
LEVELS = dict(line.split() for line in (ROOT / "tests/architecture/asvs_levels.txt").read_text(encoding="utf-8").splitlines())
_PLACES = ("aurora", "consent", "recommender", "tests", "docs", "bench", "deploy", "manage.py", "pyproject.toml", "Makefile")


@dataclass(frozen=True)
class Row:
    id: str
    level: str
    about: str
    state: str
    where: str
    evidence: str


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@cache
def rows() -> tuple[Row, ...]:
    found = []
    for file in CHAPTERS:
        for line in file.read_text(encoding="utf-8").splitlines():
            if re.match(r"\| \d", line):
                cells = _cells(line)
                assert len(cells) == 6, line
                found.append(Row(*cells[:3], cells[3].strip("*"), *cells[4:]))
    return tuple(found)


def _named(text: str) -> list[str]:
    return [one for one in re.findall(r"`([^`]+)`", text) if re.match(rf"({'|'.join(map(re.escape, _PLACES))})(/|:|\Z)", one)]


def test_each_requirement_stands_there_once_with_its_level() -> None:
    assert len(LEVELS) == 283 and Counter(LEVELS.values()) == {"1": 70, "2": 183, "3": 30}
    assert Counter(row.id for row in rows()) == Counter(LEVELS.keys())
    assert {row.id: row.level for row in rows()} == LEVELS
    for file in CHAPTERS:
        number = int(file.stem[1:])
        assert {
            int(_cells(line)[0].split(".")[0]) for line in file.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)
        } == {number}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_row_says_how_it_stands_and_why(row: Row) -> None:
    assert row.state in STATES and row.about
    if row.state == "met":
        assert _named(row.where) or _named(row.evidence), "what is met is met somewhere"
    elif row.state == "surroundings":
        assert re.search(r"[A-Z]+_[A-Z_]+|proxy|operator", row.where), "by which setting, or by what around it?"
    else:
        assert len(row.where) > 4, "a reason"
    for one in _named(f"{row.where} {row.evidence}"):
        _is_there(one)
    for setting in re.findall(r"`((?:AURORA_|DATABASE_|BROKER_|CACHE_|EMAIL_)[A-Z_]+)`", f"{row.where} {row.evidence}"):
        assert f"`{setting}`" in (ROOT / "docs/operations/settings.md").read_text(encoding="utf-8"), setting


def _is_there(one: str) -> None:
    name, _, test = one.partition("::")
    file, _, symbol = name.partition(":")
    assert (ROOT / file).exists(), one
    if test:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), one
    if symbol:
        assert re.search(rf"^\s*(def |class )?{symbol}\b", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), one


def test_the_index_counts_right() -> None:
    index = (DOCS / "asvs.md").read_text(encoding="utf-8")
    counted: dict[str, list[int]] = {}
    for row in rows():
        for key in (row.id.split(".")[0], "all"):
            of = counted.setdefault(key, [0] * 5)
            of[0] += 1
            of[1 + ["met", "surroundings", "not applicable", "not met"].index(row.state)] += 1
    told = {}
    for line in index.splitlines():
        if found := re.match(r"\| (?:\[V(\d+):|(all))", line):
            told[found[1] or "all"] = [int(cell) for cell in _cells(line)[1:]]
    assert told == counted


def test_the_index_lists_all_that_is_not_met() -> None:
    listed = re.findall(r"^\| \[([\d.]+)\]", (DOCS / "asvs.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [row.id for row in rows() if row.state == "not met"]


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(DOCS).as_posix())
def test_what_a_page_names_and_links_to_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for one in _named(text):
        _is_there(one)
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link
