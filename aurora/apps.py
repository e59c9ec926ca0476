from django.apps import AppConfig


class AuroraConfig(AppConfig):
    name = "aurora"
    label = "aurora"

    def ready(self) -> None:
        from aurora import celery, checks  # noqa: F401  (who sends messages needs our app and its broker; registers the system checks)
