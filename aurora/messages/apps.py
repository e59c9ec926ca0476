from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "aurora.messages"
    label = "aurora_messages"  # Django's own app has the short name
    default_auto_field = "django.db.models.BigAutoField"
