"""Seal anew, under the newest key-encryption key, everything that former ones have sealed. While web and workers run; docs/operations/keys.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aurora.identity import keys
from aurora.identity.kek.rewrap import left, rewrap
from aurora.journeys._sealed_columns import OF_PLATFORM


class Command(BaseCommand):
    help = "Wrap all that former key-encryption keys have wrapped by the newest; ends when nothing is left. Can be stopped and begun again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what is left, and fail if there is something")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"The newest key-encryption key is {keys.kek_id()}.")
        waiting = self._left()
        if options["check"]:
            if waiting:
                raise CommandError(f"{waiting} values are sealed by other keys. The former keys are still needed.")
            self.stdout.write("Nothing is sealed by any other key.")
            return
        try:
            self._go_on(waiting)
        except keys.KeyUnavailable as unavailable:
            raise CommandError(f"{unavailable} Begun again, this goes on with what is left.") from None
        if waiting := self._left():
            raise CommandError(f"{waiting} values are sealed by keys that are not named. Name the former keys, and begin again.")
        self.stdout.write("Nothing is sealed by any other key: the former ones are needed no more, but for backups made until now.")

    def _go_on(self, waiting: int) -> None:
        done = 0
        for progress in rewrap(OF_PLATFORM):
            done += progress.anew
            self.stdout.write(
                f"{done} of {waiting}: {progress.column}" + (f", {progress.stuck} cannot be opened" if progress.stuck else "")
            )

    def _left(self) -> int:
        return sum(left(column).count() for column in OF_PLATFORM)
