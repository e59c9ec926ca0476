"""What is not known yet, and what would settle it: by category, or by whoever holds several categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recommender.facts import CATEGORIES, category_of
from recommender.suggesting.candidates import Candidates
from recommender.suggesting.compiled import UNKNOWN


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A category (or a source of several) that is not connected. `settles`: services that it alone would settle; `helps`: those
    it would help to.
    """

    category: str
    settles: tuple[str, ...]
    helps: tuple[str, ...]


def open_services(found: Candidates) -> dict[str, tuple[str, ...]]:
    """By service that may be for the household, the categories of the unknown facts on which that hangs.

    Left out are services for which nothing in the profile speaks: what is open of them is not worth a connection.
    """
    hanging = found.fit & ~found.general & ((found.answers == UNKNOWN) | (found.served == UNKNOWN))
    opened = {}
    for at in np.flatnonzero(hanging).tolist():
        missing = {category_of(key) for key in found.missing(at)}
        opened[found.catalogue.services[at].identifier] = tuple(one for one in CATEGORIES if one in missing)
    return opened


def open_questions(
    opened: Mapping[str, tuple[str, ...]], *, connected: frozenset[str], holder: Callable[[str], str] = str
) -> tuple[OpenQuestion, ...]:
    """What is not connected, ordered by how many services its connection would settle, then help to settle.

    `opened`: as `open_services` gives it. `connected`: categories of which a fact is known; what such a category lacks, no
    connection brings. `holder`: who holds a category; by default each stands for itself.
    """
    settles: dict[str, list[str]] = {}
    helps: dict[str, list[str]] = {}
    for service, missing in opened.items():
        holders = {holder(category) for category in missing if category not in connected}
        alone = len(holders) == 1 and not any(category in connected for category in missing)
        for one in sorted(holders):
            (settles if alone else helps).setdefault(one, []).append(service)
    names = sorted({*settles, *helps})
    questions = [OpenQuestion(one, tuple(settles.get(one, ())), tuple(helps.get(one, ()))) for one in names]
    return tuple(sorted(questions, key=lambda one: (-len(one.settles), -len(one.helps))))
