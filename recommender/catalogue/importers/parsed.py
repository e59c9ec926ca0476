"""What came of documents, service by service. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.catalogue.importers.fields import Fault
from recommender.catalogue.model import PublicService
from recommender.errors import ImportRefused

MOST_SERVICES = 100_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A service that was not taken. `who`: its identifier there, and its name where it has one; `why`: a sentence."""

    who: str
    source_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Services (with their versions), those refused, the `source_id`s of those that their publisher does not offer, and how many links were left out."""

    services: tuple[PublicService, ...]
    refused: tuple[Refused, ...] = ()
    not_offered: tuple[str, ...] = ()
    links_left_out: int = 0


def gather(
    raws: Sequence[Mapping[str, Any]],
    *,
    who: Callable[[Mapping[str, Any]], str],
    source_id: Callable[[Mapping[str, Any]], str],
    read: Callable[[Mapping[str, Any]], tuple[PublicService, int] | None],
) -> Parsed:
    """Reads each service. `read` gives it and the links it lost, or None where it is not offered, or raises `Fault`.

    A service that is there twice in the same words counts once; in different words, none of them is taken. Raises `ImportRefused` for too many.
    """
    if len(raws) > MOST_SERVICES:
        raise ImportRefused(f"There are more than {MOST_SERVICES} services.")
    found: dict[str, dict[str, PublicService]] = {}
    refused, not_offered, left_out = [], [], 0
    names = {}
    for raw in raws:
        try:
            answer = read(raw)
        except Fault as fault:
            refused.append(Refused(who(raw), source_id(raw), str(fault)))
            continue
        if answer is None:
            not_offered.append(source_id(raw))
            continue
        service, lost = answer
        left_out += lost
        names[service.identifier] = who(raw)
        found.setdefault(service.identifier, {})[service.version] = service
    for identifier, versions in found.items():
        if len(versions) > 1:
            one = next(iter(versions.values()))
            refused.append(Refused(names[identifier], one.source_id, "The same identifier is given to different services."))
    services = tuple(next(iter(versions.values())) for versions in found.values() if len(versions) == 1)
    return Parsed(services, tuple(refused), tuple(not_offered), left_out)
