"""Ten meters of a life situation (3x10D): what a citizen says of theirs, against what a service is for. No Django here."""

from recommender.facts import METERS
from recommender.meters.match import match, matches
from recommender.meters.model import of_texts, predict
from recommender.meters.questions import QUESTIONS

__all__ = ["METERS", "QUESTIONS", "match", "matches", "of_texts", "predict"]
