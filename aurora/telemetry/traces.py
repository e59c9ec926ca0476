"""Traces: which step took how long, for the receiver that an operator names by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`).

Off, and then without cost and without the library, unless that is set. A step has a name of ours, a few facts out of `_NAMES`, and nothing else:
no path, query, id, address, header, statement or message of an error. What is sent goes by a thread of its own out of a bounded queue; a
receiver that is slow or away loses spans and holds nobody up. docs/decisions/traces.md says why so little, and why by hand.
"""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

from celery import signals
from django.conf import settings

from aurora.telemetry.logs import process_name

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

Kind = Literal["server", "client", "consumer", "internal"]
LAST_SECONDS = 2.0  # for what is left to be sent when a process ends
LINK = "traceparent"
# What may be told of a step, and under which name (OpenTelemetry's semantic conventions, where they have one).
_NAMES = {
    "route": "http.route",
    "method": "http.request.method",
    "status": "http.response.status_code",
    "peer": "aurora.peer",
    "outcome": "aurora.outcome",
    "fault": "error.type",
}
_lock = threading.Lock()
_made: list[Tracer] = []
_peer: ContextVar[str] = ContextVar("traces_peer", default="")


class Step:
    """A step that nobody traces: each call does nothing."""

    def also(self, *, name: str = "", failed: bool = False, **facts: str | int) -> None:
        """What is known only now."""

    def __enter__(self) -> Step:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        return None


class _Traced(Step):
    def __init__(self, tracer: Tracer, name: str, kind: Kind, parent: Any, facts: dict[str, str | int]) -> None:
        self._tracer, self._name, self._kind, self._parent, self._facts = tracer, name, kind, parent, facts

    def also(self, *, name: str = "", failed: bool = False, **facts: str | int) -> None:
        from opentelemetry.trace import StatusCode

        if name:
            self._span.update_name(name)
        if failed:
            self._span.set_status(StatusCode.ERROR)
        self._span.set_attributes(_attributes(facts))

    def __enter__(self) -> Step:
        from opentelemetry import context, trace

        kind = trace.SpanKind[self._kind.upper()]
        self._span = self._tracer.start_span(self._name, context=self._parent, kind=kind, attributes=_attributes(self._facts))
        self._token = context.attach(trace.set_span_in_context(self._span, self._parent))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        from opentelemetry import context

        if kind is not None:  # its class, and none of its words
            self.also(failed=True, fault=kind.__name__)
        context.detach(self._token)
        self._span.end()


_NOTHING = Step()


def step(name: str, kind: Kind = "internal", *, alone: bool = False, **facts: str | int) -> Step:
    """For a `with`. `alone`: it begins a trace, whatever a stranger's request says of one."""
    tracer = _tracer()
    if tracer is None:
        return _NOTHING
    from opentelemetry.context import Context

    return _Traced(tracer, name, kind, Context() if alone else None, facts)


@contextmanager
def calling(peer: str) -> Iterator[None]:
    """Requests that leave meanwhile are to this source, or to this kind of service: a code, never an address."""
    before = _peer.set(peer)
    try:
        yield
    finally:
        _peer.reset(before)


def request_out(method: str) -> Step:
    """A request that leaves, to whom `calling` says."""
    peer = _peer.get() or "elsewhere"
    return step(f"{method} {peer}", "client", method=method, peer=peer)


def current() -> str:
    """The number of the trace that this is part of; empty without one. For log lines."""
    if not _made:
        return ""
    from opentelemetry import trace

    found = trace.get_current_span().get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else ""


def follow_tasks() -> None:
    """Each task is a step of the trace of who sent its message: two random numbers go along in the message's headers."""
    signals.before_task_publish.connect(_publish, weak=False)
    signals.task_prerun.connect(_begin_task, weak=False)
    signals.task_postrun.connect(_end_task, weak=False)
    signals.worker_process_shutdown.connect(_send_the_rest, weak=False)


_tasks: dict[str, Step] = {}


def _publish(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and _made:
        _propagator().inject(headers)


def _begin_task(task_id: str = "", task: Any = None, **_: Any) -> None:
    tracer = _tracer()
    if tracer is not None:
        sent = {LINK: str(getattr(task.request, LINK, None) or "")}
        _tasks[task_id] = _Traced(tracer, task.name, "consumer", _propagator().extract(sent), {}).__enter__()


def _end_task(task_id: str = "", state: str = "", **_: Any) -> None:
    if begun := _tasks.pop(task_id, None):
        begun.also(failed=state == "FAILURE", outcome=(state or "unknown").lower())
        begun.__exit__(None, None, None)


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


def _attributes(facts: dict[str, str | int]) -> dict[str, str | int]:
    return {_NAMES[name]: value for name, value in facts.items()}


def _tracer() -> Tracer | None:
    if not settings.AURORA_TRACES:
        return None
    with _lock:
        if not _made:
            _made.append(_provider().get_tracer("aurora"))
    return _made[0]


def _provider() -> TracerProvider:
    """Its receiver, headers, sampler and queue the library reads from its own variables."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAMESPACE, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # Only what the operator says of this installation; other detectors would tell of the command line and of the host.
    mine = Resource({SERVICE_NAMESPACE: "aurora", "service.name": process_name(sys.argv)})
    made = TracerProvider(resource=mine.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _providers.append(made)
    atexit.register(_send_the_rest)
    return made


_providers: list[TracerProvider] = []


def _send_the_rest(**_: Any) -> None:
    """At a process's end, for a moment: a receiver that hangs must not hang it."""
    for provider in _providers:
        last = threading.Thread(target=provider.shutdown, daemon=True)
        with contextlib.suppress(RuntimeError):  # from Python 3.12 on no thread begins so late
            last.start()
            last.join(LAST_SECONDS)
    _providers.clear()
