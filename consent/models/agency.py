"""Agencies: the organisations between which data moves (MyData operator model: data source, data user, model owner)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


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
    binding_since = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="The oldest version whose consents still hold. It only grows, by trigger."
    )

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.code


class AgencyVersion(models.Model):
    """Who an agency is at one time, as consent pages say it. Never changed, by trigger; an agency without a row is at version 1.

    `name` and `onward` (to whom it passes data on, if it says so) by language; `country` by ISO 3166-1; `since` the day from which it is so.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    binding_since = models.PositiveSmallIntegerField(help_text="The oldest version of the same meaning: this one's own, if it changes it.")
    name = models.JSONField()
    legal_name = models.CharField(max_length=200)
    business_id = models.CharField(max_length=32)
    contact_url = models.URLField(blank=True, help_text="Where it answers for data protection (GDPR art. 13(1)(a) and (b)).")
    contact_email = models.EmailField(blank=True)
    country = models.CharField(max_length=2)
    onward = models.JSONField(default=dict, blank=True)
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "version"], name="agency_version_once"),
            models.CheckConstraint(
                condition=Q(version__gte=1, binding_since__gte=1, binding_since__lte=F("version")), name="agency_version_binds"
            ),
            models.CheckConstraint(condition=~Q(contact_url="", contact_email=""), name="agency_version_can_be_asked"),
        ]
        ordering = ["agency_id", "-version"]

    def __str__(self) -> str:
        return f"{self.agency_id} v{self.version}"
