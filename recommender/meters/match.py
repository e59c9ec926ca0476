"""How well a service answers what a citizen says they lack. Pure.

    need   = (10 - meter) / 10        for each meter that the citizen declared
    help   = 2 * service's meter - 1        but never below 0
    match  = 1 - product over those of (1 - need * help)

The service's meters are ten numbers from 0 to 1: how sure it is that the service helps on that side of life, 0.5 for as soon yes as no. What
is sooner no than yes is no help: else ten small doubts would add up to one. If need and help were chances and independent, a match would be
the chance that the service helps with at least one thing that is needed. It never falls when a need grows, a meter that is not declared adds
nothing, and who says 10 everywhere needs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from recommender.facts import BEST, METERS

Floats = npt.NDArray[np.float64]


def needs(citizen: Mapping[str, int]) -> Floats:
    """float64[10]: the needs, 0 where nothing is declared. `citizen`: meters by name, 0 to 10. Raises `ValueError` for any other."""
    if not set(citizen) <= set(METERS) or not all(isinstance(m, int) and 0 <= m <= BEST for m in citizen.values()):
        raise ValueError("Meters are whole numbers from 0 to 10, by their names.")
    return np.array([(BEST - citizen.get(meter, BEST)) / BEST for meter in METERS])


def match(citizen: Mapping[str, int], service: Sequence[float] | None) -> float:
    """0 to 1; 0 where the citizen declared nothing or of the service nothing is known. `service`: ten numbers, as METERS."""
    if service is None or not citizen:
        return 0.0
    return float(matches(citizen, np.array([service], dtype=np.float64))[0])


def matches(citizen: Mapping[str, int], services: Floats) -> Floats:
    """float64[n]: the same for rows of ten; a row of NaN is a service of which nothing is known, and matches by 0."""
    helps = np.maximum(0.0, 2.0 * np.nan_to_num(services, nan=0.0) - 1.0)
    found = 1.0 - np.prod(1.0 - helps * needs(citizen), axis=1)
    # Rounding may leave a hair below nothing or above all.
    clipped: Floats = np.clip(found, 0.0, 1.0)
    return clipped
