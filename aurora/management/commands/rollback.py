"""The champion goes and the one before it suggests again, at once, on one steward's word."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from aurora.journeys import model_operations
from aurora.management import stewards


class Command(BaseCommand):
    help = "Take the champion back: the model that it had replaced suggests again, at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why, for the history")
        stewards.add_arguments(parser)

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        operator = stewards.steward(options["operator"], options["code"])
        with stewards.refusals():
            back = model_operations.rollback(operator=operator, reason=reason, now=timezone.now())
        self.stdout.write(f"Model {back} suggests again.")
