"""Training rows of households of the extract, with slates and feedback as a test wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache

from recommender.catalogue import Catalogue
from recommender.catalogue.load import catalogue
from recommender.facts import PROGRAMMES
from recommender.monitoring.observations import entitled
from recommender.profile import Profile
from recommender.training import households
from recommender.training.rows import ItemShown, Row, Said, SlateShown

DAY = date(2026, 11, 26)
PLACES = 10


def shipped(version: str) -> Catalogue:
    assert version == catalogue().version
    return catalogue()


@cache
def facts(index: int) -> dict[str, object]:
    found = households.facts_of(index)
    return {
        f"{category}.{key}": value for category, values in found.items() for key, value in values.items() if category != "social.programmes"
    }


@cache
def received(index: int) -> dict[str, bool]:
    found = households.facts_of(index)["social.programmes"]
    return {programme: bool(found[programme]) for programme in PROGRAMMES}


def slate(model: str, services: Iterable[str], day: date = DAY - timedelta(days=60)) -> SlateShown:
    items = tuple(ItemShown(service, place, 0.5, 1.0, False) for place, service in enumerate(services, start=1))
    return SlateShown(day, model, catalogue().version, 1, items)


def rows(
    indices: Iterable[int],
    model: str,
    shown: Callable[[int, dict[str, object]], Iterable[str]],
    applies: Callable[[int, dict[str, object]], bool] = lambda index, known: index % 4 == 0,
) -> list[Row]:
    """A row an index: one slate of two months ago, and for some that they applied ten days later."""
    told = []
    for index in indices:
        known = facts(index)
        made = slate(model, shown(index, known))
        said = (
            (Said(0, made.items[0].service, "applied", "", made.day + timedelta(days=10)),) if made.items and applies(index, known) else ()
        )
        told.append(Row(known, received(index), (made,), said))  # type: ignore[arg-type]
    return told


def received_facts(index: int) -> dict[str, bool]:
    return {f"social.programmes.{name}": value for name, value in received(index).items()}


@cache
def fair_slate(index: int) -> tuple[str, ...]:
    """What the rules entitle to, the first by name first, but for one of them with every third: so not everybody is shown all of it."""
    profile = Profile({**facts(index), **received_facts(index)})
    return tuple(sorted(entitled(profile, shipped, slate("0" * 64, ())))[index % 3 == 0 :][:PLACES])
