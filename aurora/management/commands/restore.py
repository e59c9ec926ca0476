"""`manage.py restore --from DIR --keys-from DIR --erased FILE`: docs/operations/backup.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.backups import restoring
from aurora.backups.tools import BackupError
from aurora.erasures import outside
from aurora.exports import rows as waiting_copies
from aurora.journeys import erase_again, export
from consent.ledger.heads import HeadFileError

# Copies of citizens' data are not in a backup: each row that says that one waits is ended.
LONGEST_COPY = timedelta(days=8)


class Command(BaseCommand):
    help = (
        "Restores a backup into an empty, provisioned database, erases again what was erased since, and verifies: counts, migrations, the "
        "access log against the head kept outside, a sample of twins. Run it before any process of Aurora is started."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="data", type=Path, required=True, help="the folder with the data")
        parser.add_argument("--keys-from", type=Path, required=True, help="the folder with the wrapped keys of the same moment")
        erased = parser.add_mutually_exclusive_group(required=True)
        erased.add_argument("--erased", type=Path, nargs="+", help="the lists of erasures of all hosts (AURORA_ERASED_FILE)")
        erased.add_argument("--nothing-was-erased", action="store_true", help="you know that nobody had anything erased since the backup")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = settings.ENV.owner_database
        if owner is None:
            raise CommandError("Set DATABASE_OWNER_URL to the empty database, as aurora_owner.")
        try:
            lines = outside.read(options["erased"]) if options["erased"] else []
            self._restore(owner, options["data"], options["keys_from"], lines)
        except (BackupError, HeadFileError, OSError) as error:
            raise CommandError(str(error)) from None

    def _restore(self, owner: Any, data: Path, keys: Path, lines: list[outside.Line]) -> None:
        told, wrapped = restoring.check_backup(data, keys)
        restoring.check_target(owner)
        restoring.put_back(owner=owner, data=data, keys=keys)
        restoring.reconnect()
        self.stdout.write(f"{restoring.check_counts(owner, (told, wrapped))} rows are back, as many in each table as were backed up.")
        tree = restoring.check_tree(owner)
        self.stdout.write(f"The access log is whole: {tree.size} entries, root and signature are right.")
        found = erase_again.needed(lines, restoring.citizens(owner), taken_at=datetime.fromisoformat(told["taken_at"]))
        now = timezone.now()
        for one in found:
            erase_again.run(one, end_wait=lambda citizen_id: restoring.end_wait(owner, citizen_id), now=now)
        if left := erase_again.still_there(found):
            raise BackupError(f"{len(left)} citizens who had left could not be erased again: do not start Aurora on this database")
        counts = erase_again.tally(found)
        self.stdout.write(
            f"Erased again since the backup: {counts['gone']} who are gone, {counts['left']} who are leaving, {counts['parts']} sources or categories."
        )
        while waiting_copies.run_out(now=now + LONGEST_COPY, most=1):
            export.expire(now=now + LONGEST_COPY)
        self.stdout.write(f"{restoring.open_sample(owner)} facts of a sample open with their keys.")
        self.stdout.write(_log_says(tree))


def _log_says(tree: restoring.Tree) -> str:
    if tree.kept is None:
        return "THE LOG: there is no head file here, so nothing tells whether entries are missing. Put it in place before the sequencer starts."
    if tree.extends:
        return f"THE LOG extends the head that was signed last ({tree.kept} entries): no signed entry is lost. Start Aurora."
    return (
        f"THE LOG IS OLDER than what was signed last: {tree.size} entries of {tree.kept}. Entries, consents and withdrawals since the backup are lost. "
        "Restore a newer state if there is one; else manage.py continue_log, before the sequencer starts (docs/operations/ledger.md)."
    )
