from django.apps import AppConfig


class TwinConfig(AppConfig):
    name = "aurora.twin"
    label = "twin"
    default_auto_field = "django.db.models.BigAutoField"
