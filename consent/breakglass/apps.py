from django.apps import AppConfig


class BreakGlassConfig(AppConfig):
    name = "consent.breakglass"
    label = "consent_breakglass"
    default_auto_field = "django.db.models.BigAutoField"
