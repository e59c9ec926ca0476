"""What is shipped: small, complete, built from its sources, and free of other people's servers."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

import aurora.ui

ROOT = Path(aurora.ui.__file__).parent
STATIC = ROOT / "static" / "ui"
FRONTEND = ROOT / "frontend"
# Bytes over the wire, gzipped.
BUDGETS = {"aurora.css": 30_000, "aurora.js": 35_000}


@pytest.mark.parametrize("name", BUDGETS)
def test_what_each_page_loads_keeps_its_budget(name: str) -> None:
    assert 1_000 < len(gzip.compress((STATIC / name).read_bytes(), 9)) < BUDGETS[name]


def test_the_stylesheet_asks_only_for_what_lies_beside_it() -> None:
    css = (STATIC / "aurora.css").read_text(encoding="utf-8")
    asked = re.findall(r"url\([\"']?([^\"')]+)", css)
    assert asked and all((STATIC / name).is_file() for name in asked), asked
    assert "@import" not in css and "GDS Transport" not in css


def test_every_class_in_the_templates_of_ours_is_styled() -> None:
    css = (STATIC / "aurora.css").read_text(encoding="utf-8")
    styled = set(re.findall(r"\.(au-[\w-]+)", css))
    used: set[str] = set()
    for path in (*(ROOT / "templates").rglob("*.html"), ROOT / "templatetags" / "aurora.py"):
        used |= set(re.findall(r"(?<![\w#/-])(au-[a-z_-]+[a-z])(?=[\"' {])", re.sub(r'id(=|="\w*)"[^"]*"', "", path.read_text())))
    used -= {"au-logo", "au-lost-logo"}
    assert len(used) > 40
    assert used - styled == set()


def test_what_is_committed_is_what_its_sources_give(tmp_path: Path) -> None:
    assert (FRONTEND / "node_modules").is_dir(), "run `npm ci` in aurora/ui/frontend first (make test does)"
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=FRONTEND, check=True, capture_output=True, timeout=600)
    for name in (
        "aurora.css",
        "aurora.js",
        "fonts/source-sans-3-latin.woff2",
        "fonts/source-sans-3-latin-ext.woff2",
        "fonts/LICENSE.txt",
    ):
        assert (tmp_path / name).read_bytes() == (STATIC / name).read_bytes(), name


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for name, package in packages.items() if name)
