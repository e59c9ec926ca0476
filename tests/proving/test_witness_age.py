"""How old the newest signature of a witness is: always said, and warned of once it is more than a day older than the bundle."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.proving.test_offline_page import _check, browser, files, page
from tests.support import log_vectors
from tests.support.log_world import COSIGNED, DAY, LOG, SIZE, WITNESSING, Tree, world

__all__ = ["browser", "files", "page"]


@pytest.fixture
def stale(tmp_path: Path) -> Path:
    """Made on 24 November 2026, a year after a witness last signed it."""
    today: dict[str, Any] = json.loads(log_vectors.FILE.read_text(encoding="utf-8"))["bundles"]["today"]
    tree: Tree = world()[0]
    file = tmp_path / "stale.json"
    note = tree.head(SIZE, LOG, WITNESSING, time=COSIGNED - 365 * DAY)
    file.write_text(json.dumps({**today, "checkpoint": note}), encoding="utf-8")
    return file


def test_the_program_says_how_old_it_is_and_is_not_content_with_an_old_one(
    program: ModuleType, stale: Path, files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    known = ["--key", LOG.vkey, "--witness", WITNESSING.vkey]
    assert program.main([str(files["today.json"]), *known]) == 0
    assert "Newest signature of a witness: 2026-11-24 07:00 UTC. The bundle was made: 2026-11-24 08:09 UTC." in capsys.readouterr().out
    for trusted in (known, []):
        assert program.main([str(stale), *trusted]) == 3
        said = capsys.readouterr().out
        assert "witness_old: The newest signature of a witness is more than a day older" in said and "2025-11-24 07:00 UTC" in said
    assert program.main([str(files["earlier.json"])]) == 0
    assert "Newest signature" not in capsys.readouterr().out, "nobody has signed that one"


def test_a_witnesss_clock_that_is_none_stops_nothing(program: ModuleType, stale: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = json.loads(stale.read_text(encoding="utf-8"))
    stale.write_text(json.dumps({**bundle, "checkpoint": world()[0].head(SIZE, LOG, WITNESSING, time=2**53 - 1)}), encoding="utf-8")
    assert program.main([str(stale)]) == 0
    assert "Newest signature of a witness: at no time." in capsys.readouterr().out


def test_the_page_says_how_old_it_is_and_warns(page: Page, stale: Path, files: dict[str, Path]) -> None:
    result = _check(page, files["today.json"])
    expect(result).to_contain_text("The newest signature of a witness was given on 24 November 2026 at")
    expect(result).to_contain_text("Your log is whole and true")
    result = _check(page, stale)
    expect(result).to_contain_text("What could be checked holds, but not everything could be checked")
    expect(result.locator(".au-banner")).to_contain_text("The newest signature of a witness is more than a day older than the bundle")
    expect(result).to_contain_text("The newest signature of a witness was given on 24 November 2025 at")
    for language, sentence in (
        ("Suomi", "Todistajan uusin allekirjoitus on yli"),
        ("Svenska", "Den senaste underskriften av ett vittne är"),
    ):
        page.get_by_role("button", name=language).click()
        expect(page.locator("#result .au-banner")).to_contain_text(sentence)
    page.get_by_role("button", name="English").click()
