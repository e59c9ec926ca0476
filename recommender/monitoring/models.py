"""Reports as they were made: plain JSON without ids and without small counts (`report.made`). Added, never changed or deleted (migration 0002)."""

from __future__ import annotations

from django.db import models


class MonitoringReport(models.Model):
    """One model, watched on one dataset. `day`: up to which the data reach, in `content` too."""

    model_sha256 = models.CharField(max_length=64, help_text="The model's version.")
    dataset_sha256 = models.CharField(max_length=64)
    day = models.DateField()
    made_at = models.DateTimeField()
    role = models.CharField(max_length=10, help_text="What the model did then: champion, challenger or shadow.")
    alarms = models.PositiveSmallIntegerField(help_text="How many; what they are stands in `content`.")
    content = models.JSONField()

    class Meta:
        constraints = [
            # A dataset is looked at once: a second report, without those who left meanwhile, beside the first would tell of them.
            models.UniqueConstraint(fields=["model_sha256", "dataset_sha256"], name="monitoring_report_once"),
            models.UniqueConstraint(fields=["model_sha256", "day"], name="monitoring_report_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.model_sha256[:16]} {self.day}"
