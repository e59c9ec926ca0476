from django.apps import AppConfig


class AuroraConfig(AppConfig):
    name = "aurora"
    label = "aurora"

    def ready(self) -> None:
        from aurora import checks  # noqa: F401  (registers the system checks)
