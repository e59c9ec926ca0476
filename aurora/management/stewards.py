"""Who runs a command about models: a model steward, who shows it by the code of their authenticator, as at the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from aurora.identity import totp
from aurora.identity.models import Operator
from consent.errors import AuroraError, InvalidInput
from recommender.models import ModelVersion


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--operator", required=True, help="user name of a model steward")
    parser.add_argument("--code", required=True, help="what their authenticator shows now")


def steward(username: str, code: str) -> Operator:
    """Raises CommandError, the same for whatever is wrong: a command is no place to find out who there is."""
    found = Operator.objects.filter(username=username, is_active=True).first()
    if found is None or not found.totp_secret_sealed or not totp.verify(operator=found, code=code):
        raise CommandError("No model steward of that name has shown that code.")
    return found


def model(wanted: str) -> ModelVersion:
    """By id, or by the first eight or more letters of its hash. Raises CommandError."""
    try:
        found = list(ModelVersion.objects.filter(pk=UUID(wanted)))
    except ValueError:
        found = list(ModelVersion.objects.filter(sha256__startswith=wanted)[:2]) if len(wanted) >= 8 else []
    if len(found) != 1:
        raise CommandError(f"There is no one model {wanted[:70]}.")
    return found[0]


@contextmanager
def refusals() -> Iterator[None]:
    """What a journey refuses, as a command says it."""
    try:
        yield
    except InvalidInput as error:
        raise CommandError("\n".join(f"{field}: {sentence}" for field, sentence in error.fields.items())) from None
    except AuroraError as error:
        raise CommandError(f"{error.sentence} ({error.code})") from None
