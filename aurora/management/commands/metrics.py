"""`manage.py metrics`: answers Prometheus on AURORA_METRICS_ADDRESS until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aurora.telemetry.exposition import Server
from aurora.telemetry.systemd import notify


class Command(BaseCommand):
    help = "Answers Prometheus with what the processes of this host have counted and how queues, deliveries and the access log stand."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        address = settings.AURORA_METRICS_ADDRESS
        if address is None:
            raise CommandError("Set AURORA_METRICS_ADDRESS, such as 127.0.0.1:9464, for this and for all other processes.")
        try:
            server = Server(address, settings.AURORA_METRICS_FOLDER)
        except OSError as error:
            raise CommandError(f"Cannot listen on {address.host}, port {address.port}: {error.strerror}") from None
        for number in (signal.SIGTERM, signal.SIGINT):
            # Not in the handler: it interrupts the very loop that it would wait for.
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        notify("READY=1")
        with server:
            server.serve_forever()
