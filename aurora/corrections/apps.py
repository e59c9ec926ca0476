from django.apps import AppConfig


class CorrectionsConfig(AppConfig):
    name = "aurora.corrections"
    label = "corrections"
    default_auto_field = "django.db.models.BigAutoField"
