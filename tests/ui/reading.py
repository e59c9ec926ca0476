"""A page as the elements that the tests ask about, and where the tools lie."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FRONTEND = Path(__file__).resolve().parents[2] / "aurora" / "ui" / "frontend"
VOID = {"meta", "link", "input", "br", "img", "circle", "path", "rect", "stop"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    ancestors: tuple[Element, ...]
    text: str = ""

    def inside(self, tag: str) -> Element | None:
        return next((a for a in reversed(self.ancestors) if a.tag == tag), None)


@dataclass
class Page:
    elements: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> list[Element]:
        return [e for e in self.elements if e.tag in tags]

    def ids(self) -> list[str]:
        return [e.attributes["id"] for e in self.elements if "id" in e.attributes]


@dataclass(frozen=True)
class Drawn:
    """One example in one language."""

    name: str
    language: str
    template: str
    has_errors: bool
    html: str
    page: Page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, tuple(self.open))
        self.page.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append(Element(tag, {k: v or "" for k, v in attrs}, tuple(self.open)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open and self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag if self.open else 'nothing'}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        # A script's data are nobody's to read but its own.
        for element in self.open[-1:] if self.open and self.open[-1].tag == "script" else self.open:
            element.text += data


def parse(html: str) -> Page:
    """Raises AssertionError where an element is not closed in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open, f"left open: {[e.tag for e in reader.open]}"
    return reader.page
