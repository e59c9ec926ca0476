"""How log lines look: as ever, or one JSON object a line (`AURORA_LOG_FORMAT=json`). Neither has a path of a request: some are secrets.

Of an exception a JSON line has the class and where it came through, not its message: what a library says may quote a value.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FRAMES = 30
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PLACE = Path(__file__).resolve().parents[2]


class WithoutPaths(logging.Filter):
    """Django's own lines about a request (not found, forbidden, failed) name its route instead of its path."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record, keeps it."""
        request = getattr(record, "request", None)
        if request is not None and hasattr(request, "path") and isinstance(record.args, tuple):
            from aurora.telemetry.requests import route_of

            record.args = tuple(route_of(request) if isinstance(a, str) and a.startswith("/") else a for a in record.args)
        return True


class PlainLines(logging.Formatter):
    """Time (UTC), level, logger, message. What a message quotes cannot begin a line of its own: breaks and controls are written as in Python."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """As JSON lines have it."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line before a trace."""
        return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """A trace has lines of its own, and so may what its exceptions quote: each is set in, which no entry is."""
        return _set_in(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        """The same."""
        return _set_in(super().formatStack(stack_info))


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, process, pid; request where there is one; what the line adds; error and where."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()
        self._process = process_name(sys.argv)

    def format(self, record: logging.LogRecord) -> str:
        """Never more than a line: JSON escapes what would break it."""
        from aurora.telemetry import traces
        from aurora.telemetry.requests import current_id

        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": self._process,
            "pid": os.getpid(),
        }
        if number := current_id():
            line["request"] = number
        if traced := traces.current():
            line["trace"] = traced
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["error"] = f"{kind.__module__}.{kind.__qualname__}"
            line["at"] = [_place(frame) for frame in traceback.extract_tb(trace)[-FRAMES:]]
        return json.dumps(line)


def _set_in(text: str) -> str:
    """Whatever a terminal or a reader takes for a new line begins with a bar."""
    return "\n".join(f"  | {_UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], line)}" for line in text.splitlines())


def process_name(arguments: list[str]) -> str:
    """What this process is: web, worker, beat, or the command of manage.py."""
    program, words = Path(arguments[0] if arguments else "").as_posix(), arguments[1:]
    if "gunicorn" in program:
        return "web"
    if "celery" in program:
        return next((word for word in words if word in ("worker", "beat")), "celery")
    if program.endswith("manage.py"):
        return next((word for word in words if not word.startswith("-")), "manage")
    return "python"


def _place(frame: traceback.FrameSummary) -> str:
    file = Path(frame.filename)
    shown = file.relative_to(_PLACE) if file.is_relative_to(_PLACE) else Path(*file.parts[-2:])
    return f"{shown}:{frame.lineno} {frame.name}"
