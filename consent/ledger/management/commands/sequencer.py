"""`manage.py sequencer`: runs the one sequencer of the access log until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS
from django.utils.module_loading import import_string

from consent.ledger.checkpoint import LedgerKeyError, Signer, ensure_key, ensure_mldsa_key
from consent.ledger.heads import HeadFile, HeadFileError
from consent.ledger.sequence import NotAllowed, Sequencer
from consent.ledger.tiles import TreeDamaged


class Command(BaseCommand):
    help = "Gives entries of the access log their place in the tree and signs its heads. A second one waits."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="database alias to connect by (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            keys = ensure_key(settings.AURORA_LEDGER_KEY_FILE), ensure_mldsa_key(settings.AURORA_LEDGER_MLDSA_KEY_FILE)
            former = tuple(ensure_key(file) for file in settings.AURORA_FORMER_LEDGER_KEY_FILES)
            heads = HeadFile(settings.AURORA_LEDGER_HEAD_FILE)
            signer = Signer(settings.AURORA_LEDGER_ORIGIN, *keys, former)
            Sequencer(signer=signer, using=options["database"], heads=heads, pulse=import_string(settings.CONSENT_SEQUENCER_PULSE)).run(
                stop
            )
        except (LedgerKeyError, HeadFileError, NotAllowed, TreeDamaged) as error:
            raise CommandError(str(error)) from None
