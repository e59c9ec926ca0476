"""The HTML around a citizen's copy: the frame of its readable pages, and the page that a download is and that opens itself.

Both stand alone: one file, no network, no script but the opener's own, and a policy (Content Security Policy 3, hashes of what stands inline) that lets
nothing else run and nothing be sent. What the opener shows it parses and does not run.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aurora.ui import export_words

FOLDER = Path(__file__).resolve().parent / "static" / "aurora" / "export"
LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
# The program that opens a download without a browser, for whoever keeps one; it is in each zip too.
PROGRAM = "aurora_open.py"
NOTHING = "–"


def _style() -> str:
    return (FOLDER / "page.css").read_text(encoding="utf-8")


@cache
def _policy(*scripts: str) -> str:
    allowed = f"script-src {' '.join(map(_hash, scripts))}; " if scripts else ""
    return f"default-src 'none'; {allowed}style-src {_hash(_style())}; base-uri 'none'; form-action 'none'"


def begun(*, language: str, title: str) -> str:
    """The start of a readable page, up to and with its `main`."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_style()}</style>\n</head>\n<body>\n<main>\n"
    )


def ended() -> str:
    return "</main>\n</body>\n</html>\n"


def table(*, caption: str, heads: Iterable[str]) -> str:
    """The start of a table. On a narrow screen each row stands as a block, its cells under their heads (`data-head`)."""
    row = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in heads)
    return f"<table>\n<caption>{html.escape(caption)}</caption>\n<thead><tr>{row}</tr></thead>\n<tbody>\n"


def row(heads: Iterable[str], cells: Iterable[Iterable[str]], *, beneath: Iterable[tuple[str, Iterable[str]]] = ()) -> str:
    """One row; each cell is lines of plain text. `beneath`: (head, lines) of what is too long for a column, over the whole width."""
    heads = list(heads)
    made = "".join(_cell(head, lines) for head, lines in zip(heads, cells, strict=True))
    long = "".join(f'<tr class="beneath">{_cell(head, lines, span=len(heads))}</tr>\n' for head, lines in beneath)
    return f"<tr>{made}</tr>\n{long}"


def _cell(head: str, lines: Iterable[str], *, span: int = 1) -> str:
    said = list(lines)
    wide = f' colspan="{span}"' if span > 1 else ""
    empty = ' class="none"' if said == [NOTHING] else ""
    return f'<td{wide}{empty} data-head="{html.escape(head)}">{"".join(f"<p>{html.escape(line)}</p>" for line in said)}</td>'


def opener(*, head: Mapping[str, Any], pieces: Iterable[bytes], language: str) -> Iterator[bytes]:
    """A download: the page, what it must know, and the sealed pieces in base64, each on a line of its own. In pieces of about 1.4 MB."""
    yield _opener_head(language).encode()
    yield f'<script type="application/json" id="aurora-head">{json.dumps(head, separators=(",", ":"))}</script>\n'.encode()
    for piece in pieces:
        yield b'<script type="text/plain" class="piece">' + base64.b64encode(piece) + b"</script>\n"
    yield b'<p id="end" hidden></p>\n</body>\n</html>\n'


@cache
def _opener_head(language: str) -> str:
    script = (FOLDER / "open.mjs").read_text(encoding="utf-8")
    words = json.dumps({"names": LANGUAGES, "words": export_words.everything()["opener"]}, ensure_ascii=False).replace("<", "\\u003c")
    said = export_words.everything()["opener"]
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(said['title'][language])}</title>\n<style>{_style()}</style>\n"
        f'<script type="application/json" id="aurora-words">{words}</script>\n<script type="module">{script}</script>\n</head>\n<body>\n'
        f'<main><div id="opener"><noscript><p>{html.escape(said["noscript"][language])}</p></noscript></div>\n<div id="copy"></div></main>\n'
    )


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
