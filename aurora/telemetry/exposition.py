"""Answers Prometheus: what all processes of this host have counted, and how things stand. On an address of its own, by a process of its own."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from django.db import connection
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from aurora.environ import Address
from aurora.telemetry.figures import Figures


class Counted:
    """What processes wrote into `<folder>/<host>/`, those that have ended among them: a counter must not fall."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def describe(self) -> list[Metric]:
        """Nothing is asked at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Added up."""
        yield from MultiProcessCollector.merge([str(file) for file in sorted(self._folder.glob("*/*.db"))], accumulate=True)


def page(folder: Path) -> bytes:
    """All of it in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(Counted(folder))
    registry.register(Figures())
    return generate_latest(registry)


class Server(ThreadingHTTPServer):
    """`GET /metrics`, one at a time, and nothing else."""

    daemon_threads = True

    def __init__(self, address: Address, folder: Path) -> None:
        self.address_family = socket.AF_INET6 if ipaddress.ip_address(address.host).version == 6 else socket.AF_INET
        self.folder, self.turn = folder, threading.Lock()
        super().__init__((address.host, address.port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "aurora", ""
    timeout = 10

    def do_GET(self) -> None:
        if self.path != "/metrics":
            self.send_error(404)
            return
        with self.server.turn:
            try:
                body = page(self.server.folder)
            finally:
                connection.close()  # each request has a thread, and each thread a connection
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads who asked for metrics."""
