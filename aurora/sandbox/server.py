"""The HTTP server of a sandbox process: one thread a connection, keep-alive, no personal value in its log."""

from __future__ import annotations

import logging
import signal
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from typing import Any

from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer

log = logging.getLogger("aurora.sandbox")
SWEEP_EVERY = 60.0
ENDS = {signal.SIGTERM, signal.SIGINT}


class Handler(WSGIRequestHandler):
    # Headers and body are two writes; with Nagle's algorithm a kept-alive connection would wait 40 ms between them.
    disable_nagle_algorithm = True

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["sandbox.reset"] = self.reset
        return environ

    def reset(self) -> None:
        """Breaks the connection with a TCP reset, as a machine that dies does."""
        self.close_connection = True
        wire: Any = self.wfile
        wire.write = _gone
        connection: Any = self.connection
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Method, path and status; never the query, which holds codes and states."""
        path = str(getattr(self, "path", "")).partition("?")[0]
        log.info("%s %s %s", getattr(self, "command", ""), path, args[1] if len(args) > 1 else "")


def _gone(_: bytes) -> int:
    """What is still written after a reset ends quietly: wsgiref expects this error and no other."""
    raise ConnectionResetError


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no error of ours; anything else is logged without the request's content."""
        log.debug("a connection ended early", exc_info=True)


def bind(host: str, port: int) -> Server:
    """Listens; port 0 takes a free one. The application is set later, when the address is known."""
    return Server((host, port), Handler, ipv6=":" in host)


def hold_signals() -> None:
    """For this thread and those that it starts: `serve` waits for them. Before any other thread is started, else that one would be ended by them.

    Waited for, not handled: a handler that sets an Event deadlocks if the signal comes while wait() holds the Event's own lock.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)


def serve(server: Server, sweep: Callable[[], None]) -> None:
    """Answers until SIGTERM or SIGINT, then returns; calls `sweep` once a minute. Call it on the main thread."""
    hold_signals()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    while signal.sigtimedwait(ENDS, SWEEP_EVERY) is None:
        sweep()
    server.shutdown()
    server.server_close()
