from django.apps import AppConfig


class RecommenderConfig(AppConfig):
    """Holds the `train` command, and the tables of evaluators."""

    name = "recommender"
    label = "recommender"
