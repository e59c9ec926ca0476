"""Stylesheet, scripts and fonts: named by what they hold, kept for a year, packed where the browser takes it, and found by old pages too."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.templatetags.static import static

from aurora.ui import statics
from tests.support.cast import Cast, browser

CSS = "ui/aurora.css"
KEPT = "max-age=315360000, public, immutable"


def _get(path: str, **headers: str) -> Any:
    return browser().get(path, **headers)


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_each_file_is_kept_by_an_address_that_names_its_version(cast: Cast) -> None:
    page = _get("/en/").content.decode()
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(named) >= 3 and all(one.startswith(f"/static/{statics.version()}/") for one in named)
    for address in named:
        answer = _get(address)
        assert (answer.status_code, answer["Cache-Control"]) == (200, KEPT), address


def test_what_a_file_names_beside_itself_is_below_the_same_version(cast: Cast) -> None:
    css = (statics.FOLDER / CSS).read_text(encoding="utf-8")
    beside = re.findall(r'url\("?([^")]+)"?\)', css)
    fonts = {one for one in beside if one.endswith("woff2")}
    assert len(fonts) == 2
    for one in fonts:
        answer = _get(str(Path(static(CSS)).parent / one))
        assert (answer.status_code, answer["Cache-Control"]) == (200, KEPT), one
        assert "Content-Encoding" not in answer  # is packed as it is


@pytest.mark.parametrize("address", ["/static/ui/aurora.css", "/static/0123456789ab/ui/aurora.css"])
def test_pages_from_before_an_update_get_the_files_there_are_and_ask_again_soon(cast: Cast, address: str) -> None:
    answer = _get(address)
    assert _body(answer) == (statics.FOLDER / CSS).read_bytes()
    assert "immutable" not in answer["Cache-Control"] and "max-age=60" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["0123456789ab/", "0123456789ab/../settings.py", "0123456789ab/0123456789ab/ui/aurora.css", "0123456789ab/ui/", "0123456789abc/ui/aurora.css"])  # fmt: skip
def test_nothing_else_is_there(cast: Cast, path: str) -> None:
    assert _get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize("name", [CSS, "ui/aurora.js", "aurora/verify/check.mjs"])
def test_text_is_packed_where_the_browser_takes_it(cast: Cast, name: str) -> None:
    whole, packed = _get(static(name)), _get(static(name), HTTP_ACCEPT_ENCODING="gzip, deflate, br")
    assert "Content-Encoding" not in whole and packed["Content-Encoding"] == "gzip"
    assert whole["Vary"] == packed["Vary"] == "Accept-Encoding" and whole["Content-Type"] == packed["Content-Type"]
    assert (
        gzip.decompress(packed.content) == _body(whole)
        and int(packed["Content-Length"]) == len(packed.content) < len(_body(_get(static(name)))) / 2
    )
    assert packed["Cache-Control"] == KEPT and packed["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_browser_may_decline_and_ask_for_a_part_or_the_head_alone(cast: Cast) -> None:
    address = static(CSS)
    assert "Content-Encoding" not in _get(address, HTTP_ACCEPT_ENCODING="gzip;q=0, identity")
    part = _get(address, HTTP_ACCEPT_ENCODING="gzip", HTTP_RANGE="bytes=0-9")
    assert part.status_code == 206 and len(_body(part)) == 10 and "Content-Encoding" not in part
    head = browser().head(address, HTTP_ACCEPT_ENCODING="gzip")
    assert head.content == b"" and int(head["Content-Length"]) == len(_get(address, HTTP_ACCEPT_ENCODING="gzip").content)
    again = _get(address, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=head["ETag"])
    assert again.status_code == 304 and again["Cache-Control"] == KEPT


def test_the_version_is_another_when_a_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = []
    monkeypatch.setattr(statics, "FOLDER", tmp_path)
    for name, text in (("a.css", "x"), ("a.css", "y"), ("b.css", "y"), ("b.css", "y")):
        for old in tmp_path.iterdir():
            old.unlink()
        (tmp_path / name).write_text(text)
        found.append(statics.version.__wrapped__())
    assert len(set(found)) == 3 and found[2] == found[3] and all(len(one) == statics.LETTERS for one in found)
