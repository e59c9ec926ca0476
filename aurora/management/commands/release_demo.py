"""What two model stewards do in the demo without being there: they release the model that the sandbox's hospital has registered. Safe to repeat."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import onboard_evaluator
from consent.errors import AuroraError
from recommender.models import EvaluatorVersion

# Seconds. The hospital trains for a few, on a machine that does much else when a demo starts.
WITHIN, POLL = 600.0, 1.0
State = EvaluatorVersion.State


class Command(BaseCommand):
    help = "Waits until the sandbox's hospital has registered its model, then releases it as two of the demo's model stewards would."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--config", type=Path, required=True, help="what seed_demo was given")
        parser.add_argument("--within", type=float, default=WITHIN, help="seconds to wait for the hospital")

    def handle(self, *args: Any, config: Path, within: float, **options: Any) -> None:
        self.stdout.write(f"Released: {release_all(config, within=within)}")


def release_all(config: Path, *, within: float = WITHIN) -> str:
    """Every model owner's model, as soon as it is registered; their names. `config`: what seed_demo was given. Raises CommandError."""
    if not settings.AURORA_SANDBOX:
        raise CommandError("Only the sandbox's models are released without anybody looking at them.")
    wanted = json.loads(config.read_text(encoding="utf-8"))
    owners = [(owner["code"], wanted["sources"][owner["code"]]["issuer"]) for owner in wanted["model_owners"]]
    return ", ".join(name for code, issuer in owners for name in _release_all_of(code, f"{issuer}/_sandbox/evaluator", within))


def _release_all_of(code: str, url: str, within: float) -> list[str]:
    """The first, then those that it says there are beside it."""
    first = _registered(url, within)
    done = [_release_of(code, first)]  # before the others are waited for: citizens need not wait too
    for identifier in (first or {}).get("others", ()):
        done.append(_release_of(code, _registered(f"{url}?identifier={identifier}", within)))
    return done


def _release_of(code: str, told: dict[str, Any] | None) -> str:
    if told is None:
        raise CommandError(f"{code} has registered no model.")
    try:
        released = release(version_id=UUID(told["id"]), agency_code=code)
    except AuroraError as error:
        raise CommandError(f"{code}: {error.code}") from None
    if released.state != State.RELEASED:
        raise CommandError(f"{released.name} is {released.state}.")
    return released.name


def release(*, version_id: UUID, agency_code: str) -> EvaluatorVersion:
    """Ask and agree, each by another of two stewards, as far as it has not been done. What somebody declined or retired stays so.

    Raises `AuroraError`, CommandError without two stewards.
    """
    version = EvaluatorVersion.objects.get(pk=version_id, agency=agency_code)
    first, second = stewards()
    if version.state == State.REGISTERED:
        version = onboard_evaluator.ask_release(operator=first, version_id=version.pk, now=timezone.now())
    if version.state == State.ASKED:
        other = second if version.asked_by == first.pk else first
        version = onboard_evaluator.release(operator=other, version_id=version.pk, now=timezone.now())
    return version


def stewards() -> tuple[Operator, Operator]:
    """The demo's two, by name. Raises CommandError."""
    role = Operator.Role.MODEL_STEWARD
    found = list(Operator.objects.filter(is_active=True, roles__contains=[role]).order_by("username")[:2])
    if len(found) < 2:
        raise CommandError("It takes two operators with the role model_steward.")
    return found[0], found[1]


def _registered(url: str, within: float) -> dict[str, Any] | None:
    """What the hospital says once Aurora has taken its model; None if it was refused, or in vain."""
    import httpx  # a tenth of a second, which a start of the demo need not wait for

    with httpx.Client(trust_env=False, timeout=5) as http:
        for _ in range(max(1, round(within / POLL))):
            try:
                told = http.get(url).json()
                if told["state"] in ("registered", "refused"):
                    return dict(told) if told["state"] == "registered" else None
            except (httpx.HTTPError, ValueError):
                pass  # it is being started again
            time.sleep(POLL)
    return None
