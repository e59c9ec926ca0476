"""`manage.py migrate`: Django's, and never longer in wait for a lock than all others can bear to wait behind it."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections

WAIT = "5s"


class Command(migrate.Command):
    """A statement that changes a table waits for who uses it, and whoever comes then waits for the statement: so it gives up soon, and is tried again."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout", default=WAIT, help="how long to wait for a lock, as PostgreSQL writes it (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> Any:
        wait = options["lock_timeout"]
        if not re.fullmatch(r"\d{1,6}(ms|s|min)?", wait):
            raise CommandError("--lock-timeout must be a time such as 5s")
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [wait])
        try:
            return super().handle(*args, **options)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") == "55P03":
                raise CommandError(
                    f"A table was in use for longer than {wait}. What was done before stays done: run migrate again, at a quieter time if need be."
                ) from None
            raise
