from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Holds the versions of services and catalogues, the search index, and the commands that load and import."""

    name = "recommender.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"
