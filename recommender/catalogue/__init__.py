"""The public services that can be suggested, described in Finnish, Swedish and English."""

from recommender.catalogue.load import Catalogue, catalogue, read
from recommender.catalogue.model import LANGUAGES, PublicService, Signal

__all__ = ["LANGUAGES", "Catalogue", "PublicService", "Signal", "catalogue", "read"]
