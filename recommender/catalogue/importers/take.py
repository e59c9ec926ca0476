"""Puts parsed services into use: everything in one transaction, and nothing where it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from recommender.catalogue import store
from recommender.catalogue.checks import check_relations
from recommender.catalogue.importers.parsed import Parsed
from recommender.catalogue.model import Origin, PublicService
from recommender.errors import CatalogueError


@dataclass(frozen=True, slots=True)
class Planned:
    """What an import would do to the catalogue in use, in identifiers. `based_on`: that catalogue's version, None where none was ever loaded."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    same: int
    retired: tuple[str, ...]
    based_on: str | None
    services: Mapping[str, PublicService]
    before: Mapping[str, PublicService]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did, in identifiers. `retired`: in the catalogue no more; their versions stay. `version`: the catalogue in use."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    same: int
    retired: tuple[str, ...]
    version: str
    was_in_use: bool


def plan(*, origin: Origin, parsed: Parsed, whole: bool) -> Planned:
    """What `take` would do now. Changes nothing. Raises `CatalogueError` for what could not stand beside the other services."""
    before, based_on = store.current(), store.current_version()
    services = store.replaced(origin, parsed.services, whole=whole)
    refused, not_offered = {one.source_id for one in parsed.refused}, set(parsed.not_offered)
    stay = {key: one for key, one in before.items() if one.origin == origin and one.source_id in refused}
    services = {**stay, **services}
    services = {key: one for key, one in services.items() if one.origin != origin or one.source_id not in not_offered}
    for identifier, fault in check_relations(services).items():
        raise CatalogueError(f"{identifier}: {fault}")
    ours = {key: one.version for key, one in before.items() if one.origin == origin}
    found = {key: one.version for key, one in services.items() if one.origin == origin}
    return Planned(
        new=tuple(sorted(found.keys() - ours.keys())),
        changed=tuple(sorted(key for key in found.keys() & ours.keys() if found[key] != ours[key])),
        same=sum(found[key] == ours[key] for key in found.keys() & ours.keys()),
        retired=tuple(sorted(ours.keys() - found.keys())),
        based_on=based_on,
        services=services,
        before=before,
    )


def take(*, origin: Origin, parsed: Parsed, whole: bool, why: str, now: datetime) -> Taken:
    """Adds and changes services of `origin`; with `whole`, what the documents do not hold, or say is not offered, is retired.

    A service that was refused stays as it was before: a fault in a new wording does not take a service away. Raises `CatalogueError`.
    """
    with transaction.atomic():
        store.lock()
        planned = plan(origin=origin, parsed=parsed, whole=whole)
        after = store.use(planned.services, why=why, now=now)
    return Taken(planned.new, planned.changed, planned.same, planned.retired, after.version, planned.based_on == after.version)
