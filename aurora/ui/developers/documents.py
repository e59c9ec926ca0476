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
}
_NAMES = {file: name for name, file in FILES.items()}
# The guide's tables of codes have pages of their own here.
_OF_PROBLEMS = re.compile(r"\n## Problems\n.*?(?=\n## )", re.DOTALL)


def names() -> list[str]:
    """The pages that there are."""
    return [name for name, file in FILES.items() if (FOLDER / file).is_file()]


def title(name: str) -> str:
    return marked.title(_text(name))


def body(name: str) -> SafeString:
    """A document as HTML, in the active language's addresses. `name` is one of `names`."""
    return marked.page(_OF_PROBLEMS.sub("", _text(name)), address)


def address(target: str) -> str:
    """Where a link of a document leads: another one of them, an https address, or nowhere from here."""
    file, _, _ = target.partition("#")
    if file in _NAMES and (FOLDER / file).is_file():
        return reverse("portal:developers_document", args=[_NAMES[file]])
    return target if target.startswith("https://") else ""


@cache
def _text(name: str) -> str:
    return (FOLDER / FILES[name]).read_text(encoding="utf-8")
