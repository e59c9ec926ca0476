"""Operators' passwords: long, of any characters, not what everybody would try first, and checked to their last letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hashers, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import RequestFactory, override_settings

from aurora.identity.models import Operator

ROOT = Path(__file__).resolve().parents[2]


def _is_taken(password: str) -> bool:
    try:
        validate_password(password, user=Operator(username="ingrid", name="Ingrid Sundström"))  # type: ignore[arg-type]
    except ValidationError as error:
        assert password not in str(error)
        return False
    return True


@pytest.mark.parametrize("password", ["horse-Kattila7", "tuulivoimala 9x", "zq9!Rv3#kLm2Wp"])
def test_a_short_password_is_refused(password: str) -> None:
    assert len(password) <= 15 and not _is_taken(password[:14])


@pytest.mark.parametrize(
    "password",
    [
        "tuuli kiipeää lampun yli", "UNDER BRYGGAN BOR EN ORM", "kvittensmålvaktsol", "🐟🦔🌲⚓🧶🪵🐝🧊🪁🥁🧂🫐🛶🪆🧵", "94175 20686 33017 58829", "x;Ä'--<b>&#39;\\0%00{}$;é",
        "a long row of words " * 3, "ü" * 2 + "kattila rumpu meloja " * 2 + "0" * 64,
    ],
)  # fmt: skip
def test_any_characters_will_do(password: str) -> None:
    assert _is_taken(password)


@pytest.mark.parametrize(
    "password",
    ["password123456789", "12345password!!!!", "qwertyqwertyqwerty", "letmein!!!!!!!!!", "1111111111111111", "1234567890123456789012345678901234567890", "dragon1234567890123", "iloveyouiloveyou", "abababababababab"],
)  # fmt: skip
def test_a_common_password_is_refused_however_it_is_drawn_out(password: str) -> None:
    assert len(password) >= 15 and not _is_taken(password)


@pytest.mark.parametrize(
    "password",
    ["aurora-console-2026!", "IngridSundström1975", "administrator.aurora", "Salasana+Aurora+2026", "localhost-aurora-77", "consent officer 2026"],
)  # fmt: skip
def test_a_password_of_words_that_everybody_expects_is_refused(password: str) -> None:
    assert len(password) >= 15 and not _is_taken(password)
    assert _is_taken(f"{password} kvitten rumpu")


def test_a_password_counts_to_its_last_letter(db: None) -> None:
    """Nothing is cut off: of two that differ at the three hundredth letter one opens."""
    long = "kvitten rumpu " * 25
    Operator.objects.create(username="ines", name="Ines", roles=[], password=make_password(long))
    ask = RequestFactory().post("/")
    assert authenticate(ask, username="ines", password=long) is not None
    assert authenticate(ask, username="ines", password=long[:-1]) is None
    assert authenticate(ask, username="ines", password=long.upper()) is None
    assert "[:256]" not in (ROOT / "aurora/console/sign_in.py").read_text(encoding="utf-8")


def test_the_fields_hide_what_is_typed_and_let_managers_fill_it_in() -> None:
    for page, said in (("sign_in", "current-password"), ("join", "new-password")):
        text = (ROOT / f"aurora/ui/templates/console/{page}.html").read_text(encoding="utf-8")
        assert 'type="password"' in text and said in text and "onpaste" not in text


def test_passwords_are_kept_by_a_slow_digest() -> None:
    """As a deployment has it; tests have a quicker one."""
    from django.conf import global_settings

    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        get_hashers.cache_clear()
        kind, rounds, *_rest = make_password("kvitten rumpu meloja").split("$")
    get_hashers.cache_clear()
    assert kind == "pbkdf2_sha256" and int(rounds) == PBKDF2PasswordHasher.iterations >= 600_000
    assert "PASSWORD_HASHERS" not in (ROOT / "aurora/settings.py").read_text(encoding="utf-8")


def test_the_rules_are_those_of_the_service() -> None:
    assert {one["NAME"].rpartition(".")[2] for one in settings.AUTH_PASSWORD_VALIDATORS} >= {
        "MinimumLengthValidator",
        "ContextWords",
        "Ordinary",
    }
