from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Holds the table of reports."""

    name = "recommender.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"
