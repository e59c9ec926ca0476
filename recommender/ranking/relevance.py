"""How useful a service without training data is to a household: stated points, no model.

    score = min(60, base + points of every signal that holds) / 100
    where the rule's answer is unknown: times the share of households to whom it says yes

Base and points stand in the service's file and are the editors' judgement, not a measurement. The cap leaves the top of the
scale to what the model is surest of. A signal that hangs on an unknown fact adds nothing, as one that does not hold.
The share is counted on the extract (`training.reach`): without it, what is of great use to the few whom it is for would lead
the list of everybody who has connected nothing.

What citizens say of their life situation lifts every service that answers it, whoever ranks it:

    lift = 0.25 * match (`meters.match`) * weight
    weight = the score itself where a model ranks; the share of households, where the rule's answer is unknown; else 1

So the best match counts as a signal of 25 points, is worth as much less as it is unlikely that the service is for this household at all, and
adds at most a quarter to a model's chance. A lift is never below 0, and says nothing of whom a service is for: rules alone do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommender.catalogue.model import PublicService
from recommender.eligibility import Answer, Facts
from recommender.facts import BEST, METERS, SITUATION_CATEGORY
from recommender.meters.match import matches

Floats = npt.NDArray[np.float64]

MOST_POINTS = 60
MOST_LIFT = 0.25
# A meter is given as a reason where the citizen is at 6 or below and the service is clearly sooner for it than not.
LEAST_NEED = 4
LEAST_METER = 0.55


def relevance(service: PublicService, facts: Facts, answer: Answer | None) -> float:
    """From 0 to 0.6. `answer`: what the service's rule says, None where it has none."""
    held = sum(signal.points for signal in service.signals if signal.when.answer(facts) is Answer.YES)
    score = min(MOST_POINTS, service.base + held) / 100
    return score * service.reach if answer is Answer.UNKNOWN else score


def grounds(service: PublicService, facts: Facts) -> tuple[str, ...]:
    """Keys of the facts behind the signals that hold, the weightiest signal first."""
    held = [(signal.points, signal.when.outcome(facts).decided_by) for signal in service.signals if signal.when.answer(facts) is Answer.YES]
    held.sort(key=lambda found: -found[0])
    return tuple(dict.fromkeys(key for _, keys in held for key in keys))


def declared(facts: Facts) -> dict[str, int]:
    """The meters that the citizen declared, by name."""
    known = ((meter, facts.profile.facts.get(f"{SITUATION_CATEGORY}.{meter}")) for meter in METERS)
    return {meter: int(value) for meter, value in known if value is not None}


def lifts(meters: Floats, facts: Facts, weights: Floats | float = 1.0) -> Floats:
    """float64[n], 0 to 0.25: what the citizen's declared meters add to the scores of services with these meters (float64[n, 10], NaN: unknown)."""
    citizen = declared(facts)
    found: Floats = MOST_LIFT * matches(citizen, meters) * weights if citizen else np.zeros(len(meters))
    return found


def lift(service: PublicService, facts: Facts, weight: float = 1.0) -> float:
    """The same for one service, the same bits."""
    if service.meters is None:
        return 0.0
    return float(lifts(np.array([service.meters], dtype=np.float64), facts, weight)[0])


def meter_grounds(service: PublicService, facts: Facts) -> tuple[str, ...]:
    """Keys of the declared meters that the service answers, the weightiest first."""
    if service.meters is None:
        return ()
    at = dict(zip(METERS, service.meters, strict=True))
    needs = {meter: BEST - value for meter, value in declared(facts).items()}
    found = [(needs[meter] * at[meter], meter) for meter in needs if needs[meter] >= LEAST_NEED and at[meter] >= LEAST_METER]
    found.sort(key=lambda one: -one[0])
    return tuple(f"{SITUATION_CATEGORY}.{meter}" for _, meter in found)
