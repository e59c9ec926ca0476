from django.apps import AppConfig


class RecommenderConfig(AppConfig):
    """Holds the tables of evaluators, and those of our own datasets and models."""

    name = "recommender"
    label = "recommender"
