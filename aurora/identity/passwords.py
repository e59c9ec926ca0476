"""What an operator's password may not be: made of what everybody would try first. Django's validators ask for the length.

No rule asks for digits or capitals: they make passwords that people write down, and no better ones (NIST SP 800-63B, 3.1.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from aurora.ui import password_words

# Of this service and of what operators do here. With them go the parts of its host's name, and the operator's own.
CONTEXT = frozenset(
    [
        "aurora",
        "auroraai",
        "suomi",
        "finland",
        "sverige",
        "sweden",
        "console",
        "operator",
        "operators",
        "administrator",
        "admin",
        "root",
        "password",
        "passwort",
        "salasana",
        "losenord",
        "lösenord",
        "agency",
        "officer",
        "auditor",
        "steward",
        "privacy",
        "consent",
        "citizen",
        "kansalainen",
        "medborgare",
        "suostumus",
        "samtycke",
        "database",
        "postgres",
        "valkey",
        "django",
    ]
)
LEAST_OF_THEIR_OWN = 8
_NO_LETTER = re.compile(r"[\W\d_]+")


class ContextWords:
    """Refuses a password that is nothing but such words, figures and signs."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError`."""
        rest = password.casefold()
        for word in sorted(_words(user), key=len, reverse=True):
            rest = rest.replace(word, " ")
        if rest != password.casefold() and len(_NO_LETTER.sub("", rest)) < LEAST_OF_THEIR_OWN:
            raise ValidationError(password_words.EXPECTED)


class Ordinary:
    """Refuses one of the passwords that most people choose, and what is made of one by repeating it or adding figures and signs."""

    def __init__(self) -> None:
        self._common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError`."""
        for one in _undressed(password.casefold()):
            if one in self._common or len(set(one)) <= 2:
                raise ValidationError(password_words.ORDINARY)


def _words(user: Any) -> Iterable[str]:
    host = settings.AURORA_BASE_URL.split("://", 1)[1].rsplit(":", 1)[0]
    own = f"{host} {getattr(user, 'username', '')} {getattr(user, 'name', '')}".casefold()
    return CONTEXT | {part for part in re.split(r"[\W_]+", own) if len(part) > 2}


def _undressed(password: str) -> set[str]:
    """The password, without what stands before and behind its letters, and once where it is the same again and again."""
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", password)
    found = {password, bare}
    for one in (password, bare):
        for size in range(1, len(one) // 2 + 1):
            if len(one) % size == 0 and one == one[:size] * (len(one) // size):
                found.add(one[:size])
                break
    return found - {""}
