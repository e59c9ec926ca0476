"""Aurora's notices that a consent has ended: verified, kept once, acted upon (what was read is deleted), and confirmed.

Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` (`v1a`, Ed25519 over `id.timestamp.body`). The keys are those that
Aurora publishes; none is taken from the notice itself.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from aurora.sandbox.errors import SandboxError
from aurora.sandbox.office import aurora
from aurora.sandbox.runtime import Runtime

TOLERANCE = 300
MODES = ("ok", "down", "gone", "busy", "silent")
_MODE = "notices"
log = logging.getLogger("aurora.sandbox")


@dataclass(frozen=True)
class Notice:
    """`times`: how often it came. `deleted`: how many readings went. `confirmed_at` None: Aurora has not taken our word yet."""

    id: str
    kind: str
    categories: tuple[str, ...]
    asked: bool
    received_at: datetime
    times: int
    deleted: int
    confirmed_at: datetime | None


def mode(here: Runtime) -> str:
    """The failure switch: `down` answers 500, `gone` 410, `busy` 429, `silent` takes the notice and never confirms."""
    row = here.store.one("SELECT setting FROM switches WHERE scope = ?", _MODE)
    return str(row["setting"]) if row else "ok"


def switch(wanted: str, here: Runtime) -> None:
    if wanted not in MODES:
        raise SandboxError("bad_switch", f"The mode must be one of: {', '.join(MODES)}.")
    here.store.run("INSERT OR REPLACE INTO switches VALUES (?, ?)", _MODE, wanted)
    if wanted == "ok":
        confirm_soon(here)


def verify(headers: Mapping[str, str], body: bytes, here: Runtime) -> tuple[str, dict[str, Any]]:
    """The notice's id and content. SandboxError(bad_signature) for what is not Aurora's, or old; PeerError while Aurora's keys are away."""
    named = authentic(headers, body, here)
    found = json.loads(body)
    if not isinstance(found, dict) or not isinstance(found.get("data"), dict):
        raise SandboxError("bad_notice", "The notice is not one that we know.")
    return named, found


def authentic(headers: Mapping[str, str], body: bytes, here: Runtime) -> str:
    """The id of what Aurora signed, a notice or a question. SandboxError(bad_signature), PeerError."""
    named, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not named or not stamp.isascii() or not stamp.isdigit() or abs(int(stamp) - time.time()) > TOLERANCE:
        raise SandboxError("bad_signature", "The notice is not signed, or too old.")
    content = f"{named}.{stamp}.".encode() + body
    signatures = [part.partition(",")[2] for part in headers.get("webhook-signature", "").split(" ") if part.startswith("v1a,")]
    if not any(_signed(key, signature, content) for key in aurora.webhook_keys(here) for signature in signatures):
        raise SandboxError("bad_signature", "The notice is not signed by Aurora.")
    return named


def take(named: str, content: Mapping[str, Any], here: Runtime) -> None:
    """Acts upon a notice, once: a second coming is counted and changes nothing."""
    data = content["data"]
    categories = [str(category) for category in data.get("categories", ())]
    grant_id, asked = str(data.get("grant_id", "")), "asked" in data
    with here.store.transaction() as db:
        if db.execute("UPDATE notices SET times = times + 1 WHERE id = ?", (named,)).rowcount:
            return
        marks, deleted = ",".join("?" * len(categories)), 0
        if asked and categories:
            deleted = db.execute(
                "DELETE FROM readings WHERE application IN (SELECT id FROM applications WHERE json_extract(token, '$.grant_id') = ?)"
                f" AND category IN ({marks})",
                (grant_id, *categories),
            ).rowcount
        values = (named, str(content.get("type")), grant_id, json.dumps(categories), asked, time.time(), 1, deleted, None)
        db.execute("INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def of(grant_id: str, here: Runtime) -> list[Notice]:
    """What Aurora told of one grant, oldest first."""
    with here.store.transaction() as db:
        rows = db.execute("SELECT * FROM notices WHERE grant_id = ? ORDER BY received_at", (grant_id,)).fetchall()
        return [_notice(row) for row in rows]


def confirm_soon(here: Runtime) -> None:
    """Not in the request that brought the notice: Aurora waits for its answer. What fails now the next round does."""
    threading.Thread(target=confirm_all, args=(here,), daemon=True).start()


def confirm_all(here: Runtime) -> None:
    """Confirms what has been deleted and not confirmed."""
    if mode(here) == "silent":
        return
    with here.store.transaction() as db:
        rows = db.execute("SELECT * FROM notices WHERE asked AND confirmed_at IS NULL").fetchall()
    for row in rows:
        deleted_at = datetime.fromtimestamp(row["received_at"], UTC).isoformat()
        try:
            answer = aurora.confirm(here, row["id"], deleted_at=deleted_at)
        except SandboxError as error:
            log.info("notice %s could not be confirmed yet: %s", row["id"], error.code)
            continue
        if answer.ok:
            here.store.run("UPDATE notices SET confirmed_at = ? WHERE id = ?", time.time(), row["id"])
        else:
            log.info("notice %s could not be confirmed yet: %s", row["id"], answer.body.get("code", answer.status))


def _signed(key: str, signature: str, content: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_"), validate=True))
        public.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _notice(row: Any) -> Notice:
    confirmed = row["confirmed_at"]
    return Notice(
        id=row["id"],
        kind=row["kind"],
        categories=tuple(json.loads(row["categories"])),
        asked=bool(row["asked"]),
        received_at=datetime.fromtimestamp(row["received_at"], UTC),
        times=row["times"],
        deleted=row["deleted"],
        confirmed_at=datetime.fromtimestamp(confirmed, UTC) if confirmed else None,
    )
