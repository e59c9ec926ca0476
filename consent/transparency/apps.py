from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    name = "consent.transparency"
    label = "consent_transparency"
    default_auto_field = "django.db.models.BigAutoField"
