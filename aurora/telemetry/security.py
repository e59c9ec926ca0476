"""What somebody who looks for attacks reads: signing in and out, sessions that end, and what was refused. One line each, in the log of all processes.

A line names no citizen, no address and no value: the session by a digest that opens nothing, the request by its number, which the proxy in front
logs beside the address that it saw. What operators do stands in their trail (`aurora.audit`), who read what in the access log: not here again.
"""

from __future__ import annotations

import hashlib
import logging
import re

from django.http import HttpRequest

from aurora.telemetry.requests import route_of

logger = logging.getLogger("aurora.security")
_CODE = re.compile(r"[a-z][a-z0-9_:.-]{0,63}", re.ASCII)
# Refusals of which too many are an attack, or an agency that has gone wrong.
REFUSED = frozenset({400, 401, 403, 413, 429})


def note(event: str, request: HttpRequest, **told: str | int | bool) -> None:
    """One line. `event` is `subject:happened`; words in `told` are codes of ours: anything else is left out, whatever it is."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    fields: dict[str, str | int | bool] = {"event": event, "route": route_of(request), "session": named(key) if key else ""}
    fields |= {name: value if not isinstance(value, str) or _CODE.fullmatch(value) else "other" for name, value in told.items()}
    words = " ".join(f"{name}={value}" for name, value in fields.items() if value != "")
    logger.info("%s", words, extra={"fields": fields})


def named(session_key: str) -> str:
    """What a session is called in the log, for as long as it goes on."""
    return hashlib.sha256(b"log:" + session_key.encode()).hexdigest()[:16]
