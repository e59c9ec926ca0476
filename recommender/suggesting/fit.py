"""Whether one service can be suggested to one household as far as rule and score go, asked of it alone."""

from __future__ import annotations

from recommender.catalogue.model import PublicService
from recommender.eligibility import Answer, Facts
from recommender.ranking import relevance as stated
from recommender.ranking.features import matrix
from recommender.ranking.model import Ranker

# Less than 2 of 100 is not worth a line.
LEAST_SCORE = 0.02


def score(service: PublicService, facts: Facts, answer: Answer | None, ranker: Ranker) -> float:
    """0 to 1: the model's chance for a programme, stated relevance for another service, raised by what the citizen told of their situation."""
    if service.programme:
        found = float(ranker.boosters[service.programme].predict(matrix([facts.profile]), num_threads=1)[0])
    else:
        found = stated.relevance(service, facts, answer)
    weight = found if service.programme else service.reach if answer is Answer.UNKNOWN else 1.0
    lift = stated.lift(service, facts, weight)
    return min(1.0, found + lift) if lift else found


def fits(service: PublicService, facts: Facts, ranker: Ranker) -> bool:
    """Whether its rule does not say no and enough speaks for it. The same as `candidates` says of all services at once."""
    answer = service.rule.answer(facts) if service.rule else None
    return answer is not Answer.NO and score(service, facts, answer, ranker) >= LEAST_SCORE
