"""On whose mandate this request acts. A context variable, set by the portal's guard alone, for the length of one request.

It is the request's claim, not its proof: whoever decides or logs asks the rules again under a lock (`consent.mandates.confirm`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from consent.errors import AuroraError
from consent.rules.mandates import MandateFault, MandateKind, MandateScope, MandateView

_current: ContextVar[Acting | None] = ContextVar("aurora_acting", default=None)


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who acts for another: the mandate, what it reaches, and both names, for these two people's own pages and logs."""

    mandate: MandateView
    scope: MandateScope
    attorney: UUID
    attorney_name: str = field(repr=False)
    principal_name: str = field(repr=False)

    @property
    def principal(self) -> UUID:
        return self.mandate.principal

    @property
    def of_estate(self) -> bool:
        """Whether the principal is dead."""
        return self.mandate.kind is MandateKind.ESTATE


class MandateRefused(AuroraError):
    """The rules do not let somebody act for another, or for themself alone. `code` is the fault's; `words.mandate_fault` explains it."""

    status = 403
    sentence = "You may not do this for somebody else."

    def __init__(self, fault: MandateFault) -> None:
        self.fault = fault
        super().__init__(code=fault.value)


def current() -> Acting | None:
    """The mandate in use, or None: the citizen acts for themself (or nobody does, in a worker)."""
    return _current.get()


def for_estate() -> bool:
    """Whether this request acts for somebody who is dead."""
    doing = current()
    return doing is not None and doing.of_estate


@contextmanager
def use(acting: Acting | None) -> Iterator[None]:
    """For the portal's guard only. What was set before comes back, whatever happens within."""
    token = _current.set(acting)
    try:
        yield
    finally:
        _current.reset(token)
