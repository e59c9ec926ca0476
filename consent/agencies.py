"""What agencies are here for (MyData operator model). A role comes with what needs it: a client, an approved key for models."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Func, Value

from consent.errors import NotFound
from consent.models import Agency
from consent.rules import AURORA, CITIZEN

# Agencies by their row only: Aurora itself, and the citizen as the source of what they say of themselves.
NO_ORGANISATION = (AURORA, CITIZEN)


def give_role(*, code: str, role: Agency.Role) -> None:
    """The agency has this role from now on, beside those that it has. One statement: of two roles given at once none is lost."""
    added = Func(F("roles"), Value(role.value), function="array_append")
    Agency.objects.filter(code=code).exclude(roles__contains=[role]).update(roles=added)


def active(code: str) -> Agency:
    """The agency of this code. Raises `NotFound`, also for one that is no longer active."""
    found = Agency.objects.filter(code=code, active=True).first()
    if found is None:
        raise NotFound()
    return found


def active_among(codes: Iterable[str]) -> frozenset[str]:
    """Those of the codes whose agency is active. One SELECT."""
    return frozenset(Agency.objects.filter(code__in=set(codes), active=True).values_list("code", flat=True))
