"""What one running process knows: its configuration, state and key. Made at start, the same for all threads."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from aurora.sandbox import jose
from aurora.sandbox.config import Config
from aurora.sandbox.store import Store


@dataclass(frozen=True)
class Runtime:
    """`base_url` is the issuer. `loaded_at` is when this process first got its data, RFC 3339 in UTC; `state` is its folder."""

    config: Config
    store: Store = field(repr=False)
    signing_key: dict[str, str] = field(repr=False)
    secret_key: str = field(repr=False)
    loaded_at: datetime
    state: Path

    @property
    def process(self) -> str:
        return self.config.process

    @property
    def base_url(self) -> str:
        return self.config.base_url


_current: Runtime | None = None


def start(config: Config, *, state: Path, address: str) -> Runtime:
    """Opens the state folder and makes the runtime; `address` is the issuer if the configuration names none."""
    global _current
    store = Store(state / f"{config.process}.sqlite3")
    loaded_at = store.remembered("loaded_at", lambda: datetime.now(UTC).replace(microsecond=0).isoformat())
    _current = Runtime(
        config=replace(config, base_url=config.base_url or address),
        store=store,
        signing_key=jose.signing_key(store),
        secret_key=store.remembered("secret_key", lambda: secrets.token_urlsafe(48)),
        loaded_at=datetime.fromisoformat(loaded_at),
        state=state,
    )
    return _current


def current() -> Runtime:
    """The runtime of this process."""
    if _current is None:
        raise RuntimeError("the sandbox process has not been started")
    return _current
