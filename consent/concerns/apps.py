from django.apps import AppConfig


class ConcernsConfig(AppConfig):
    name = "consent.concerns"
    label = "consent_concerns"
    default_auto_field = "django.db.models.BigAutoField"
