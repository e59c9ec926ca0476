"""What the office used data for: a book of its own, told to Aurora after each read, and again when Aurora asks (findUsage).

Its switch makes it lie, so that whoever tries the demo sees that it is found out: `drop` tells nothing of what it reads, `invent` tells of a use that
there was not, `change` says that the data went to somebody else; `asked` is honest, but only when it is asked.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aurora.sandbox import pages
from aurora.sandbox.errors import SandboxError
from aurora.sandbox.office import aurora
from aurora.sandbox.runtime import Runtime

MODES = ("honest", "drop", "invent", "change", "asked")
AT_ONCE = 100
LONG_BEFORE = 40 * 86_400
_SWITCH = "uses"
_MEMBERS = {"subject", "from", "to", "offset", "limit"}
_sending = threading.Lock()
log = logging.getLogger("aurora.sandbox")


def mode(here: Runtime) -> str:
    row = here.store.one("SELECT setting FROM switches WHERE scope = ?", _SWITCH)
    return str(row["setting"]) if row else "honest"


def switch(wanted: str, here: Runtime) -> None:
    if wanted not in MODES:
        raise SandboxError("bad_switch", f"The mode of uses must be one of: {', '.join(MODES)}.")
    here.store.run("INSERT OR REPLACE INTO switches VALUES (?, ?)", _SWITCH, wanted)


def note(reading: Mapping[str, Any], here: Runtime) -> None:
    """Write a read into the book, as the switch says, and tell Aurora soon."""
    subject, category, entry = (str(reading.get(name, "")) for name in ("subject", "category", "ledger_entry"))
    wanted, now = mode(here), time.time()
    if not subject or not entry or wanted == "drop":
        return
    receiver = "debt-collection" if wanted == "change" else _client_id(here)
    _write(here, subject, category, entry, receiver, now)
    if wanted == "invent":
        _write(here, subject, category, "", receiver, now - LONG_BEFORE)
    if wanted != "asked":
        tell_soon(here)


def tell_soon(here: Runtime) -> None:
    """Not in the request of whoever looks at the page. What fails now the next round does."""
    threading.Thread(target=tell, args=(here,), daemon=True).start()


def tell(here: Runtime) -> None:
    """Send what was not told yet, in batches; one that was sent before keeps its id and its uses, so that Aurora knows it again."""
    if mode(here) == "asked":
        return
    with _sending:
        while batch := _next_batch(here):
            try:
                answer = aurora.report(here, batch, [_as_reported(row, here) for row in _rows(here, batch)])
            except SandboxError as error:
                log.info("a batch of uses could not be sent yet: %s", error.code)
                return
            if not answer.ok:
                log.info("a batch of uses was not taken: %s", answer.body.get("code", answer.status))
                return
            here.store.run("UPDATE uses SET told = 1 WHERE batch = ?", batch)


def answer(question: Mapping[str, Any], here: Runtime) -> dict[str, Any]:
    """findUsage: the uses of one citizen in a time, newest first, a page of them. SandboxError(bad_question)."""
    if set(question) != _MEMBERS or not all(isinstance(question[name], int) for name in ("offset", "limit")):
        raise SandboxError("bad_question", "The question is not one of findUsage.")
    try:
        since, until = (datetime.fromisoformat(str(question[name])).timestamp() for name in ("from", "to"))
    except ValueError:
        raise SandboxError("bad_question", "The question is not one of findUsage.") from None
    with here.store.transaction() as db:
        rows = db.execute(
            "SELECT * FROM uses WHERE subject = ? AND used_at BETWEEN ? AND ? ORDER BY used_at DESC, id LIMIT ? OFFSET ?",
            (str(question["subject"]), since, until, max(1, min(question["limit"], 100)), max(0, question["offset"] - 1)),
        ).fetchall()
    return {"usage": [_as_asked(row, here) for row in rows]}


def _write(here: Runtime, subject: str, category: str, entry: str, receiver: str, at: float) -> None:
    values = (str(uuid.uuid4()), subject, category, entry, receiver, at, "", 0)
    here.store.run("INSERT INTO uses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)


def _next_batch(here: Runtime) -> str:
    """The id of what is to be sent: of a batch that was begun, else of a new one. "" when all is told."""
    with here.store.transaction() as db:
        begun = db.execute("SELECT batch FROM uses WHERE told = 0 AND batch <> '' LIMIT 1").fetchone()
        if begun:
            return str(begun["batch"])
        batch = str(uuid.uuid4())
        taken = db.execute("UPDATE uses SET batch = ? WHERE id IN (SELECT id FROM uses WHERE batch = '' LIMIT ?)", (batch, AT_ONCE))
        return batch if taken.rowcount else ""


def _rows(here: Runtime, batch: str) -> list[Any]:
    with here.store.transaction() as db:
        return db.execute("SELECT * FROM uses WHERE batch = ? ORDER BY id", (batch,)).fetchall()


def _as_reported(row: Any, here: Runtime) -> dict[str, Any]:
    return {
        "subject": row["subject"],
        "used_at": _time(row),
        "action": _in_each_language("office.used"),
        "receiver": {"code": row["receiver"], "name": _name(row, here)},
        "system": "applications",
        "categories": [row["category"]],
        "purpose": aurora.PURPOSE,
        **({"entry": row["entry"]} if row["entry"] else {}),
    }


def _as_asked(row: Any, here: Runtime) -> dict[str, Any]:
    told = _as_reported(row, here)
    receiver = told.pop("receiver")
    del told["subject"]
    return {"logtime": told.pop("used_at"), "receiver": receiver["code"], "receiver_name": receiver["name"], **told}


def _name(row: Any, here: Runtime) -> str:
    return _in_each_language("name.benefits-office" if row["receiver"] == _client_id(here) else "office.debt_collection")


def _in_each_language(text: str) -> str:
    """Who reads it later reads it in a language that the office does not know."""
    return " / ".join(pages.texts(language)[text] for language in pages.LANGUAGES)


def _time(row: Any) -> str:
    return datetime.fromtimestamp(row["used_at"], UTC).isoformat()


def _client_id(here: Runtime) -> str:
    return here.config.peer.client_id if here.config.peer else ""


def parsed(body: bytes) -> dict[str, Any]:
    """A question's JSON. ValueError."""
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found
