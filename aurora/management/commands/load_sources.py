"""Loads sources from JSON files, one source a file or a list of them: docs/operations/connectors.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from aurora.sources import loading
from consent import agencies
from consent.models import Agency


class Command(BaseCommand):
    help = (
        "Load sources from JSON files, all of them or none; loading one again changes nothing. Prints the public key of each that had none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", type=Path, nargs="+", help="see docs/operations/connectors.md for the format")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        loaded: list[loading.Loaded] = []
        with transaction.atomic():
            for path in files:
                try:
                    read = json.loads(path.read_text(encoding="utf-8"))
                    loaded += [load(doc) for doc in (read if isinstance(read, list) else [read])]
                except (OSError, ValueError) as error:
                    raise CommandError(f"{path}: {error}") from None
        for one in loaded:
            self.stdout.write(f"{one.code}: {'new' if one.created else 'loaded'}")
            if one.public_jwk is not None:
                self.stdout.write(json.dumps({"keys": [one.public_jwk]}))


def load(doc: Any) -> loading.Loaded:
    """One source, whose agency holds data from now on. Raises `SourceRefused`."""
    loaded = loading.load(doc)
    agencies.give_role(code=loaded.code, role=Agency.Role.DATA_SOURCE)
    return loaded
