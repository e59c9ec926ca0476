"""A new key for notices: who knows either key can verify while both are named, and the old one signs nothing once it no longer is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aurora.keyfiles import KeyFile
from consent.webhooks import keys, signature
from tests.support.cast import Cast, browser
from tests.support.hostile_peer import Peer
from tests.withdrawals.told import PATH, delivery, granted, tell, withdrawn

Roll = Callable[..., None]


@pytest.fixture
def roll(settings: Any) -> Iterator[Roll]:
    """Restart with these key files: the one in use, then the former ones."""

    def to(current: KeyFile, *former: KeyFile) -> None:
        settings.AURORA_WEBHOOK_KEY_FILE, settings.AURORA_FORMER_WEBHOOK_KEYS = current, former
        keys.private.cache_clear()

    yield to
    keys.private.cache_clear()


@pytest.fixture
def files(tmp_path: Path) -> tuple[KeyFile, KeyFile]:
    """(old, new)."""
    return KeyFile(tmp_path / "old", "ed25519", create=True), KeyFile(tmp_path / "new", "ed25519", create=True)


def published() -> list[str]:
    return list(browser().get("/webhooks/keys").json()["keys"])


def notice(cast: Cast, server: Peer) -> Any:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent)
    tell(delivery(cast.cecilia, consent))
    return server.asked(PATH)[-1]


def verifies(request: Any, *public: str, body: bytes | None = None) -> bool:
    return signature.verify(request.headers, request.body if body is None else body, public_keys=public, now=int(time.time()))


def test_a_new_key_signs_and_the_old_one_verifies_until_it_is_no_longer_named(
    cast: Cast, office_server: Peer, roll: Roll, files: tuple[KeyFile, KeyFile]
) -> None:
    old, new = files
    roll(old)
    [old_key] = published()
    before = notice(cast, office_server)
    assert verifies(before, old_key)

    roll(new, old)
    new_key, also = published()
    assert also == old_key and new_key != old_key, "the one in use first"
    during = notice(cast, office_server)
    assert verifies(during, old_key), "a receiver that has not fetched the new key yet"
    assert verifies(during, new_key), "one that knows only the new key"
    assert verifies(before, *published()) and not verifies(before, new_key), "what was signed before verifies by what is published now"

    roll(new)
    assert published() == [new_key]
    after = notice(cast, office_server)
    assert verifies(after, new_key) and not verifies(after, old_key)


def test_a_signature_is_over_exactly_what_was_sent(cast: Cast, office_server: Peer) -> None:
    request, public = notice(cast, office_server), published()
    assert verifies(request, *public)
    assert not verifies(request, *public, body=request.body + b" ")
    assert not verifies(request, *public, body=request.body.replace(b"consent.withdrawn", b"consent.narrowed"))
    for name, value in (("webhook-id", "another"), ("webhook-timestamp", str(int(request.headers["webhook-timestamp"]) + 1))):
        changed = {**{k.lower(): v for k, v in request.headers.items()}, name: value}
        assert not signature.verify(changed, request.body, public_keys=public, now=int(time.time())), name
    signatures = request.headers["webhook-signature"]
    for forged in ("", signatures.replace("v1a,", "v1,"), signatures[:-8] + "AAAAAAA=", "v1a,", signatures.replace("v1a,", "")):
        changed = {**{k.lower(): v for k, v in request.headers.items()}, "webhook-signature": forged}
        assert not signature.verify(changed, request.body, public_keys=public, now=int(time.time())), forged
    late = int(request.headers["webhook-timestamp"]) + signature.TOLERANCE_SECONDS
    headers = {k.lower(): v for k, v in request.headers.items()}
    assert signature.verify(headers, request.body, public_keys=public, now=late)
    assert not signature.verify(headers, request.body, public_keys=public, now=late + 1)
