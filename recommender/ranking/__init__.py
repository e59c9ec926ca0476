"""Ranks the programmes by the trained model, and the other services by stated rules. No Django here."""

from recommender.ranking.features import FEATURES, matrix
from recommender.ranking.model import Ranker

__all__ = ["FEATURES", "Ranker", "matrix"]
