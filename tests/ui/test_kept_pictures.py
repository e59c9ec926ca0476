"""Pictures kept in docs: what the tool makes of a page, and that the index is true."""

from __future__ import annotations

import base64
import re
import struct
from pathlib import Path

from playwright.sync_api import Browser

from aurora.ui.gallery import keep

KEPT = Path(__file__).resolve().parents[2] / "docs" / "screenshots"


def test_a_page_becomes_a_small_picture_cut_where_it_is_too_long_and_the_same_each_time(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 321, "height": 300})
    page.set_content("<body style='margin:0;background:#035'><p style='color:white;height:5000px'>Aurora")
    taken = page.screenshot(full_page=True)

    made = keep.smaller(page, taken)
    page.set_content(f"<body style='margin:0'><img src='data:image/png;base64,{base64.b64encode(made).decode()}'>")
    shown = page.evaluate("() => { const one = document.images[0]; return [one.naturalWidth, one.naturalHeight] }")

    assert shown == [321, keep.LONGEST]
    assert struct.unpack(">II", made[16:24]) == (321, keep.LONGEST)
    assert len(made) < len(taken)
    assert keep.smaller(browser.new_page(), taken) == made


def test_a_painting_keeps_more_shades(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 200})
    page.set_content("<body style='margin:0;height:200px;background:linear-gradient(90deg,#000,#08f)'>")
    taken = page.screenshot(full_page=True)

    def colours(made: bytes) -> int:
        return int(
            page.evaluate(
                """async (png) => { const one = new Image(); one.src = "data:image/png;base64," + png; await one.decode();
                const canvas = document.createElement("canvas"); canvas.width = one.width; canvas.height = one.height;
                const pen = canvas.getContext("2d"); pen.drawImage(one, 0, 0);
                return new Set(new Uint32Array(pen.getImageData(0, 0, one.width, one.height).data.buffer)).size }""",
                base64.b64encode(made).decode(),
            )
        )

    assert colours(keep.smaller(page, taken)) <= keep.COLOURS < colours(keep.smaller(page, taken, painted=True)) <= keep.SHADES


def test_the_index_names_each_picture_with_its_page_and_heading(tmp_path: Path) -> None:
    for language, width in (("en", 320), ("fi", 320), ("en", 1280)):
        target = keep.kept_at(tmp_path, "home", language, width)
        target.parent.mkdir(exist_ok=True)
        target.touch()

    keep.write_index(tmp_path, {"home": keep.heading("<h1 class='x'>Help &amp; <b>words</b></h1>"), "other": "Nothing kept"})

    said = (tmp_path / keep.INDEX).read_text()
    assert "| `home` | Help & words | [320](320/home.png), [1280](1280/home.png), [320 fi](320/home.fi.png) |" in said
    assert "other" not in said


def test_each_kept_picture_is_in_the_index_and_each_link_leads_to_one() -> None:
    linked = set(re.findall(r"\]\((\d+/[^)]+\.png)\)", (KEPT / keep.INDEX).read_text()))
    kept = {str(path.relative_to(KEPT)) for path in KEPT.glob("[0-9]*/*.png")}
    assert linked == kept
    assert kept


def test_the_kept_pictures_stay_small() -> None:
    assert sum(path.stat().st_size for path in KEPT.glob("[0-9]*/*.png")) < 12_000_000
