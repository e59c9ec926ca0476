"""Published numbers. Written by one database function (migration 0002), which counts, hides and rounds in one go: no other number ever leaves it.

Once published a month is never changed, whatever is erased, answered or reported later: from two versions of one month somebody could be told apart.
"""

from __future__ import annotations

from django.db import models


class Publication(models.Model):
    """A month whose numbers are public. `month` is its first day, in the time zone of the service."""

    month = models.DateField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class Figure(models.Model):
    """How often something happened that month, rounded to tens. `told` None: fewer than ten people, or none, or a number that would give one away."""

    month = models.ForeignKey(Publication, on_delete=models.PROTECT, db_column="month", related_name="figures")
    measure = models.TextField()
    agency = models.TextField()
    told = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "measure", "agency"], name="one_figure_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.measure} of {self.agency}, {self.month_id:%Y-%m}"


class Standing(models.Model):
    """How many people a consent of whom stands, or who gave, declined or ended one that month: the newest figures only, for operators.

    `people`: in tens, up or down by chance; None: fewer than ten, or nobody: each code has a row. Written by one database function (migration 0004),
    at most once a day, so that no figure moves when somebody decides.
    """

    day = models.DateField()
    dimension = models.TextField()
    code = models.TextField()
    people = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dimension", "code"], name="one_standing_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.code}"


class RoundingKey(models.Model):
    """On what the chance hangs by which figures of `Standing` go up or down. Drawn and read by the function alone: the service has no right to it."""

    id = models.SmallIntegerField(primary_key=True)
    key = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_rounding_key")]

    def __str__(self) -> str:
        return "the rounding key"
