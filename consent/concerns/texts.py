"""What people write in a case: bounded and readable, as text and nothing else. Pure."""

from __future__ import annotations

import unicodedata

LONGEST = 4000
LONGEST_NOTE = 500
# What has no shape of its own and could make a text look like another one: controls, halves of characters, and marks that turn the direction.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def tidied(text: str) -> str:
    """Line ends as LF, no blanks around; composed (NFC), so that its length is what a person would count."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def fault_of(text: str, *, longest: int = LONGEST) -> str:
    """`text_required`, `text_too_long` or `text_unreadable`; "" for a tidied text that can be kept."""
    if not text:
        return "text_required"
    if len(text) > longest:
        return "text_too_long"
    if any(c in _TURNING or (unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") and c not in "\n\t") for c in text):
        return "text_unreadable"
    return ""
