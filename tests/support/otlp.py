"""A receiver of traces: OTLP over HTTP on loopback, as a collector takes them. It can be told to hold each answer back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent


@dataclass(frozen=True)
class Span:
    """One step, as it was told."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    failed: bool
    seconds: float
    facts: dict[str, Any]
    process: dict[str, Any]
    rest: tuple[Any, ...]


class Receiver:
    """`with Receiver() as receiver:`; `bodies` are the bytes that came, `spans()` what they say."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[dict[str, str]] = []
        self.held = 0
        self._open = threading.Event()
        self._open.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.heads.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
                receiver.bodies.append(body)
                receiver.held += 1
                receiver._open.wait(120)
                receiver.held -= 1
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # who asked has gone

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def hold(self) -> None:
        """From now on nobody is answered."""
        self._open.clear()

    def spans(self) -> list[Span]:
        return list(self._read())

    def _read(self) -> Iterator[Span]:
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                about = _facts(resource.resource.attributes)
                for scope in resource.scope_spans:
                    assert (scope.scope.name, list(scope.scope.attributes)) == ("aurora", [])
                    for one in scope.spans:
                        yield _span(one, about)

    def close(self) -> None:
        """Gone: whoever comes is refused."""
        self._open.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _span(one: Sent, about: dict[str, Any]) -> Span:
    rest = (*one.events, *one.links, one.trace_state, one.status.message)
    return Span(
        one.name,
        Sent.SpanKind.Name(one.kind).removeprefix("SPAN_KIND_").lower(),
        one.trace_id.hex(),
        one.span_id.hex(),
        one.parent_span_id.hex(),
        one.status.code == 2,
        (one.end_time_unix_nano - one.start_time_unix_nano) / 1e9,
        _facts(one.attributes),
        about,
        tuple(each for each in rest if each),
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
