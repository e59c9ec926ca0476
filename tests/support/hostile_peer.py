"""A peer that says whatever a test wants, byte for byte, over a real connection. A folder's conftest imports `listening` and `peer`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from aurora.outbound import oauth

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    body: bytes = b""
    query: str = ""


@dataclass
class Peer:
    """`answers` by path, or by path and query; `seen` is what was asked."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)

    def says(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """A JSON answer; bytes are sent as they are."""
        self.answers[path] = answer(body, status, **headers)

    def publishes(self, **changes: Any) -> dict[str, Any]:
        """Metadata of a server that offers everything; None leaves a member out."""
        about = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "pushed_authorization_request_endpoint": f"{self.url}/par",
            "revocation_endpoint": f"{self.url}/revoke",
            "jwks_uri": f"{self.url}/jwks",
            "authorization_response_iss_parameter_supported": True,
        } | changes
        about = {name: value for name, value in about.items() if value is not None}
        for path in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"):
            self.says(path, about)
        return about

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.seen if request.path == path]


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (
            {"Content-Type": "application/json"} | {name.replace("_", "-"): said for name, said in headers.items()}
        ).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return send


def handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes: the second would wait 40 ms

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            path, _, query = self.path.partition("?")
            peer.seen.append(Request(self.command, path, {k.lower(): v for k, v in self.headers.items()}, form, body, query))
            peer.answers.get(self.path, peer.answers.get(path, answer({}, 404)))(self)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The guard hangs up on what it does not want to hear; that is no error of the peer's."""


@pytest.fixture(scope="session")
def listening() -> Iterator[tuple[Server, Peer]]:
    peer = Peer()
    server = Server(("127.0.0.1", 0), handler(peer))
    peer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server, peer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def peer(listening: tuple[Server, Peer], settings: Any) -> Iterator[Peer]:
    settings.AURORA_SANDBOX = True
    found = listening[1]
    found.answers.clear()
    found.seen.clear()
    oauth._metadata_cache.clear()
    yield found
    oauth._metadata_cache.clear()
