from django.apps import AppConfig


class UsesConfig(AppConfig):
    name = "consent.uses"
    label = "consent_uses"
    default_auto_field = "django.db.models.BigAutoField"
