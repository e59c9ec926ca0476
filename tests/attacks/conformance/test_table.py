"""docs/agency/conformance.md against the suite's list of modules (modules.txt) and against the tests that there are: it cannot rot unseen."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.services import ROOT

PAGE = ROOT / "docs" / "agency" / "conformance.md"
HERE = Path(__file__).parent
BEGINNING = "fapi2-security-profile-final-"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _section(title: str) -> list[list[str]]:
    """The rows of the table under a heading, cell by cell."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]


def _modules() -> dict[str, list[str]]:
    lines = PAGE.read_text(encoding="utf-8").partition("\n## Authorization server")[2].partition("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if line.startswith("| ")]
    return {BEGINNING + row[0]: row[1:] for row in cells if row[0] != "module"}  # of two tables


@cache
def _tests_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def test_every_module_of_the_suite_is_in_the_table_and_no_other() -> None:
    listed = (HERE / "modules.txt").read_text().split()
    assert len(listed) == len(set(listed)) == 78
    assert list(_modules()) and set(_modules()) == set(listed)


@pytest.mark.parametrize("module", sorted(_modules()))
def test_a_module_has_a_test_or_a_reason(module: str) -> None:
    asks, tests, result = _modules()[module]
    assert asks and re.match(r"passes$|passes; .|not applicable: .|deviates: .", result), result
    if result.startswith("not applicable"):
        assert not tests
    else:
        own = "test_" + module.removeprefix(BEGINNING).replace("-", "_")
        assert own in [name for _, name in NAMED.findall(tests)], "a test of the module's own name"


def test_every_test_that_the_page_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 80
    gone = [(path, name) for path, name in named if not (ROOT / path).exists() or (name and name not in _tests_of(path))]
    assert not gone


def test_every_test_of_a_module_is_in_the_table() -> None:
    """A test here that is named after no module is a mistake, but for those that say so."""
    own = {"test_" + name.removeprefix(BEGINNING).replace("-", "_") for name in _modules()}
    others = {"test_client_credentials", "test_nothing_of_a_request_passes_by_the_browser"}
    for file in HERE.glob("test_*.py"):
        if file != Path(__file__):
            assert _tests_of(str(file.relative_to(ROOT))) <= own | others, file


def test_the_families_of_attacks_have_their_files() -> None:
    families = _section("Attacks")
    assert len(families) >= 17
    for family, tests in families:
        assert NAMED.findall(tests), family
