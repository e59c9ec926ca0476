"""Judges a registered model by all gates against the present champion. No gate is waived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.journeys import model_operations
from aurora.management import stewards

_SAID = {
    "enough": "What it would have earned a place, by the lists of {citizens} citizens held out; these earned {shown}:",
    "nobody": "No citizen held out was shown suggestions: nothing can be said of what it would have earned.",
    "few": "Too few citizens were shown what it would place otherwise: nothing can be said of what it would have earned.",
    "unlike": "Too many of its places were never shown: nothing can be said of what it would have earned.",
    "no_number": "It answers with no number.",
}
_METHODS = {
    "ips": "by weights",
    "snips": "by weights, normalised",
    "dr": "doubly robust",
    "bounded": "doubly robust, no provider above its share",
}


class Command(BaseCommand):
    help = "Judge a model by its gates against the present champion. Exits with 1 when it fails one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="its id, or the beginning of its hash")

    def handle(self, *args: Any, model: str, **options: Any) -> None:
        with stewards.refusals():
            made = model_operations.evaluate(operator=None, model_id=stewards.model(model).pk, now=timezone.now())
        for gate in made.gates:
            ends = f" ({gate['low']} to {gate['high']})" if gate["low"] is not None else ""
            self.stdout.write(f"{'passed' if gate['passed'] else 'FAILED'}  {gate['name']}: {gate['value']}{ends}, limit {gate['limit']}")
            for line in _by_feedback(gate.get("report")):
                self.stdout.write(f"        {line}")
        if not made.passed:
            raise CommandError("The model has failed a gate. It cannot be promoted.")


def _by_feedback(report: Mapping[str, Any] | None) -> Iterator[str]:
    """The report of the gate about feedback, line by line; nothing for another gate."""
    if report is None:
        return
    yield _SAID[report["said"]].format(citizens=report["citizens"], shown=report.get("shown"))
    for name, told in report.get("methods", {}).items():
        yield f"{_METHODS[name]}: {told['value']}, gain {told['gain']} ({told['low']} to {told['high']})"
