"""The plain way to a source: its own address, over HTTPS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from aurora.outbound.mutual import ClientTls


@dataclass(frozen=True)
class Direct:
    """`address` is the first page's; whatever else stands at the same origin may follow."""

    address: str
    tls: ClientTls | None = None

    def headers(self) -> dict[str, str]:
        return {}

    def check(self, sent: Mapping[str, str], response: httpx.Response) -> None:
        """Nobody stands between us and the source."""

    def may_follow(self, address: str) -> bool:
        return True
