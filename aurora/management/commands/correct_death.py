"""`manage.py correct_death --case NUMBER`: a living person was told dead; the national identifier is read from standard input, a line."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.journeys import estates
from aurora.journeys.end_consents import CASE
from consent.errors import NotFound


class Command(BaseCommand):
    help = "Undo the news of a death that a register had wrong: the person can sign in again, and estates of theirs end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--case", required=True, help="Number of the case: 3 to 32 letters, digits, and . _ / -")

    def handle(self, *args: Any, **options: Any) -> None:
        if not CASE.fullmatch(options["case"]):
            raise CommandError("The number of the case is 3 to 32 letters, digits, and . _ / -")
        try:  # not an argument: those show in the list of processes
            ended = estates.correct(national_id=sys.stdin.readline().strip(), case=options["case"], now=timezone.now())
        except NotFound as error:
            raise CommandError("No register has told here that this person is dead.") from error
        self.stdout.write(f"Corrected. Mandates of estates ended: {ended}.")
