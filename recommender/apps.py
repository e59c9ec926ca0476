from django.apps import AppConfig


class RecommenderConfig(AppConfig):
    """Holds the `train` command; the recommender has no tables."""

    name = "recommender"
    label = "recommender"
