"""Markdown as docs/agency is written in it, as HTML of the design system. Not a general reader: what it does not know stays text, escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import zip_longest

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_INLINE = re.compile(r"(`[^`]+`)")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_ITEM = re.compile(r"(?:- (?:\[ \] )?|(\d+)\. )")
Address = Callable[[str], str]


def inline(text: str, address: Address) -> SafeString:
    """Code, bold and links. `address(target)`: where a link leads, "" where there is nothing to lead to: then its words alone."""
    parts = _INLINE.split(text)
    said = "".join(_code(part) if number % 2 else _plain(part, address) for number, part in enumerate(_joined(parts, text)))
    return mark_safe(said)  # noqa: S308 - each piece is escaped in _plain and _code


def _joined(parts: list[str], text: str) -> list[str]:
    return parts if "](" not in text or not re.search(r"\[[^\]]*`[^\]]*\]\(", text) else [text.replace("`", "")]


def _code(part: str) -> str:
    return f'<code class="au-code">{escape(part.strip("`"))}</code>'


def _plain(part: str, address: Address) -> str:
    said, at = "", 0
    for found in _LINK.finditer(part):
        said += escape(part[at : found.start()])
        target = address(found[2])
        words = escape(found[1])
        said += f'<a class="govuk-link" href="{escape(target)}">{words}</a>' if target else words
        at = found.end()
    return _BOLD.sub(r"<strong>\1</strong>", said + escape(part[at:]))


def page(text: str, address: Address) -> SafeString:
    """A whole document without its first heading."""
    return mark_safe("\n".join(_blocks(text, address)))  # noqa: S308 - see inline


def title(text: str) -> str:
    """The first heading."""
    return next((line[2:].strip() for line in text.splitlines() if line.startswith("# ")), "")


def _blocks(text: str, address: Address) -> Iterator[str]:
    lines, under = text.splitlines(), title(text)
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        block = lines[at:end]
        if block[0].startswith("#"):
            under = block[0].lstrip("#").strip()
        if block[0].startswith("|"):
            yield _table(block, address, under)
        elif block[0].strip():
            yield _block(block, address)
        at = end


def _end(lines: list[str], at: int) -> int:
    """Where the block that begins at a line ends: at a blank line, but a fenced one at its fence and a list at what is no more of it."""
    first = lines[at]
    if first.startswith("```"):
        return next((n + 1 for n in range(at + 1, len(lines)) if lines[n].startswith("```")), len(lines))
    if first.startswith("#") or not first.strip():
        return at + 1
    in_list, end = bool(_ITEM.match(first)), at + 1
    while end < len(lines) and not lines[end].startswith(("#", "```")):
        if not lines[end].strip():
            goes_on = in_list and end + 1 < len(lines) and (lines[end + 1].startswith("   ") or _ITEM.match(lines[end + 1]))
            if not goes_on:
                break
        elif not in_list and (_ITEM.match(lines[end]) or (lines[end].startswith("|") and not first.startswith("|"))):
            break
        end += 1
    return end


def _block(block: list[str], address: Address) -> str:
    first = block[0]
    if first.startswith("```"):
        return _fenced(block[1:-1])
    if first.startswith("# "):
        return ""
    if first.startswith("#"):
        level, words = first.split(" ", 1)
        size = "m" if len(level) == 2 else "s"
        return f'<h{len(level)} class="govuk-heading-{size}">{inline(words, address)}</h{len(level)}>'
    if found := _ITEM.match(first):
        return _list(block, address, ordered=bool(found[1]))
    return f'<p class="govuk-body au-measure">{inline(" ".join(line.strip() for line in block), address)}</p>'


def _fenced(lines: list[str]) -> str:
    return f'<pre class="au-code au-checkpoint" tabindex="0">{escape(chr(10).join(lines))}</pre>'


def _table(block: list[str], address: Address, under: str) -> str:
    """`under`: the heading above it, which is what it is called where nobody sees where it stands."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block]
    head = "".join(f'<th scope="col" class="govuk-table__header">{inline(cell, address)}</th>' for cell in rows[0])
    body = "".join(
        '<tr class="govuk-table__row">'
        + "".join(_cell(name, cell, address) for name, cell in zip_longest(rows[0], row, fillvalue=""))
        + "</tr>"
        for row in rows[2:]
    )
    return (
        '<div class="au-table-card"><table class="govuk-table"><caption class="govuk-table__caption govuk-visually-hidden">'
        f'{escape(_bare(under))}</caption><thead class="govuk-table__head"><tr class="govuk-table__row">'
        f'{head}</tr></thead><tbody class="govuk-table__body">{body}</tbody></table></div>'
    )


def _cell(name: str, cell: str, address: Address) -> str:
    """One cell, with the name of its column for a narrow window."""
    return f'<td class="govuk-table__cell" data-label="{escape(_bare(name))}">{inline(cell, address)}</td>'


def _bare(text: str) -> str:
    """Without the marks of code, of bold and of links."""
    return _LINK.sub(r"\1", text).replace("`", "").replace("**", "")


def _list(block: list[str], address: Address, *, ordered: bool) -> str:
    items: list[list[str]] = []
    for line in block:
        found = _ITEM.match(line)
        if found:
            items.append([line[found.end() :]])
        else:
            items[-1].append(line[3:] if line.startswith("   ") else line.strip())
    tag, kind = ("ol", "number") if ordered else ("ul", "bullet")
    inside = "".join(f"<li>{_item(lines, address)}</li>" for lines in items)
    return f'<{tag} class="govuk-list govuk-list--{kind} au-measure">{inside}</{tag}>'


def _item(lines: list[str], address: Address) -> str:
    """Its words, and what code stands below them."""
    fence = next((n for n, line in enumerate(lines) if line.startswith("```")), None)
    words = inline(" ".join(line.strip() for line in lines[:fence] if line.strip()), address)
    if fence is None:
        return words
    end = next((n for n in range(fence + 1, len(lines)) if lines[n].startswith("```")), len(lines))
    rest = inline(" ".join(line.strip() for line in lines[end + 1 :] if line.strip()), address)
    return f"{words}{_fenced(lines[fence + 1 : end])}{rest}"
