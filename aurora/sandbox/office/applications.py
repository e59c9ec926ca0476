"""The applications for housing support, as the office keeps them. Each belongs to the browser that began it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aurora.sandbox.runtime import Runtime
from aurora.sandbox.store import digest, new_secret


@dataclass(frozen=True)
class Application:
    """`status`: waiting, answered (its code is being redeemed), granted or refused.

    `reason` is the OAuth error code of a refusal; `token` is what office.aurora.redeem returned.
    """

    id: str
    status: str
    reason: str
    verifier: str = field(repr=False)
    token: Mapping[str, Any] = field(repr=False)
    begun_at: datetime


def begin(owner: str, *, state: str, verifier: str, here: Runtime) -> None:
    """A new application that waits for the citizen's decision."""
    values = (new_secret(), owner, digest(state), verifier, time.time())
    here.store.run("INSERT INTO applications VALUES (?, ?, ?, ?, 'waiting', '', '{}', ?)", *values)


def waiting_for(owner: str, state: str, here: Runtime) -> Application | None:
    """The application that this browser sent to Aurora with `state`, if it still waits."""
    sql = "SELECT * FROM applications WHERE owner = ? AND state_digest = ? AND status = 'waiting'"
    return _application(here.store.one(sql, owner, digest(state)))


def find(owner: str, key: str, here: Runtime) -> Application | None:
    """One of this browser's applications."""
    return _application(here.store.one("SELECT * FROM applications WHERE owner = ? AND id = ?", owner, key))


def of(owner: str, here: Runtime) -> list[Application]:
    """This browser's applications, newest first, at most twenty."""
    with here.store.transaction() as db:
        sql = "SELECT * FROM applications WHERE owner = ? ORDER BY begun_at DESC LIMIT 20"
        found = (_application(row) for row in db.execute(sql, (owner,)).fetchall())
        return [application for application in found if application is not None]


def claim(application: Application, here: Runtime) -> bool:
    """Takes on the answer that came: only the first caller may redeem the code, as a replay would undo the grant."""
    sql = "UPDATE applications SET status = 'answered' WHERE id = ? AND status = 'waiting'"
    return here.store.run(sql, application.id) == 1


def refuse(application: Application, reason: str, here: Runtime) -> None:
    sql = "UPDATE applications SET status = 'refused', reason = ?, verifier = '' WHERE id = ? AND status = 'answered'"
    here.store.run(sql, reason, application.id)


def grant(application: Application, token: Mapping[str, Any], here: Runtime) -> None:
    sql = "UPDATE applications SET status = 'granted', token = ?, verifier = '' WHERE id = ? AND status = 'answered'"
    here.store.run(sql, json.dumps(dict(token)), application.id)


def keep_token(application: Application, token: Mapping[str, Any], here: Runtime) -> None:
    here.store.run("UPDATE applications SET token = ? WHERE id = ?", json.dumps(dict(token)), application.id)


def keep_reading(application: Application, category: str, body: Mapping[str, Any], here: Runtime) -> None:
    """What was read goes to the file of the application."""
    values = (application.id, category, json.dumps(dict(body)), time.time())
    here.store.run("INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)", *values)


def readings_of(application: Application, here: Runtime) -> list[str]:
    """The categories that the file holds now."""
    with here.store.transaction() as db:
        found = db.execute("SELECT category FROM readings WHERE application = ? ORDER BY category", (application.id,)).fetchall()
        return [str(row["category"]) for row in found]


def _application(row: Any) -> Application | None:
    if row is None:
        return None
    begun_at = datetime.fromtimestamp(row["begun_at"], UTC)
    return Application(row["id"], row["status"], row["reason"], row["verifier"], json.loads(row["token"]), begun_at)
