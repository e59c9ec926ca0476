from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "aurora.feedback"
    label = "accessibility"
    default_auto_field = "django.db.models.BigAutoField"
