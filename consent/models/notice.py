"""The text that a citizen saw when they decided (GDPR art. 7(1): consent must be demonstrable)."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """A consent text exactly as shown, in the language shown. It names nobody, so citizens who saw the same text share one row."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 (hex) of the canonical content.")
    language = models.CharField(max_length=2)
    content = models.JSONField(help_text="The texts by place on the page.")
    first_shown_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]
