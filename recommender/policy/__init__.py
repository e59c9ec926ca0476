"""Which of the found services take the places of a list, and what is to be learnt from that. Pure: no Django, no citizen ids."""

from recommender.policy.model import PRESENT, Placed, Policy, Scored
from recommender.policy.place import distribution, place

__all__ = ["PRESENT", "Placed", "Policy", "Scored", "distribution", "place"]
