"""A source answers what citizens ask it to correct, by itself: it asks Aurora now and then, takes the citizen at their word where it can hold what they
say, serves that from then on, and says so. What it cannot hold it refuses, with a reason.

The health centre keeps it with its records (`health/changes.py`); the population register beside the extract, which never changes.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from aurora.sandbox import http, national_id
from aurora.sandbox.as_client import AsClient
from aurora.sandbox.config import HEALTH, Peer
from aurora.sandbox.errors import PeerError, SandboxError
from aurora.sandbox.runtime import Runtime

SCOPE = "corrections"
# Seconds between two looks: a demo's citizen waits for the answer, and Aurora has others to answer.
EVERY = 10.0
TEXTS = {
    "corrected": {
        "fi": "Kiitos, olet oikeassa. Olemme korjanneet tiedon.",
        "sv": "Tack, du har rätt. Vi har rättat uppgiften.",
        "en": "Thank you, you are right. We have corrected this.",
    },
    "refused": {
        "fi": "Emme voi korjata tätä tietoa pyynnön perusteella. Ota yhteyttä asiakaspalveluumme.",
        "sv": "Vi kan inte rätta den här uppgiften på grund av en begäran. Kontakta vår kundtjänst.",
        "en": "We cannot correct this on a request alone. Please contact our customer service.",
    },
}
# What the register takes a citizen's word for.
TAKEN = {"population.person": ("region", "marital_status")}
log = logging.getLogger("aurora.sandbox")


class Corrector:
    """`start` returns at once; it asks every `EVERY` seconds until `stop`, whether Aurora answers or not."""

    def __init__(self, here: Runtime, peer: Peer) -> None:
        self._here, self._client = here, AsClient(peer, here.signing_key)
        self._url = f"{here.config.aurora_base_url}/api/v1/corrections"
        self._token, self._until = "", 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._ending.wait(EVERY):
            try:
                self.look()
            except SandboxError as error:
                log.info("Corrections: %s", error.code)

    def look(self) -> int:
        """Answer all that is open. How many. PeerError: Aurora does not answer, or not this client."""
        token = self._good_token()
        answer = self._client.bearing("GET", self._url, token, lambda headers: http.get(self._url, headers=headers))
        if not answer.ok:
            self._until = 0.0
            raise PeerError("aurora_refused", "Aurora does not tell what is to be corrected.", retryable=True)
        asked = answer.body["corrections"]
        for one in asked:
            outcome = "corrected" if take(self._here, one) else "refused"
            self._answer(token, one["id"], outcome, TEXTS[outcome].get(one["language"], TEXTS[outcome]["en"]))
        return len(asked)

    def _good_token(self) -> str:
        """The same for as long as it is good."""
        if self._until < time.monotonic():
            told = self._client.token({"grant_type": "client_credentials", "scope": SCOPE})
            self._token, self._until = str(told["access_token"]), time.monotonic() + float(told.get("expires_in", 0)) - EVERY
        return self._token

    def _answer(self, token: str, correction: str, outcome: str, text: str) -> None:
        url = f"{self._url}/{quote(correction, safe='')}/answer"
        body = json.dumps({"outcome": outcome, "text": text}).encode()
        self._client.bearing("POST", url, token, lambda headers: http.post_json(url, body, headers=headers))


def take(here: Runtime, asked: Mapping[str, Any]) -> bool:
    """Whether what the citizen says is right is held from now on."""
    if here.process == HEALTH:
        from aurora.sandbox.health import changes

        if asked["category"] != "health.patient":
            return False
        try:
            changes.correct({"identifier": asked["national_id"], "fact": asked["key"], "value": asked["right"]}, here)
        except SandboxError:
            return False
        return True
    household = national_id.parse(asked["national_id"])
    if household is None or asked["key"] not in TAKEN.get(asked["category"], ()):
        return False
    here.store.run(
        "INSERT OR REPLACE INTO corrected (household, category, key, value, at) VALUES (?, ?, ?, ?, ?)",
        household, asked["category"], asked["key"], json.dumps(asked["right"]), time.time(),
    )  # fmt: skip
    return True


def of(here: Runtime, household: int, category: str) -> tuple[dict[str, Any], datetime | None]:
    """What was corrected of one category of one household, by key, and when that was last done."""
    rows = here.store.all("SELECT key, value, at FROM corrected WHERE household = ? AND category = ?", household, category)
    last = datetime.fromtimestamp(max(row["at"] for row in rows), UTC) if rows else None
    return {row["key"]: json.loads(row["value"]) for row in rows}, last


def start(here: Runtime) -> list[Corrector]:
    """For a source that is registered with Aurora as one that answers; nobody else asks."""
    if here.config.corrects is None:
        return []
    corrector = Corrector(here, here.config.corrects)
    corrector.start()
    return [corrector]
