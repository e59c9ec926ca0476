from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "consent.ledger"
    label = "ledger"
    verbose_name = "Access log"
    default_auto_field = "django.db.models.BigAutoField"
