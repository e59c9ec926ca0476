"""Agencies: the organisations between which data moves (MyData operator model: data source, data user, model owner)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Agency(models.Model):
    """An organisation. Aurora itself is the agency `aurora`, so that it is named and logged like any other."""

    class Role(models.TextChoices):
        OPERATOR = "operator"
        DATA_SOURCE = "data_source"
        DATA_USER = "data_user"
        MODEL_OWNER = "model_owner"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.SlugField(max_length=64, unique=True)
    name = models.JSONField(help_text="Name by language: fi, sv, en.")
    roles = ArrayField(models.CharField(max_length=16, choices=Role.choices), default=list)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.code
