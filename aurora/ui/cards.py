"""The cards of models and datasets as blocks that a page can show: what they use of Markdown, and no more. Nothing of a card is HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

_RULE = re.compile(r"[|:\- ]+")


@dataclass(frozen=True, slots=True)
class Block:
    """`kind`: "heading", "text", "list" (`rows` of one cell), "table" (`rows`, of which the first is the head where `head`; `text` is the heading above)."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    head: bool = False


def blocks(card: str) -> tuple[Block, ...]:
    """In order. Its first heading is left out: the page has one of its own."""
    found = [block for kind, lines in groupby(card.splitlines(), key=_kind) for block in _made(kind, list(lines))]
    under = ""
    for at, block in enumerate(found):
        if block.kind == "heading":
            under = block.text
        elif block.kind == "table":
            found[at] = replace(block, text=under)
    return tuple(found[1:] if found and found[0].kind == "heading" else found)


def _kind(line: str) -> str:
    bare = line.strip()
    if not bare:
        return ""
    if bare.startswith("#"):
        return "heading"
    return "table" if bare.startswith("|") else "list" if bare.startswith(("- ", "* ")) else "text"


def _made(kind: str, lines: list[str]) -> Iterator[Block]:
    if kind == "heading":
        yield from (Block("heading", _plain(line.lstrip("# "))) for line in lines)
    elif kind == "text":
        yield Block("text", _plain(" ".join(line.strip() for line in lines)))
    elif kind == "list":
        yield Block("list", rows=tuple((_plain(line.strip()[2:]),) for line in lines))
    elif kind == "table":
        rows = tuple(
            tuple(_plain(cell) for cell in line.strip().strip("|").split("|")) for line in lines if not _RULE.fullmatch(line.strip())
        )
        # A first line of empty cells is how Markdown says that there is no head.
        headed = len(lines) > 1 and _is_rule(lines[1]) and not _is_rule(lines[0])
        yield Block("table", rows=rows, head=headed)


def _is_rule(line: str) -> bool:
    return _RULE.fullmatch(line.strip()) is not None


def _plain(text: str) -> str:
    return text.strip().replace("`", "").replace("**", "")
