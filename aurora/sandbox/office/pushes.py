"""Decisions go to Aurora by themselves, of people who have connected the office there, and of nobody else.

Whom the office may push of it knows from its own grants: the person signed in here and said yes (`agency.views.decide`), and Aurora holds the tokens.
When Aurora gives them back (RFC 7009), it is over. Of an answer that Aurora does not accept yet the connection may be a moment away: it is sent again
for an hour, and then no more.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from typing import Any

from aurora.sandbox import national_id, vocabulary
from aurora.sandbox.errors import SandboxError
from aurora.sandbox.office import aurora, decisions
from aurora.sandbox.runtime import Runtime

AT_ONCE = 50
AGAIN_AFTER = 2.0
GIVE_UP_AFTER = 3600.0
_DONE = frozenset({"taken", "unchanged", "older"})
_sending = threading.Lock()
log = logging.getLogger("aurora.sandbox")

# Of each person the newest decision, under the newest grant that stands, if it has not been told under it.
_WAITING = """
SELECT d.*, p.household, g.id AS grant_id, g.created_at AS granted_at FROM decisions d
JOIN applications a ON a.id = d.application JOIN persons p ON p.owner = a.owner
JOIN grants g ON g.household = p.household AND g.revoked_at IS NULL AND (' ' || g.scopes || ' ') LIKE ?
    AND EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = g.id AND t.kind = 'refresh' AND t.revoked_at IS NULL)
WHERE d.told_grant IS NOT g.id
    AND NOT EXISTS (SELECT 1 FROM grants h WHERE h.household = g.household AND h.revoked_at IS NULL AND h.id > g.id)
    AND NOT EXISTS (
        SELECT 1 FROM decisions e JOIN applications b ON b.id = e.application JOIN persons q ON q.owner = b.owner
        WHERE q.household = p.household AND (e.decided_at, e.id) > (d.decided_at, d.id))
ORDER BY d.decided_at
"""


def tell_soon(here: Runtime, *, after: float = 0.0) -> None:
    """Not in the request of whoever looks at the page. What fails now the next round does."""
    timer = threading.Timer(after, tell, args=(here,))
    timer.daemon = True
    timer.start()


def tell(here: Runtime) -> None:
    """Send what waits. A batch that got no answer keeps its id and its answers, so that Aurora knows it again."""
    with _sending:
        try:
            while batch := _next_batch(here):
                rows = _rows(here, batch)
                answer = aurora.push_facts(here, batch, [_answer(row) for row in rows])
                if not answer.ok:
                    log.info("a batch of decisions was not taken: %s", answer.body.get("code", answer.status))
                    if answer.body.get("code") == "batch_differs":  # somebody of it is gone since: the others go under another id
                        here.store.run("UPDATE decisions SET batch = '' WHERE batch = ?", batch)
                    return
                if not _came(here, rows, answer.body.get("results", [])):
                    tell_soon(here, after=AGAIN_AFTER)
                    return
        except SandboxError as error:
            log.info("a batch of decisions could not be sent yet: %s", error.code)


def _waiting(db: Any) -> list[Any]:
    return list(db.execute(_WAITING, (f"% {decisions.CATEGORY} %",)).fetchall())


def _next_batch(here: Runtime) -> str:
    """The id of what is to be sent: of a batch that got no answer, else of a new one. "" when all is told."""
    with here.store.transaction() as db:
        rows = _waiting(db)
        # One that was sent under another grant is over: Aurora would answer it as then, when it took the data for another connection.
        begun = next((str(row["batch"]) for row in rows if row["batch"] and row["batch_grant"] == row["grant_id"]), "")
        if begun or not rows:
            return begun
        batch = str(uuid.uuid4())
        for row in rows[:AT_ONCE]:
            db.execute("UPDATE decisions SET batch = ?, batch_grant = ? WHERE id = ?", (batch, row["grant_id"], row["id"]))
        return batch


def _rows(here: Runtime, batch: str) -> list[Any]:
    with here.store.transaction() as db:
        return sorted((row for row in _waiting(db) if row["batch"] == batch), key=lambda row: str(row["id"]))


def _answer(row: Any) -> dict[str, Any]:
    decision = decisions.read(row)
    assert decision is not None
    decided = decision.decided_at
    return {
        "category": decisions.CATEGORY,
        "version": vocabulary.categories()[decisions.CATEGORY].version,
        "subject": {"national_id": national_id.make(row["household"])},
        "observed_at": decided.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "valid_from": decided.date().isoformat(),
        "valid_to": decision.until.isoformat() if decision.granted else None,
        "facts": decision.facts(),
    }


def _came(here: Runtime, rows: list[Any], results: list[Any]) -> bool:
    """Note what came of each. False where some must be sent again, under another id: the same one is answered the same."""
    all_over = True
    for row, result in zip(rows, results, strict=True):
        code = str(result.get("result"))
        waited = time.time() - max(row["granted_at"], row["decided_at"])
        over = code in _DONE or code == "invalid" or waited > GIVE_UP_AFTER
        if code not in _DONE:
            log.info("a decision was not taken: %s", code)
        grant = row["grant_id"] if over else row["told_grant"]
        here.store.run("UPDATE decisions SET batch = '', told_grant = ? WHERE id = ?", grant, row["id"])
        all_over = all_over and over
    return all_over
