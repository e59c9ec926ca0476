from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "aurora.telemetry"
    label = "telemetry"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.conf import settings

        if settings.AURORA_TRACES:
            from aurora.telemetry import traces

            traces.follow_tasks()
