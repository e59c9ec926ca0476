"""`manage.py backup --to DIR --keys-to DIR`: docs/operations/backup.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.backups import taking
from aurora.backups.tools import BackupError


class Command(BaseCommand):
    help = (
        "Backs up the database as its owner (DATABASE_OWNER_URL): data into one folder, wrapped keys into another, which is kept "
        "AURORA_BACKUP_DAYS at most. Key files are not in it, nor the log's head file, nor the list of erasures: keep them elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="where a new folder with the data is made")
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--keys-to", type=Path, help="where a new folder with the wrapped keys is made; older ones there are deleted")
        group.add_argument("--without-keys", action="store_true", help="for long keeping: opens nothing by itself")

    def handle(self, *args: Any, **options: Any) -> None:
        now, keys_to = timezone.now(), options["keys_to"]
        if settings.ENV.owner_database is None:
            raise CommandError("Set DATABASE_OWNER_URL: the service's own role sees no rows.")
        if keys_to is not None and not settings.AURORA_BACKUPS_KEPT:
            raise CommandError("AURORA_BACKUP_DAYS is 0, which promises that no backup has keys: use --without-keys.")
        if keys_to is not None and keys_to.resolve() == options["to"].resolve():
            raise CommandError("Data and keys must lie apart, since they are not kept equally long: name two folders.")
        try:
            data, wrapped = taking.take(owner=settings.ENV.owner_database, to=options["to"], keys_to=keys_to, now=now)
            gone = taking.prune(keys_to, now=now) if keys_to is not None else []
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        for folder in filter(None, (data, wrapped)):
            self.stdout.write(str(folder))
        if gone:
            self.stdout.write(f"Deleted, since their time is over: {', '.join(gone)}")
