"""`manage.py healthy web|worker|beat|sequencer`: is it well on this host? For health checks of containers; without Django, since it runs every half minute.

Exit status 0: well. 1: not, and a sentence says why.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from aurora.env import Env
from aurora.telemetry.places import SILENT_SECONDS, alive_file

KINDS = ("web", "worker", "beat", "sequencer")


def main(arguments: Sequence[str], env: Env) -> int:
    """Judges one process. Prints why it is not well."""
    parser = argparse.ArgumentParser(prog="manage.py healthy", description="Whether a process of Aurora is well on this host.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, default=8000, help="where web listens (default: %(default)s)")
    options = parser.parse_args(arguments)
    fault = _web(env, options.port) if options.kind == "web" else _silent(env, options.kind)
    if fault:
        print(fault, file=sys.stderr)
    return 1 if fault else 0


def _silent(env: Env, kind: str) -> str:
    try:
        age = time.time() - alive_file(kind, env.state_dir).stat().st_mtime
    except OSError:
        return f"{kind} has given no sign of life on this host"
    return f"{kind} has been silent for {age:.0f} s" if age > SILENT_SECONDS else ""


def _web(env: Env, port: int) -> str:
    """Asks as the proxy in front does: under the public name, and as if it had come by https."""
    scheme, _, host = env.base_url.partition("://")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host, "X-Forwarded-Proto": scheme})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as answer:
            return "" if answer.status == 200 else f"web answers {answer.status}"
    except (urllib.error.URLError, OSError) as error:
        return f"web does not answer ({type(error).__name__})"
