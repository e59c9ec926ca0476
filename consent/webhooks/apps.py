from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "consent.webhooks"
    label = "consent_webhooks"
    default_auto_field = "django.db.models.BigAutoField"
