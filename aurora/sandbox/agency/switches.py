"""Failure switches: what an agency is told to do wrong, where and how often. They are kept over a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aurora.sandbox.errors import SandboxError
from aurora.sandbox.runtime import Runtime

# What each mode strikes: path families of the agency. With a category, only that category's data.
STRIKES: Mapping[str, frozenset[str]] = {
    "slow": frozenset({"data", "token", "par", "revoke"}),
    "down": frozenset({"data", "token", "par", "revoke", "authorize", "metadata"}),
    "revoked": frozenset({"data", "token"}),
    "garbage": frozenset({"data"}),
    "too_many": frozenset({"data"}),
    "wrong_schema": frozenset({"data"}),
    "wrong_citizen": frozenset({"data"}),
    "huge": frozenset({"data"}),
    "endless_pages": frozenset({"data"}),
    "slow_loris": frozenset({"data"}),
    "redirect": frozenset({"data"}),
    "bad_signature": frozenset({"data"}),
    "stale_signature": frozenset({"data"}),
    "unsigned": frozenset({"data"}),
    "short_tokens": frozenset({"token"}),
}
# Of an agency that signs only.
OF_SIGNATURES = frozenset({"bad_signature", "stale_signature", "unsigned"})
DEFAULT_SECONDS: Mapping[str, float] = {"slow": 3.0, "slow_loris": 1.0, "too_many": 1.0, "short_tokens": 2.0}
LONGEST = 300.0
EVERYWHERE, TOKENS = "*", "tokens"


@dataclass(frozen=True)
class Switch:
    """`seconds`: delay (slow), pause after each byte (slow_loris), Retry-After (too_many), lifetime (short_tokens). `left`: strikes to come, None: no end.

    `reset`: with `down`, break the connection instead of answering 503.
    """

    mode: str
    category: str
    seconds: float
    left: int | None
    reset: bool

    @property
    def scope(self) -> str:
        """One switch a scope: a category, everything, or (short_tokens only) the tokens."""
        return TOKENS if self.mode == "short_tokens" else self.category or EVERYWHERE


def parse(raw: Any, served: frozenset[str], *, signs: bool = False) -> Switch:
    """A switch from the JSON of `POST /_sandbox/switches`; SandboxError(bad_switch) says what is wrong."""
    if not isinstance(raw, dict) or not set(raw) <= {"mode", "category", "seconds", "times", "reset"}:
        raise SandboxError("bad_switch", "A switch is an object with mode, category, seconds, times and reset.")
    mode, category = raw.get("mode"), raw.get("category") or ""
    if mode != "ok" and mode not in STRIKES:
        raise SandboxError("bad_switch", f"The mode must be ok or one of: {', '.join(STRIKES)}.")
    if mode in OF_SIGNATURES and not signs:
        raise SandboxError("bad_switch", "This agency does not sign its answers.")
    if category and (category not in served or mode == "short_tokens"):
        raise SandboxError("bad_switch", "The category is not served here, or the mode does not take one.")
    seconds, times = raw.get("seconds", DEFAULT_SECONDS.get(str(mode), 0.0)), raw.get("times")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST:
        raise SandboxError("bad_switch", "The seconds must be a number from 0 to 300.")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise SandboxError("bad_switch", "The times must be a positive whole number.")
    return Switch(str(mode), str(category), float(seconds), times, raw.get("reset") is True)


def turn(switch: Switch, runtime: Runtime) -> None:
    """Sets a switch in its scope. `ok` clears its category, or everything when it names none."""
    with runtime.store.transaction() as db:
        if switch.mode == "ok" and not switch.category:
            db.execute("DELETE FROM switches")
        elif switch.mode == "ok":
            db.execute("DELETE FROM switches WHERE scope = ?", (switch.category,))
        else:
            db.execute("INSERT OR REPLACE INTO switches VALUES (?, ?)", (switch.scope, json.dumps(asdict(switch))))


def all_on(runtime: Runtime) -> list[Switch]:
    """Every switch that is on."""
    with runtime.store.transaction() as db:
        return [_read(row) for row in db.execute("SELECT setting FROM switches ORDER BY scope")]


def strike(family: str, category: str, runtime: Runtime) -> tuple[Switch, ...]:
    """The switches that strike this request, counted down: the category's or else everything's, and the tokens'."""
    struck: list[Switch] = []
    with runtime.store.transaction() as db:
        for scope in filter(None, (category, EVERYWHERE, TOKENS)):
            row = db.execute("SELECT setting FROM switches WHERE scope = ?", (scope,)).fetchone()
            if row is None or family not in STRIKES[_read(row).mode]:
                continue
            if scope == EVERYWHERE and struck:
                continue
            struck.append(_read(row))
            _count_down(db, scope, struck[-1])
    return tuple(struck)


def _count_down(db: sqlite3.Connection, scope: str, switch: Switch) -> None:
    if switch.left is None:
        return
    if switch.left <= 1:
        db.execute("DELETE FROM switches WHERE scope = ?", (scope,))
        return
    setting = json.dumps({**asdict(switch), "left": switch.left - 1})
    db.execute("UPDATE switches SET setting = ? WHERE scope = ?", (setting, scope))


def _read(row: sqlite3.Row) -> Switch:
    return Switch(**json.loads(row["setting"]))
