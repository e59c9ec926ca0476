"""What docs/agency says, as pages. An installation that was not given the folder has fewer pages, and says so by having none."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from aurora.ui.developers import marked

FOLDER = Path(settings.BASE_DIR) / "docs" / "agency"
# By the page's name: the file, and its heading in the index.
FILES = {
    "first-hour": "README.md",
    "grants": "grants.md",
    "resource-servers": "resource-servers.md",
    "uses": "uses.md",
    "sources": "sources.md",
    "pushing": "pushing.md",
    "evaluators": "evaluators.md",
    "versions": "versions.md",
    "conformance": "conformance.md",
}
# What is a page of its own, since its document would be longer than a page may be: by the page's name the document's, and the heading there.
CHAPTERS = {
    "conformance-modules": ("conformance", "Modules that apply"),
    "conformance-others": ("conformance", "Modules that do not apply, and why"),
}
_NAMES = {file: name for name, file in FILES.items()}
# The guide's tables of codes have pages of their own here.
_OF_PROBLEMS = re.compile(r"\n## Problems\n.*?(?=\n## )", re.DOTALL)


def names() -> list[str]:
    """The documents that there are."""
    return [name for name, file in FILES.items() if (FOLDER / file).is_file()]


def is_there(name: str) -> bool:
    """Whether it is the page of a document or of a chapter."""
    return CHAPTERS.get(name, (name, ""))[0] in names()


def whole(name: str) -> str:
    """The document of which a page is a chapter, "" for a document."""
    return CHAPTERS[name][0] if name in CHAPTERS else ""


def title(name: str) -> str:
    return marked.title(_text(name))


def body(name: str) -> SafeString:
    """A document or a chapter as HTML, in the active language's addresses. `is_there(name)`."""
    return marked.page(_OF_PROBLEMS.sub("", _text(name)), address)


def address(target: str) -> str:
    """Where a link of a document leads: another one of them, an https address, or nowhere from here."""
    file, _, _ = target.partition("#")
    if file in CHAPTERS:
        return reverse("portal:developers_document", args=[file])
    if file == "../decisions/limits.md":
        return reverse("portal:developers_limits")
    if file in _NAMES and (FOLDER / file).is_file():
        return reverse("portal:developers_document", args=[_NAMES[file]])
    return target if target.startswith("https://") else ""


@cache
def _text(name: str) -> str:
    """With a link in place of each chapter that is a page of its own."""
    if name in CHAPTERS:
        document, heading = CHAPTERS[name]
        return f"# {heading}\n\n{_chapter(_file(document), heading)}"
    text = _file(name)
    for chapter, (document, heading) in CHAPTERS.items():
        if document == name:
            text = text.replace(_chapter(text, heading), f"\n[{heading}]({chapter})\n\n").replace(f"### {heading}\n", "")
    return text


def _file(name: str) -> str:
    return (FOLDER / FILES[name]).read_text(encoding="utf-8")


def _chapter(text: str, heading: str) -> str:
    """What stands below a heading, until the next one."""
    found = re.search(rf"\n#+ {re.escape(heading)}\n(.*?)(?=\n#|\Z)", text, re.DOTALL)
    return found[1] if found else ""
