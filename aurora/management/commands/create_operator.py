"""The first administrators of an installation, of whom there must be two: everything else is asked for in the console. docs/operations/roles.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aurora.journeys import first_operators
from consent.errors import AuroraError


class Command(BaseCommand):
    help = "Make an administrator, while there are fewer than two, and print the two halves of the secret by which they come in. Run it twice, for two people."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="3 to 64 small letters a to z, digits, dots or hyphens")
        parser.add_argument("name", help="what other operators read")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = first_operators.create(username=options["username"], name=options["name"])
        except AuroraError as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(
            f"{options['username']} is an administrator. Both halves are shown only now and good until {made.until:%Y-%m-%d %H:%M} UTC:"
        )
        self.stdout.write(f"  one half    {made.halves[0]}\n  other half  {made.halves[1]}")
        self.stdout.write(f"They go to {made.join_url}, enter both, choose a password and set up an authenticator.")
        if made.administrators < 2:
            self.stdout.write("There is only one administrator now. Make a second one, for another person: whatever is decided wants two.")
