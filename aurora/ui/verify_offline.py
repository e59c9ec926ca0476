"""The verifier that opens from a file, without a network: one HTML page with the modules of `static/aurora/verify/` and all words in it.

It is put together when it is first asked for, so that what people keep is what the portal's own page runs. The page's own policy lets nothing
but its one script run, and nothing at all be sent (Content Security Policy 3, hashes of what stands inline).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from django.utils import translation

from aurora.ui import verify_words, words

FOLDER = Path(__file__).resolve().parent / "static" / "aurora" / "verify"
MODULES = ("bytes", "canonical", "merkle", "ed25519", "note", "witnesses", "kept", "entries", "check", "show", "offline")
LANGUAGES = ("fi", "sv", "en")

STYLE = """
body { margin: 0; background: #f5f7fb; color: #212121; font: 1.125rem/1.5 "Source Sans 3", system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; }
form, .au-banner, .au-table-card { background: #fff; border: 1px solid #c9cdd8; border-radius: .5rem; padding: 1rem; margin: 1rem 0; }
.au-banner--success { border-left: .4rem solid #09764c; }
.au-banner--attention { border-left: .4rem solid #c13832; }
.field { margin-bottom: 1rem; }
label { display: block; font-weight: 600; }
.hint { color: #3b4663; margin: .25rem 0; }
input { font: inherit; max-width: 100%; box-sizing: border-box; }
input[type=text] { width: 100%; padding: .4rem; border: 1px solid #3b4663; }
button { font: inherit; min-height: 2.5rem; padding: .3rem 1rem; border: 1px solid #002e8f; border-radius: .3rem; background: #fff; color: #002e8f; }
form button, button[aria-pressed=true] { background: #002e8f; color: #fff; }
button, summary { cursor: pointer; }
:focus-visible { outline: 3px solid #fd0; outline-offset: 1px; box-shadow: 0 0 0 5px #212121; }
.languages { display: flex; gap: .5rem; flex-wrap: wrap; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem; border-bottom: 1px solid #c9cdd8; overflow-wrap: break-word; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9rem; }
li { overflow-wrap: anywhere; }
.govuk-tag { padding: .1rem .4rem; background: #e6e9f2; }
.au-tag--good { background: #e5f4ed; color: #075c3b; }
.au-tag--bad { background: #fbe9e8; color: #8e1f1a; }
@media (max-width: 40rem) {
  thead { position: absolute; left: -999rem; }
  table, tbody, tr, th, td { display: block; }
  tr { border-bottom: 2px solid #3b4663; padding: .5rem 0; }
  td[data-label]::before, th[data-label]::before { content: attr(data-label) ": "; font-weight: 600; }
}
"""

_IMPORT = re.compile(r"^import (\{[^}]*\}) from '\./(\w+)\.mjs';$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.MULTILINE)


@cache
def composed(language: str) -> str:
    """The page, in three languages, of which it begins with one. Made once a process and language."""
    script = "\n'use strict';\n" + "\n".join(_module(name) for name in MODULES)
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(STYLE)}'; base-uri 'none'; form-action 'none'"
    # Nothing in the words ends the element that they stand in.
    data = json.dumps({language: _words(language) for language in LANGUAGES}, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Aurora</title>\n'
        f'<style>{STYLE}</style>\n</head>\n<body>\n<main id="verify"><noscript>JavaScript</noscript></main>\n'
        f'<script type="application/json" id="verify-data">{data}</script>\n<script type="module">{script}</script>\n</body>\n</html>\n'
    )


def _module(name: str) -> str:
    """A module as a function's result under its name: the names within it stay its own."""
    text = (FOLDER / f"{name}.mjs").read_text(encoding="utf-8")
    exported = [found[1] for found in _EXPORT.finditer(text)]
    inner = _EXPORT.sub("", _IMPORT.sub(r"const \1 = $\2;", text))
    if re.search(r"^\s*(?:import|export)\b", inner, re.MULTILINE):
        raise ValueError(f"{name}.mjs imports or exports in a way that this does not know")
    return f"const ${name} = await (async () => {{\n{inner}return {{ {', '.join(exported)} }};\n}})();\n"


def _words(language: str) -> dict[str, object]:
    with translation.override(language):
        names = {"citizen": str(words.YOU[language]), "aurora": str(words.AURORA[language])}
        return {**verify_words.table(offline=True), "names": names}


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
