"""Give citizens' data keys successors: of all, of those older than some days, or of one citizen. Workers do it; docs/operations/keys.md."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aurora.identity import rotation
from aurora.journeys import rotate_keys

BATCH = 50


class Command(BaseCommand):
    help = "Begin rotations of citizens' data keys. A worker seals everything anew; each takes some six minutes, of which it works for a moment."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="of every citizen whose key was made before now")
        which.add_argument("--older-than", type=int, metavar="DAYS", help="of those whose key is older")
        which.add_argument("--citizen", type=UUID, metavar="ID", help="of this one")
        which.add_argument("--status", action="store_true", help="only say how many are under way")
        parser.add_argument("--a-minute", type=int, default=300, help="begin at most so many a minute (300)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["citizen"]:
            if not rotate_keys.begin_one(citizen_id=options["citizen"], now=now):
                raise CommandError("This citizen has no key, or a rotation of it is under way.")
            self.stdout.write("Begun.")
        elif not options["status"]:
            self._begin(now - timedelta(days=options["older_than"] or 0), max(1, options["a_minute"]))
        self.stdout.write("Under way: " + (", ".join(f"{n} {state}" for state, n in sorted(rotation.counts().items())) or "none"))

    def _begin(self, before: Any, a_minute: int) -> None:
        begun = 0
        while found := rotate_keys.begin(before=before, most=min(BATCH, a_minute), now=timezone.now()):
            begun += found
            self.stdout.write(f"{begun} begun")
            if found == min(BATCH, a_minute):
                time.sleep(60 * found / a_minute)
        self.stdout.write(f"{begun} begun. Stopped and begun again, this goes on with those made before it.")
