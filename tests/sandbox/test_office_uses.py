"""The office's book of uses: told after each read, told again until it is taken, told when Aurora asks, and lied about by its switch."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from aurora_double import Answer, AuroraDouble
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sandbox_client import Browser

from aurora.sandbox import config, runtime
from aurora.sandbox.config import OFFICE, PROCESSES
from aurora.sandbox.errors import SandboxError
from aurora.sandbox.launch import free_urls, start_all, stop_all
from aurora.sandbox.office import uses
from aurora.sandbox.provision import provision, write_configs
from aurora.sandbox.runtime import Runtime

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SUBJECT = "a" * 32


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, AuroraDouble, Runtime, str]]:
    """The office as a process, and another of the same registration in this one, whose book a test looks into."""
    folder = tmp_path_factory.mktemp("office-uses")
    urls = free_urls(["aurora", *PROCESSES])
    aurora = AuroraDouble(int(urls["aurora"].rsplit(":", 1)[1]))
    made = provision(urls=urls)
    aurora.registration = made.aurora["agencies"][0]
    configs = write_configs(made, folder / "config")
    running = start_all({OFFICE: configs[OFFICE]}, state=folder / "state", urls=urls)
    here = runtime.start(config.load(OFFICE, configs[OFFICE]), state=folder / "other", address=urls[OFFICE])
    yield running[OFFICE].base_url, aurora, here, made.aurora["control_token"]
    here.store.close()
    stop_all(running)
    aurora.stop()


@pytest.fixture
def book(started: tuple[str, AuroraDouble, Runtime, str]) -> Iterator[tuple[AuroraDouble, Runtime]]:
    _, aurora, here, _ = started
    here.store.run("DELETE FROM uses")
    uses.switch("honest", here)
    aurora.batches, aurora.complaints = [], []
    aurora.taking = lambda: (200, {"kept_back": []})
    yield aurora, here
    assert aurora.complaints == []


def reading(entry: str) -> dict[str, Any]:
    return {"subject": SUBJECT, "category": "tax.income", "ledger_entry": entry, "facts": []}


def noted(here: Runtime, *entries: str) -> None:
    """Without the thread that would tell of it at once."""
    uses.tell_soon, kept = (lambda here: None), uses.tell_soon  # type: ignore[assignment]
    try:
        for entry in entries:
            uses.note(reading(entry), here)
    finally:
        uses.tell_soon = kept  # type: ignore[assignment]


def told(aurora: AuroraDouble) -> list[Any]:
    return [use.get("entry") for batch in aurora.batches for use in batch["uses"]]


def test_what_is_read_is_told_signed_and_once(book: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = book
    noted(here, "one", "two")
    uses.tell(here)
    uses.tell(here)
    [batch] = aurora.batches
    assert (batch["iss"], batch["aud"]) == (OFFICE, f"{aurora.issuer}/api/v1") and sorted(told(aurora)) == ["one", "two"]
    assert batch["uses"][0]["receiver"]["code"] == OFFICE and batch["uses"][0]["subject"] == SUBJECT


def test_what_was_not_taken_is_sent_again_under_the_same_id(book: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = book
    answers: list[Answer] = [(503, {"code": "unavailable"}), (200, {"kept_back": []})]
    aurora.taking = lambda: answers.pop(0)
    noted(here, "one")
    uses.tell(here)
    noted(here, "two")
    aurora.taking = lambda: (200, {"kept_back": []})
    uses.tell(here)
    first, again, new = aurora.batches
    assert first["jti"] == again["jti"] != new["jti"] and first["uses"] == again["uses"] and told(aurora) == ["one", "one", "two"]


def test_the_switch_makes_it_lie(book: tuple[AuroraDouble, Runtime]) -> None:
    aurora, here = book
    for mode, expected in {"drop": [], "invent": ["one", None], "change": ["one"], "asked": []}.items():
        aurora.batches.clear()
        uses.switch(mode, here)
        noted(here, "one")
        uses.tell(here)
        assert told(aurora) == expected or sorted(map(str, told(aurora))) == sorted(map(str, expected)), mode
        if mode == "change":
            assert aurora.batches[0]["uses"][0]["receiver"]["code"] != OFFICE
    with pytest.raises(SandboxError):
        uses.switch("no-such", here)


def _post(url: str, **sent: Any) -> httpx.Response:
    return httpx.post(url, trust_env=False, timeout=60, **sent)


def signed(question: Any, key: Ed25519PrivateKey = KEY, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    body, stamp = json.dumps(question).encode(), str(int(time.time() if at is None else at))
    signature = base64.b64encode(key.sign(f"uses-1.{stamp}.".encode() + body)).decode()
    return body, {"webhook-id": "uses-1", "webhook-timestamp": stamp, "webhook-signature": f"v1a,{signature}"}


QUESTION = {"subject": SUBJECT, "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "offset": 1, "limit": 100}


def test_it_answers_when_aurora_asks_and_nobody_else(started: tuple[str, AuroraDouble, Runtime, str]) -> None:
    url, aurora, _, token = started
    public = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    keys = {"keys": [f"whpk_{base64.b64encode(public).decode()}"]}
    aurora.webhook_keys = keys
    aurora.twin = lambda category: (200, {**reading("seven"), "category": category})
    visitor = Browser("http://nobody.invalid")
    switched = _post(f"{url}/_sandbox/switches", json={"uses": "asked"}, headers={"Authorization": f"Bearer {token}"})
    assert switched.json()["uses"] == "asked"
    assert _post(f"{url}/_sandbox/switches", json={"uses": "drop"}).status_code == 401
    visitor.open(url).press("Apply").press("Read now", category="tax.income")
    visitor.close()
    body, headers = signed(QUESTION)
    for wrong in (
        {},
        {**headers, "webhook-signature": "v1a,AAAA"},
        signed(QUESTION, at=time.time() - 600)[1],
        signed(QUESTION, Ed25519PrivateKey.generate())[1],
    ):
        assert _post(f"{url}/find-usage", content=body, headers=wrong).status_code == 401
    answer = _post(f"{url}/find-usage", content=body, headers=headers)
    [record] = answer.json()["usage"]
    assert (
        set(record) == {"logtime", "action", "receiver", "receiver_name", "system", "categories", "purpose", "entry"}
        and record["entry"] == "seven"
    )
    for question, count in (
        ({**QUESTION, "offset": 2}, 0),
        ({**QUESTION, "subject": "b" * 32}, 0),
        ({**QUESTION, "to": "2020-01-02T00:00:00Z"}, 0),
    ):
        body, headers = signed(question)
        assert len(_post(f"{url}/find-usage", content=body, headers=headers).json()["usage"]) == count
    for odd in ({**QUESTION, "more": 1}, {**QUESTION, "from": "x"}, [], {**QUESTION, "limit": "x"}):
        body, headers = signed(odd)
        assert _post(f"{url}/find-usage", content=body, headers=headers).status_code == 400
