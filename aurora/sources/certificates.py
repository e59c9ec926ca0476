"""By which certificates Aurora shows itself to sources, and how long they last: a source whose certificate has run out answers nothing any more.

What is read are the operator's files in this process's own `AURORA_TLS_DIR`, each time anew: the certificates, never a key.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aurora.outbound.mutual import TlsUnusable
from aurora.sources.connectors import xroad
from aurora.sources.models import DataSource

SOON = timedelta(days=30)
"""So long before its end somebody is told: an authority may take weeks."""


@dataclass(frozen=True)
class Shown:
    """One source to which Aurora shows a certificate. `ends_at` None: what is declared cannot be read here."""

    source: str
    ends_at: datetime | None

    def needs(self, *, now: datetime) -> bool:
        """Whether somebody must see to it."""
        return self.ends_at is None or self.ends_at - now < SOON


def shown() -> tuple[Shown, ...]:
    """All of them, by code. One SELECT."""
    return of(DataSource.objects.filter(connector="xroad").select_related("agency").order_by("agency__code"))


def of(sources: Iterable[DataSource]) -> tuple[Shown, ...]:
    """Those of these that are in use and have one. The sources come with their agencies: nothing is asked."""
    in_use = (one for one in sources if one.active and one.agency.active and one.connector == "xroad")
    declared = ((one.agency.code, one.settings.get("xroad", {})) for one in in_use)
    return tuple(Shown(code, _ends_at(how)) for code, how in declared if "tls" in how)


def _ends_at(declared: dict[str, object]) -> datetime | None:
    tls = xroad.tls_of(declared)
    try:
        return tls.ends_at() if tls else None
    except TlsUnusable:
        return None
