"""Judges a registered model by all gates against the present champion. No gate is waived."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.journeys import model_operations
from aurora.management import stewards


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
        if not made.passed:
            raise CommandError("The model has failed a gate. It cannot be promoted.")
