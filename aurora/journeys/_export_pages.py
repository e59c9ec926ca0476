"""The readable half of a copy: `index.html` and, of long parts, further pages; for a person, without a network, in their language."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.utils import timezone

from aurora.journeys._export_part import Asked, Part, Record
from aurora.journeys._export_read import Reader
from aurora.ui import export_page, export_words, formats

INDEX = "index.html"
ROWS = 500  # a table; a browser on a phone draws them in a moment


@dataclass
class Long:
    """The parts that go on beyond their first table, in order; found while the index is written."""

    parts: list[Part] = field(default_factory=list)


def index(asked: Asked, parts: Iterable[Part], *, name: str, long: Long, reached: Callable[[Part], None]) -> Iterator[bytes]:
    """The first page: contents, then each part with its first rows."""
    reader, parts = Reader(asked.language), tuple(parts)
    own = asked.doing is None
    at = formats.moment(timezone.localtime(asked.now))
    title = reader.text(export_words.page("title")) if own else reader.text(export_words.page("title_of")).format(name=name)
    yield export_page.begun(language=asked.language, title=title).encode()
    lead = reader.text(export_words.page("lead" if own else "lead_of")).format(at=at)
    yield (
        f'<h1>{html.escape(title)}</h1>\n<p class="lead">{html.escape(lead)}</p>\n'
        f'<p class="note">{_said(reader, "private")}</p>\n<p>{_said(reader, "machine")}</p>\n'
        + (f"<p>{_said(reader, 'proofs')}</p>\n" if own else "")
    ).encode()
    items = "".join(f'<li><a href="#{part.name}">{html.escape(_title(reader, part))}</a></li>' for part in parts)
    heading = html.escape(reader.text(export_words.page("contents")))
    yield f'<nav aria-labelledby="contents"><h2 id="contents">{heading}</h2>\n<ul>{items}</ul></nav>\n'.encode()
    for part in parts:
        reached(part)
        yield from _section(asked, reader, part, long)
    yield export_page.ended().encode()


def further(asked: Asked, part: Part) -> Iterator[tuple[str, Iterator[bytes]]]:
    """(name, pieces) of each further page of one part. Each must be taken whole before the next."""
    reader, rows, number = Reader(asked.language), part.records(asked), 2
    next(islice(rows, ROWS - 1, ROWS), None)  # the index has these
    held = list(islice(rows, ROWS))
    while held:
        after = list(islice(rows, ROWS))
        yield f"pages/{part.name}-{number}.html", _page(asked, reader, part, number, held, more=bool(after))
        held, number = after, number + 1


def _page(asked: Asked, reader: Reader, part: Part, number: int, held: list[Record], *, more: bool) -> Iterator[bytes]:
    title = f"{_title(reader, part)} ({number})"
    yield export_page.begun(language=asked.language, title=title).encode()
    yield f'<h1>{html.escape(title)}</h1>\n<p><a href="../{INDEX}#{part.name}">{_said(reader, "back")}</a></p>\n'.encode()
    yield from _table(reader, part, held)
    if more:
        yield _onward(reader, f"{part.name}-{number + 1}.html", number + 1).encode()
    yield export_page.ended().encode()


def _section(asked: Asked, reader: Reader, part: Part, long: Long) -> Iterator[bytes]:
    rows = part.records(asked)
    held = list(islice(rows, ROWS))
    more = next(rows, None) is not None
    intro = html.escape(reader.text(export_words.part(part.name)[1]))
    yield f'<section aria-labelledby="{part.name}"><h2 id="{part.name}">{html.escape(_title(reader, part))}</h2>\n<p>{intro}</p>\n'.encode()
    if held:
        yield from _table(reader, part, held)
    else:
        yield f"<p>{_said(reader, 'nothing')}</p>\n".encode()
    if more:
        long.parts.append(part)
        yield _onward(reader, f"pages/{part.name}-2.html", 2).encode()
    yield b"</section>\n"


def _table(reader: Reader, part: Part, held: list[Record]) -> Iterator[bytes]:
    shown = [one for one in part.fields if one.shown and one.kind != "prose"]
    long = [one for one in part.fields if one.shown and one.kind == "prose"]
    heads = [reader.text(export_words.field(one.name)) for one in shown]
    yield export_page.table(caption=_title(reader, part), heads=heads).encode()
    for found in held:
        beneath = [(reader.text(export_words.field(one.name)), reader.says(one, found)) for one in long if found.get(one.name)]
        yield export_page.row(heads, (reader.says(one, found) for one in shown), beneath=beneath).encode("utf-8", "replace")
    yield b"</tbody>\n</table>\n"


def _onward(reader: Reader, address: str, number: int) -> str:
    words = reader.text(export_words.page("more")).format(page=number)
    return f'<p><a href="{address}">{html.escape(words)}</a></p>\n'


def _title(reader: Reader, part: Part) -> str:
    return reader.text(export_words.part(part.name)[0])


def _said(reader: Reader, name: str) -> str:
    return html.escape(reader.text(export_words.page(name)))
