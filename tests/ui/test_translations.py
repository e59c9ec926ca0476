"""Finnish and Swedish are whole: each text in use is translated, no other is kept, the compiled files are current."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

import aurora.ui

ROOT = Path(aurora.ui.__file__).parent
# Where texts stand in code: most are words of the pages, some are said where a page is put together.
ROOMS = ("ui", "portal", "console")
LANGUAGES = ("fi", "sv")
Key = str | tuple[str, str]
# Of the template language and of %-formatting by name; by place or in braces, there is none, and so none that differs.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]\b|\{\w*\}")
TEXT = r"""(u?"(?:[^"\\]|\\.)*"|u?'(?:[^'\\]|\\.)*')"""


def _in_templates() -> Iterator[Key]:
    for path in (ROOT / "templates").rglob("*.html"):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for plural in re.finditer(rf"ngettext\({TEXT},\s*{TEXT}", source):
            yield ast.literal_eval(plural[1]), ast.literal_eval(plural[2])
        for single in re.finditer(rf"(?<!n)gettext\({TEXT}\)|(?<![\w])_\({TEXT}\)", source):
            yield ast.literal_eval(single[1] or single[2])


def _in_code() -> Iterator[Key]:
    for path in (path for room in ROOMS for path in (ROOT.parent / room).rglob("*.py")):
        if "gallery" in path.parts or "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
                if node.func.id in ("_", "gettext"):
                    yield texts[0]
                elif node.func.id == "ngettext":
                    yield texts[0], texts[1]


def _catalogue(language: str) -> Catalog:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def _translations(catalogue: Catalog) -> dict[Key, str | tuple[str, ...]]:
    def frozen(value: object) -> object:
        return tuple(value) if isinstance(value, list | tuple) else value

    return {frozen(m.id): frozen(m.string) for m in catalogue if m.id}  # type: ignore[misc]


def catalogue_of(language: str) -> dict[Key, str | tuple[str, ...]]:
    """What each text is in a language; for tests that read pages."""
    return _translations(_catalogue(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_in_use_is_translated_and_no_other_is_kept(language: str) -> None:
    used = {*_in_templates(), *_in_code()}
    assert len(used) > 300
    assert set(_translations(_catalogue(language))) == used


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_empty_fuzzy_or_obsolete(language: str) -> None:
    catalogue = _catalogue(language)
    for message in catalogue:
        if message.id:
            parts = [message.string] if isinstance(message.string, str) else list(message.string)
            assert all(parts), message.id
            assert not message.fuzzy, message.id
    assert not catalogue.obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language: str) -> None:
    """Form by form: where the English says "one" without a number, the other languages do too (both have the forms one and other)."""
    for key, value in _translations(_catalogue(language)).items():
        said = [key] if isinstance(key, str) else key
        texts = [value] if isinstance(value, str) else value
        for english, text in zip(said, texts, strict=True):
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(english)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_says_the_same(language: str) -> None:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        compiled = _translations(read_mo(file))
    assert compiled == _translations(_catalogue(language))
