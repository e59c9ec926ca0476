"""What consent needs of the house around it to keep a citizen's receipts: names, a seal, and somebody to tell.

consent imports nothing of the service that runs it, so the service names its keeper in `AURORA_RECEIPT_KEEPER` (a module's dotted path).
Every receipt goes through here, whoever asked for the decision.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast
from uuid import UUID

from django.conf import settings

if TYPE_CHECKING:
    from consent.models import Receipt


class Keeper(Protocol):
    """A module with these functions. All run in the citizen's scope."""

    def pairwise(self, *, citizen_id: UUID, agency: str) -> str:
        """The name by which one agency knows a citizen (OpenID Connect Core 8.1)."""

    def seal(self, plaintext: bytes, *, citizen_id: UUID, context: bytes) -> bytes:
        """Encrypt for the citizen; `context` is bound in, so that it opens for this receipt only."""

    def open_sealed(self, sealed: bytes | memoryview, *, citizen_id: UUID, context: bytes) -> bytes:
        """What `seal` made."""

    def issued(self, *, receipt: Receipt) -> None:
        """A receipt was made, in the transaction that is open: tell the citizen."""


@cache
def _module(path: str) -> Keeper:
    return cast(Keeper, import_module(path))


def keeper() -> Keeper:
    """The service's keeper."""
    return _module(settings.AURORA_RECEIPT_KEEPER)
