"""How useful a service without training data is to a household: stated points, no model.

    score = min(60, base + points of every signal that holds) / 100
    where the rule's answer is unknown: times the share of households to whom it says yes

Base and points stand in the service's file and are the editors' judgement, not a measurement. The cap leaves the top of the
scale to what the model is surest of. A signal that hangs on an unknown fact adds nothing, as one that does not hold.
The share is counted on the extract (`training.reach`): without it, what is of great use to the few whom it is for would lead
the list of everybody who has connected nothing.
"""

from __future__ import annotations

from recommender.catalogue.model import PublicService
from recommender.eligibility import Answer, Facts

MOST_POINTS = 60


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
