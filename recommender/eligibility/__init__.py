"""Who a service is for, decided from known facts alone: yes, no, or unknown because of certain facts."""

from recommender.eligibility.facts import Facts
from recommender.eligibility.outcome import Answer, Outcome
from recommender.eligibility.rule import Rule

__all__ = ["Answer", "Facts", "Outcome", "Rule"]
