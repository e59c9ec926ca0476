"""An agency's read and an introspection, against a bare Django view and django-oauth-toolkit.

CPU is that of the web process, which calls the project's whole WSGI handler without a network in between: processor time of one
process is what other load disturbs least. Wall time is taken over HTTP, from gunicorn with one worker and a client that keeps its
connection.
"""

from __future__ import annotations

import http.client
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from bench.harness import Lap, Scale, column, interleave
from bench.peers.seed import ITEMS
from bench.place import Partner, Place
from bench.results import ROOT, Results
from bench.world import CATEGORY, Office, office

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
Call = tuple[str, str, dict[str, str], str]


def measure(results: Results, place: Place, scale: Scale) -> None:
    ours, peers = office(scale.pick(200, 5)), _peers(place, scale)
    toolkit = {**place.peers, "DJANGO_SETTINGS_MODULE": "bench.peers.toolkit"}
    with ExitStack() as stack:
        web, bare, dot = (
            stack.enter_context(Partner("bench.caller", environ, place.log(name)))
            for name, environ in {"web": place.ours, "bare": place.peers, "toolkit": toolkit}.items()
        )
        _reads_cpu(results, scale, web, bare, dot, ours, peers)
        _notes(results, scale, web, ours)
        _introspection(results, scale, web, dot, ours, peers)
    _reads_wall(results, place, scale, ours)


def _peers(place: Place, scale: Scale) -> dict[str, Any]:
    environ = {**place.peers, "DJANGO_SETTINGS_MODULE": "bench.peers.toolkit"}
    with Partner("bench.peers.seed", environ, place.log("seed")) as seed:
        return dict(seed.ask({"tokens": scale.pick(200, 5)}))


def _reads_cpu(results: Results, scale: Scale, web: Partner, bare: Partner, dot: Partner, ours: Office, peers: dict[str, Any]) -> None:
    laps = interleave(
        {
            "ours": _lap(web, lambda: our_read(ours), scale.pick(250, 10)),
            "bare": _lap(bare, _bare_read, scale.pick(250, 10)),
            "toolkit": _lap(dot, lambda: _toolkit_read(peers), scale.pick(250, 10)),
        },
        rounds=scale.rounds,
    )
    ours_cpu = column(laps["ours"], "cpu")
    results.ratio("agency_read_cpu_ratio", ours_cpu, column(laps["bare"], "cpu"), "us")
    results.ratio("agency_read_pg_cpu_ratio", column(laps["ours"], "database_cpu"), column(laps["bare"], "database_cpu"), "us")
    results.ratio("agency_read_vs_dot_ratio", ours_cpu, column(laps["toolkit"], "cpu"), "us")


def _notes(results: Results, scale: Scale, web: Partner, ours: Office) -> None:
    """What a read costs with the note that its answer has left us, over one whose answer could not be written, so that there is no note.

    All of it: the web process with the thread that writes notes, and every process of PostgreSQL's that serves it.
    """

    def lap(to_the_end: bool) -> Callable[[], Lap]:
        return lambda: web.ask({"calls": [our_read(ours) for _ in range(scale.pick(250, 10))], "to_the_end": to_the_end})

    laps = interleave({"noted": lap(True), "unnoted": lap(False)}, rounds=scale.rounds)
    results.ratio("agency_read_noted_ratio", column(laps["noted"], "whole_cpu"), column(laps["unnoted"], "whole_cpu"), "us")


def _introspection(results: Results, scale: Scale, web: Partner, dot: Partner, ours: Office, peers: dict[str, Any]) -> None:
    laps = interleave(
        {
            "ours": _lap(web, lambda: _our_introspection(ours), scale.pick(150, 5)),
            "plain": _lap(dot, lambda: toolkit_introspection(peers, "basic_plain"), scale.pick(150, 5)),
            # The toolkit's default costs a password hash a call: a few are enough.
            "hashed": _lap(dot, lambda: toolkit_introspection(peers, "basic_hashed"), scale.pick(2, 1)),
        },
        rounds=scale.rounds,
    )
    ours_cpu = column(laps["ours"], "cpu")
    results.ratio("introspection_vs_dot_ratio", ours_cpu, column(laps["hashed"], "cpu"), "us")
    results.ratio("introspection_vs_dot_unhashed_ratio", ours_cpu, column(laps["plain"], "cpu"), "us")


def _lap(partner: Partner, call: Callable[[], Call], count: int) -> Callable[[], Lap]:
    return lambda: partner.ask([call() for _ in range(count)])


def our_read(ours: Office) -> Call:
    """With a proof that is signed before the clock starts, as the agency does that."""
    path, token = f"/api/v1/twin/{CATEGORY}", random.choice(ours.tokens)
    proof = ours.proof(f"{settings.AURORA_BASE_URL}{path}", token)
    return "GET", path, {"Authorization": f"DPoP {token}", "DPoP": proof}, ""


def _bare_read() -> Call:
    return "GET", f"/items/{random.randint(1, ITEMS)}", {}, ""


def _toolkit_read(peers: dict[str, Any]) -> Call:
    return "GET", f"/items/{random.randint(1, ITEMS)}", _bearer(random.choice(peers["tokens"])), ""


def _our_introspection(ours: Office) -> Call:
    proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": ours.assertion(settings.AURORA_BASE_URL)}
    return "POST", "/oauth/introspect", {"Content-Type": FORM}, urlencode({"token": random.choice(ours.tokens), **proof})


def toolkit_introspection(peers: dict[str, Any], credentials: str) -> Call:
    headers = {"Content-Type": FORM, "Authorization": peers[credentials]}
    return "POST", "/o/introspect/", headers, urlencode({"token": random.choice(peers["tokens"])})


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _reads_wall(results: Results, place: Place, scale: Scale, ours: Office) -> None:
    calls = scale.pick(150, 5)
    with _served(place, "web-http", place.ours) as web, _served(place, "bare-http", place.peers) as bare:
        laps = interleave(
            {"ours": lambda: _timed(web, [our_read(ours) for _ in range(calls)]), "bare": lambda: _timed(bare, [_bare_read()] * calls)},
            rounds=scale.rounds,
        )
    results.ratio("agency_read_wall_ratio", column(laps["ours"], "wall"), column(laps["bare"], "wall"), "us")


def _timed(connection: http.client.HTTPConnection, calls: Sequence[Call]) -> Lap:
    """The median call's microseconds, from sending to the last byte."""
    times = []
    for method, path, headers, _ in calls:
        begun = time.perf_counter()
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        times.append(time.perf_counter() - begun)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
    return {"wall": statistics.median(times) * 1e6}


@contextmanager
def _served(place: Place, name: str, environ: dict[str, str]) -> Iterator[http.client.HTTPConnection]:
    """gunicorn as the demo runs it, with one worker and one thread; a connection to it that is kept open."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # gunicorn sets this too, but too late for a connection that waits for it to start.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()", "--bind", f"fd://{listener.fileno()}"]
        command += ["--worker-class", "gthread", "--workers", "1", "--threads", "1", "--no-control-socket", "--keep-alive", "60"]
        with place.log(name).open("ab") as log:
            process = subprocess.Popen(
                command, env=environ, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[listener.fileno()]
            )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()
        process.terminate()
        process.wait(20)
