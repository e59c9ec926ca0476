"""Purposes and data categories, mapped to the W3C Data Privacy Vocabulary (DPV 2). A change makes a new version; old ones stay.

A version says by `binding_since` which is the oldest one of the same meaning: its own number, if it changes the meaning, else that of a
former one whose consents it lets hold. On the purpose and the category stands the one of the newest version: decisions read it there.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from .agency import Agency


class Purpose(models.Model):
    """Why data may be used. `kind` says where it is asked: when a source is connected, when an agency asks for access, or on a page of its own."""

    class Kind(models.TextChoices):
        CONNECT = "connect"
        ACCESS = "access"
        TWIN = "twin"  # of what the twin holds already, whatever its source

    code = models.SlugField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    binding_since = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="The oldest version whose consents still hold. It only grows, by trigger."
    )

    def __str__(self) -> str:
        return self.code


class PurposeVersion(models.Model):
    """The wording of a purpose at one time: texts by language, as shown to citizens. Never changed, by trigger."""

    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    binding_since = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="The oldest version of the same meaning: this one's own, if it changes it."
    )
    dpv = models.URLField()
    name = models.JSONField()
    description = models.JSONField()
    on_refusal = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purpose", "version"], name="purpose_version_once"),
            models.CheckConstraint(
                condition=Q(version__gte=1, binding_since__gte=1, binding_since__lte=F("version")), name="purpose_version_binds"
            ),
        ]
        ordering = ["purpose_id", "-version"]

    def __str__(self) -> str:
        return f"{self.purpose_id} v{self.version}"


class DataCategory(models.Model):
    """A kind of data that one agency holds, such as `tax.income`."""

    code = models.CharField(max_length=64, primary_key=True)
    source = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="categories")
    binding_since = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="The oldest version whose consents still hold. It only grows, by trigger."
    )

    class Meta:
        verbose_name_plural = "data categories"

    def __str__(self) -> str:
        return self.code


class DataCategoryVersion(models.Model):
    """What a category holds at one time: texts, and the JSON Schema 2020-12 of its facts with `x-label` and `x-unit` a property.

    Never changed, by trigger.
    """

    category = models.ForeignKey(DataCategory, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField()
    binding_since = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="The oldest version of the same meaning: this one's own, if it changes it."
    )
    dpv = models.URLField()
    sensitive = models.BooleanField(default=False, help_text="A special category (GDPR art. 9).")
    name = models.JSONField()
    description = models.JSONField()
    schema = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "version"], name="category_version_once"),
            models.CheckConstraint(
                condition=Q(version__gte=1, binding_since__gte=1, binding_since__lte=F("version")), name="category_version_binds"
            ),
        ]
        ordering = ["category_id", "-version"]

    def __str__(self) -> str:
        return f"{self.category_id} v{self.version}"
