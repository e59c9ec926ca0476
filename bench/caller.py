"""A web process without a network: calls a Django project's WSGI handler, the whole of it, and says what that cost.

Run as a partner with the project's settings in DJANGO_SETTINGS_MODULE. An order is a list of calls, each [method, path, headers, body];
the answer {"cpu", "wall", "database_cpu"} is in microseconds a call. Everything is made ready before the clock starts.

An order may also be {"calls": ..., "to_the_end": bool}. Then all that the calls leave to be done is waited for, and "whole_cpu" is its processor time
too: of this process, with its threads, and of all of PostgreSQL's that serve it. Not to the end: each answer's body is taken, but the server does not
come back for more, as one that could not write it: what is noted of an answer that has left is then not noted.
"""

from __future__ import annotations

import io
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.wsgi import get_wsgi_application

SETTLING = 0.8  # seconds: notes of answers are written each half


def environ_of(method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
    """What a WSGI server hands over (PEP 3333)."""
    sent = body.encode()
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    fields["CONTENT_TYPE"] = fields.pop("HTTP_CONTENT_TYPE", "")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(sent)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8000",
        "HTTP_ACCEPT": "*/*",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **fields,
    }


def database_pid() -> int:
    """The PostgreSQL process that serves this one."""
    from django.db import connection

    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def processor_time(pid: int) -> float:
    """Seconds that a process of one thread was on a processor (proc(5), schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def whole_processor_time() -> dict[int, float]:
    """Seconds by process: this one, and those of PostgreSQL's that serve this database for our role."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user")
        pids = [int(pid) for (pid,) in cursor.fetchall()]
    found = {0: time.process_time()}
    for pid in pids:
        with suppress(FileNotFoundError):  # it has ended since
            found[pid] = processor_time(pid)
    return found


def call_and_settle(application: Any, calls: list[dict[str, Any]], *, to_the_end: bool) -> dict[str, float]:
    """As `call_all`, and what is done behind the answers."""
    before = whole_processor_time()
    found = call_all(application, calls, to_the_end=to_the_end)
    settled = time.process_time()
    while True:
        time.sleep(SETTLING)
        if time.process_time() - settled < SETTLING / 200:
            break
        settled = time.process_time()
    spent = sum(seconds - before.get(pid, 0.0) for pid, seconds in whole_processor_time().items())
    return found | {"whole_cpu": spent * 1e6 / len(calls)}


def call_all(application: Any, calls: list[dict[str, Any]], *, to_the_end: bool = True) -> dict[str, float]:
    failures: list[tuple[str, bytes]] = []
    status = ""

    def start_response(answered: str, headers: Any, error: Any = None) -> None:
        nonlocal status
        status = answered

    pid = database_pid()
    database = processor_time(pid)
    cpu, wall = time.process_time(), time.perf_counter()
    for environ in calls:
        response = application(environ, start_response)
        body = b"".join(response) if to_the_end else next(iter(response))
        response.close()  # as a server does: Django ends the request here
        if not status.startswith("2"):
            failures.append((status, body))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    database = processor_time(pid) - database
    if database_pid() != pid:
        raise RuntimeError("the connection to the database was not kept: what it cost is unknown")
    if failures:
        raise RuntimeError(f"{len(failures)} of {len(calls)} calls failed, the first with {failures[0]}")
    return {name: seconds * 1e6 / len(calls) for name, seconds in {"cpu": cpu, "wall": wall, "database_cpu": database}.items()}


def main() -> None:
    application = get_wsgi_application()
    for line in sys.stdin:
        order = json.loads(line)
        plain = isinstance(order, list)
        calls = [environ_of(*call) for call in (order if plain else order["calls"])]
        told = call_all(application, calls) if plain else call_and_settle(application, calls, to_the_end=order["to_the_end"])
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
