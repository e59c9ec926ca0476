"""When a process without a face was last seen."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """One kind of process on one host. Nothing of a person."""

    kind = models.CharField(max_length=16)
    place = models.CharField(max_length=64, help_text="The host's name.")
    since = models.DateTimeField(help_text="When the process that is there now began.")
    at = models.DateTimeField(help_text="When it last said that it is well.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "place"], name="one_heart_a_place")]

    def __str__(self) -> str:
        return f"{self.kind} on {self.place}"
