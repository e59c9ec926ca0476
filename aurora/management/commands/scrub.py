"""`manage.py scrub`: write the tables anew in which erased citizens' keys and digests had lain. As their owner, where the service may not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aurora.erasures import scrub


class Command(BaseCommand):
    help = "Take erased citizens' keys out of the files of the database (PostgreSQL 15 and 16: with AURORA_DB_ROLE=owner, nightly)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not scrub.may():
            raise CommandError("This role may not write the tables anew: set AURORA_DB_ROLE=owner.")
        begun = timezone.now()
        if not scrub.run():
            raise CommandError(
                "Something still sees what was deleted: a long query, or a backup that is being made. Try again when it is over."
            )
        self.stdout.write(f"Written anew; {scrub.note(begun=begun)} erasures go on.")
