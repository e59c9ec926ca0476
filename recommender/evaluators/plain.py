"""Text of a model's owner that will be shown: something to be seen, nothing hidden in it."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Any

from recommender.evaluators.documents import Malformed

# Letters and a symbol that are drawn as nothing; the other invisible ones are of Unicode's categories Cf and Zs.
BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
MOST_MARKS = 2  # in a row on one letter: the three languages need one, and a heap of them covers the lines around


def check(value: Any, path: str = "") -> None:
    """Texts are shown to citizens and operators as they were signed: something to be seen, nothing hidden, nothing that turns text about.

    Refused are control, format, private and unassigned characters (but a new line in a long text), letters drawn as nothing, and heaps of marks
    (Unicode TR 36, 3.1 and TR 39, 5.4). Raises `Malformed`.
    """
    if isinstance(value, dict):
        for name, part in value.items():
            if not name.isprintable():
                raise Malformed(f"{path}: a name that is not plain text.")
            check(part, f"{path}/{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            check(part, f"{path}/{number}")
    elif isinstance(value, str):
        lines = path.startswith(("/intended_use/", "/meaning/", "/limits/", "/population/"))
        kinds = [" " if lines and c == "\n" else "C" if c in BLANK else unicodedata.category(c) for c in value]
        if any(kind[0] == "C" or kind in ("Zl", "Zp") for kind in kinds):
            raise Malformed(f"{path}: a character that is not plain text.")
        if any(len(list(run)) > MOST_MARKS for mark, run in groupby(kinds, lambda kind: kind in ("Mn", "Me")) if mark):
            raise Malformed(f"{path}: too many marks on one letter.")
        if not any(kind[0] in "LNPS" for kind in kinds) and not path.endswith("/unit"):
            raise Malformed(f"{path}: only blanks.")
