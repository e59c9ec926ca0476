"""Loads who agencies are from JSON files, one agency a file or a list of them. A version that is in the database is never changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from consent import loading


class Command(BaseCommand):
    help = "Load versions of agencies from JSON files, all of them or none; loading one again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", help="see docs/agency/versions.md for the format")

    @transaction.atomic
    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        for path in files:
            try:
                read = json.loads(path.read_text(encoding="utf-8"))
                for doc in read if isinstance(read, list) else [read]:
                    loading.agency(doc, now=timezone.now())
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise CommandError(f"{path}: {error}") from None
