"""`manage.py restore --from DIR --keys-from DIR --erased FILE`: docs/operations/backup.md."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora import crash
from aurora.backups import restoring, target
from aurora.backups.tools import BackupError
from aurora.database_url import DatabaseUrl
from aurora.erasures import outside
from aurora.exports import rows as waiting_copies
from aurora.journeys import erase_again, export
from consent.ledger.heads import HeadFileError

# Copies of citizens' data are not in a backup: each row that says that one waits is ended.
LONGEST_COPY = timedelta(days=8)


class Command(BaseCommand):
    help = (
        "Restores a backup into an empty, provisioned database, erases again what was erased since, and verifies: counts, migrations, the "
        "access log against the head kept outside, a sample of twins. Until it has ended well nothing else of Aurora opens that database; run again, "
        "it begins anew."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="data", type=Path, required=True, help="the folder with the data")
        parser.add_argument("--keys-from", type=Path, required=True, help="the folder with the wrapped keys of the same moment")
        erased = parser.add_mutually_exclusive_group(required=True)
        erased.add_argument("--erased", type=Path, nargs="+", help="the lists of erasures of all hosts (AURORA_ERASED_FILE)")
        parser.add_argument(
            "--known-broken-lines",
            action="store_true",
            help="you have looked at the broken lines of the lists of erasures: none was an erasure",
        )
        erased.add_argument("--nothing-was-erased", action="store_true", help="you know that nobody had anything erased since the backup")

    def handle(self, *args: Any, **options: Any) -> None:
        owner = settings.ENV.owner_database
        if owner is None:
            raise CommandError("Set DATABASE_OWNER_URL to the empty database, as aurora_owner.")
        try:
            lines, broken = outside.read(options["erased"] or [])
            if broken and not options["known_broken_lines"]:
                raise BackupError(
                    f"{broken[0]} is broken, and {len(broken)} in all. A death amid writing leaves such a line, and then nothing had been erased yet; "
                    "but a damaged file may have lost erasures. Look at it, mend it from another copy, or say --known-broken-lines"
                )
            self._restore(owner, options["data"], options["keys_from"], lines)
        except (BackupError, HeadFileError, OSError) as error:
            raise CommandError(str(error)) from None

    def _restore(self, owner: DatabaseUrl, data: Path, keys: Path, lines: list[outside.Line]) -> None:
        told, wrapped = restoring.check_backup(data, keys)
        with target.taken(owner) as left:
            if left:
                self.stdout.write(f"A restore had begun here and not ended: {left} tables of its are taken away first.")
                self.stdout.flush()  # whoever watches, or finds it killed, reads it
            tree = self._fill(owner, data, keys, told, wrapped, lines)
            crash.reach("restore.checked")
        crash.reach("restore.ended")
        self.stdout.write(_log_says(tree))

    def _fill(
        self, owner: DatabaseUrl, data: Path, keys: Path, told: dict[str, Any], wrapped: dict[str, Any], lines: list[outside.Line]
    ) -> restoring.Tree:
        """All that must be done before anybody else may have the database."""
        restoring.put_back(owner=owner, data=data, keys=keys)
        restoring.reconnect()
        self.stdout.write(f"{restoring.check_counts(owner, (told, wrapped))} rows are back, as many in each table as were backed up.")
        tree = restoring.check_tree(owner)
        self.stdout.write(f"The access log is whole: {tree.size} entries, root and signature are right.")
        crash.reach("restore.tree")
        self.stdout.write(f"{restoring.open_sample(owner)} facts of a sample open with their keys.")
        found = erase_again.needed(lines, restoring.citizens(owner))
        now = timezone.now()
        for one in found:
            erase_again.run(one, end_wait=lambda citizen_id: restoring.end_wait(owner, citizen_id), now=now)
            crash.reach("restore.erased")
        if left := erase_again.still_there(found):
            raise BackupError(f"{len(left)} citizens who had left could not be erased again")
        counts = erase_again.tally(found)
        self.stdout.write(
            f"Erased again since the backup: {counts['gone']} who are gone, {counts['left']} who are leaving, {counts['parts']} sources or categories."
        )
        while waiting_copies.run_out(now=now + LONGEST_COPY, most=1):
            export.expire(now=now + LONGEST_COPY)
        return tree


def _log_says(tree: restoring.Tree) -> str:
    if tree.kept is None:
        return "THE LOG: there is no head file here, so nothing tells whether entries are missing. Put it in place before the sequencer starts."
    if tree.extends:
        return f"THE LOG extends the head that was signed last ({tree.kept} entries): no signed entry is lost. Start Aurora."
    return (
        f"THE LOG IS OLDER than what was signed last: {tree.size} entries of {tree.kept}. Entries, consents and withdrawals since the backup are lost. "
        "Restore a newer state if there is one; else manage.py continue_log, before the sequencer starts (docs/operations/ledger.md)."
    )
