"""The rules of `docs/consent-screens.md`: each names tests that exist; and those of them that a template can break and no other test reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import translation
from django.utils.translation import gettext

from tests.ui.reading import Drawn, parse

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "consent-screens.md"
LANGUAGES = ("fi", "sv", "en")
NEEDED = {"connect", "authorize", "withdraw-access", "consents", "consents-acting", "entry"}


def _rows() -> Iterator[tuple[str, list[str]]]:
    """Each rule with the tests that its last cell names."""
    told = DOCUMENT.read_text(encoding="utf-8").partition("\n## Not kept")[0]
    for line in told.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[0] != "rule" and not set(cells[0]) <= {"-", "|"}:
            yield cells[0], re.findall(r"`(tests/[^`]+)`", cells[2])


def test_every_rule_stands_there_with_a_test() -> None:
    rows = list(_rows())
    assert [int(rule.partition(".")[0]) for rule, _ in rows if rule[0].isdigit()] == list(range(1, 23))
    assert len(rows) == 22 + 4 + 7 and all(tests for _, tests in rows)


@pytest.mark.parametrize("named", sorted({test for _, tests in _rows() for test in tests}))
def test_a_test_that_is_named_exists(named: str) -> None:
    file, _, function = named.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert function in tests if function else tests


@pytest.fixture(scope="module")
def some() -> dict[tuple[str, str], Drawn]:
    """The few examples that are read here, in every language."""
    from aurora.ui.gallery import draw

    drawn = {}
    with override_settings(ROOT_URLCONF="aurora.ui.gallery.urls"):
        for language in LANGUAGES:
            for example in draw.examples(language):
                if example.name in NEEDED or example.acting_for:
                    html = draw.html(example, language)
                    drawn[example.name, language] = Drawn(example.name, language, example.template, False, html, parse(html))
    return drawn


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("page", "host"), [("authorize", "office.example"), ("connect", "tax.example")])
def test_a_redirect_is_announced_with_its_host_and_no_password_is_asked_for(
    some: dict[tuple[str, str], Drawn], page: str, host: str, language: str
) -> None:
    shown = some[page, language]
    assert host in shown.html and shown.html.index(host) < shown.html.index('value="allow"')
    assert not [field for field in shown.page.all("input") if field.attributes.get("type") == "password"]


@pytest.mark.parametrize("page", ["authorize", "connect", "withdraw-access"])
def test_declining_and_withdrawing_need_no_field(some: dict[tuple[str, str], Drawn], page: str) -> None:
    """Nothing to write, nothing that the browser or the page demands before the button does its work."""
    fields = some[page, "en"].page.all("input", "textarea", "select")
    assert not [f for f in fields if "required" in f.attributes]
    assert not some[page, "en"].page.all("textarea")
    if page == "withdraw-access":
        assert {f.attributes.get("type") for f in fields} == {"hidden"}


WARNINGS = (
    "They see what you decide here, and when you look at their data.",
    "The other administrators of the estate see what you end here, and when you look at the data.",
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_acts_is_told_on_every_page_that_the_person_sees_it(some: dict[tuple[str, str], Drawn], language: str) -> None:
    """Of somebody dead, that the others who administer the estate do."""
    acting = [d for (_, code), d in some.items() if code == language and 'class="au-acting"' in d.html]
    with translation.override(language):
        warnings = [gettext(warning) for warning in WARNINGS]
    assert len(acting) > 5 and len(set(warnings)) == 2
    for shown in acting:
        bar = next(e for e in shown.page.elements if e.attributes.get("class") == "au-acting")
        assert any(warning in " ".join(bar.text.split()) for warning in warnings), shown.name
        assert [e for e in shown.page.all("button") if e.attributes.get("class") == "au-acting__stop"], shown.name
