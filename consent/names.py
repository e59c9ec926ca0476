"""Names and texts that agencies give and citizens decide by: what may stand in them, and when two names are the same to whoever reads them.

Why not Unicode's own tables: docs/decisions/names.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from unicodedata import category, combining, name, normalize

from django.db import connection

from consent.models import Agency

UNCLEAR: Final = "Use letters and signs that can be seen, and each word in one alphabet: Latin, Greek or Cyrillic."
TAKEN: Final = "Another agency has this name, or one that looks like it."
# What agencies of developers in a sandbox begin with. They say in their names what they are, and may be called alike among themselves.
TRIAL: Final = "sandbox-"
_LOCK = 7_360_119

# Control and format characters (bidi, zero width), what is not assigned, separators of lines; marks around a letter; pictures, which pass for seals.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Me", "So"})
_SIGNS = frozenset("°©®™№")
# Default_Ignorable_Code_Point of Unicode beyond those categories, and the empty pattern of Braille: letters and marks that are not drawn.
_EMPTY = (
    *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF)),
)
_SPACES = frozenset(" \u00a0")
_ALPHABETS = frozenset({"LATIN", "GREEK", "CYRILLIC"})
# The apostrophes of Skolt Sami and of other alphabets count as letters and belong to whatever they stand in.
_APOSTROPHES = frozenset("\u02b9\u02bb\u02bc\u02c8")
_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_MOST_MARKS = 2

# What looks like a Latin letter (Unicode TR39), before and after small letters are made of capitals. `i` and `l` are one, since capital I and small l are.
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԚԜЗаеѕіјоруссхһԁӏԛԝҽӀ" "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχγ" "ıłđŧħɡɑɩʟſ|",
    "abesijkmhopctyxyqw3aesijopyccxhdlqwel" "abezhikmnoptyxaikvoptuxy" "ildthgailsl",
)  # fmt: skip
_AS_ONE = str.maketrans({"i": "l", "1": "l", "0": "o", "в": "b", "н": "h", "к": "k", "м": "m", "т": "t"})
# Letters of their own in Finnish and Swedish: Säter is not Sater.
_OWN = frozenset("åäö")


def clear(text: str) -> bool:
    """Whether everything in it can be seen and no word mixes alphabets."""
    marks = 0
    for sign in text:
        marks = marks + 1 if combining(sign) else 0
        if marks > _MOST_MARKS or not _seen(sign):
            return False
    return all(_one_alphabet(word) for word in _WORD.findall(text))


def skeleton(text: str) -> str:
    """What is left of a name that a reader tells it by: without case, spaces, signs and strange accents, and with one letter for all that look like it."""
    plain = normalize("NFKC", text).translate(_ALIKE).casefold()
    letters = (sign if sign in _OWN else normalize("NFD", sign)[0] for sign in normalize("NFC", plain))
    bare = "".join(sign for sign in letters if sign.isalnum()).translate(_ALIKE).translate(_AS_ONE)
    return bare.replace("rn", "m").replace("vv", "w")


def taken(texts: Iterable[str], *, code: str) -> bool:
    """Whether one of these reads like a name that another agency than `code` has at present, in any language. Certain until the end of the transaction after `lock`."""
    wanted = {skeleton(text) for text in texts}
    others = Agency.objects.exclude(code=code)
    if code.startswith(TRIAL):
        others = others.exclude(code__startswith=TRIAL)
    return any(skeleton(text) in wanted for names in others.values_list("name", flat=True) for text in names.values())


def taken_anew(texts: Mapping[str, str], *, code: str, before: Mapping[str, str] | None) -> bool:
    """The same of those that are not there already: what an agency is called today, it may go on being called."""
    kept = {skeleton(text) for text in (before or {}).values()}
    new = [text for text in texts.values() if skeleton(text) not in kept]
    return bool(new) and taken(new, code=code)


def lock() -> None:
    """Until the end of the transaction nobody else gives an agency a name. After the draft that is decided, before any row of an agency or a client."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _seen(sign: str) -> bool:
    kind = category(sign)
    if sign in _SIGNS:
        return True
    if kind == "Zs":
        return sign in _SPACES
    return kind not in _UNSEEN and not any(first <= ord(sign) <= last for first, last in _EMPTY)


def _one_alphabet(word: str) -> bool:
    found = set()
    for sign in word:
        if (sign.isascii() and sign.isdigit()) or combining(sign) or sign in _APOSTROPHES:
            continue
        found.add(name(sign, "").partition(" ")[0])
    return len(found) <= 1 and found <= _ALPHABETS
