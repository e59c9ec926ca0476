"""Whether the operators' trail is whole, and whether it still has the heads that were kept elsewhere. docs/operations/roles.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from aurora.audit import verify


class Command(BaseCommand):
    help = "Check every row of the operators' trail: numbers, links, commitments, and their place under the log's newest checkpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="heads that an earlier --keep wrote: each must still be in its trail"
        )
        parser.add_argument(
            "--keep", type=Path, metavar="FILE", help="write the heads of all trails there, to be kept away from this machine"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kept = self._kept(options["against"]) if options["against"] else {}
        with transaction.atomic():
            with connection.cursor() as cursor:  # one state of all tables, whatever is written meanwhile
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            verdict, heads = verify.verify(), verify.heads()
            faults = [*verdict.faults, *verify.differing(kept)]
        for fault in faults:
            self.stdout.write(f"operator {fault.operator_id}, row {fault.number}: {fault.what}")
        self.stdout.write(
            f"{verdict.rows} rows of {len(heads)} trails, {verdict.waiting} wait for their place in the tree of {verdict.size} leaves."
        )
        if faults:
            raise CommandError(f"{len(faults)} faults: the trail is not what was written.")
        if options["keep"]:
            options["keep"].write_text(json.dumps(heads, indent=1) + "\n", encoding="utf-8")
        self.stdout.write("The trail is whole.")

    def _kept(self, file: Path) -> dict[str, tuple[int, str]]:
        try:
            return {
                operator: (int(number), str(commitment)) for operator, (number, commitment) in json.loads(file.read_text("utf-8")).items()
            }
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise CommandError(f"{file} holds no heads of trails ({type(error).__name__}).") from None
