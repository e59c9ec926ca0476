"""The bare project's two tables: something to read, and something to write that a read happened."""

from __future__ import annotations

import uuid

from django.db import models


class Item(models.Model):
    """As many values as a category of the twin has."""

    wages = models.IntegerField()
    self_employment = models.IntegerField()
    farm_income = models.IntegerField()
    interest = models.IntegerField()
    dividends = models.IntegerField()
    private_pension = models.IntegerField()
    maintenance_received = models.IntegerField()

    def __str__(self) -> str:
        return str(self.pk)


class Access(models.Model):
    """One read, in a row about as wide as an entry of Aurora's log."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    item_id = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.TextField()
    purpose = models.TextField()
    detail = models.BinaryField()

    def __str__(self) -> str:
        return str(self.pk)
