"""What the API's answers look like, for the OpenAPI document, and the function that writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from aurora.journeys.agency_read import AgencyReading


def to_the_day(at: datetime) -> datetime:
    """The UTC day in which an instant lies, as its first instant. To the microsecond it is as good as a name: two agencies that read the same fact
    would know by it that their citizens are one (docs/decisions/facts.md)."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class DayField(serializers.DateTimeField):
    """An instant, cut to its day."""

    def to_representation(self, value: datetime) -> Any:
        return super().to_representation(to_the_day(value))


class FactSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One fact with where it comes from."""

    key = serializers.CharField(help_text="Name of the fact, as in the category's schema.")
    value = serializers.JSONField(help_text="A JSON scalar of the category's schema.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Code of the agency that said so."
    )
    provenance = serializers.ChoiceField(choices=["attested", "reported", "declared", "derived"])
    observed_at = DayField(
        help_text="On which UTC day the source saw it so: always at 00:00Z, the time of day is not told. When it holds in the world is in `valid_from` and `valid_to`."
    )
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    disputed = serializers.BooleanField(
        required=False,
        help_text="True, and there at all, only where another fact about the citizen says otherwise or they have asked to have this corrected: "
        "check it before you rely on it (GDPR art. 5(1)(d), 18).",
    )

    def to_representation(self, instance: Any) -> Any:
        found = super().to_representation(instance)
        if not found["disputed"]:
            del found["disputed"]
        return found


class CategoryReadingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One category of one citizen's twin."""

    subject = serializers.CharField(help_text="The citizen, under a name that only your agency knows.")
    category = serializers.CharField()
    purpose = serializers.CharField(help_text="The purpose that the citizen consented to.")
    consent = serializers.UUIDField(source="consent_id")
    ledger_entry = serializers.UUIDField(source="entry_id", help_text="The entry that the citizen sees of this read.")
    facts = FactSerializer(many=True, help_text="Empty when the twin holds nothing of this category.")


def as_json(reading: AgencyReading) -> dict[str, Any]:
    """A `CategoryReadingSerializer`'s answer. The serializer itself would take a sixth of a read's time; a test holds the two together."""
    return {
        "subject": reading.subject,
        "category": reading.category,
        "purpose": reading.purpose,
        "consent": reading.consent_id,
        "ledger_entry": reading.entry_id,
        "facts": [
            {
                "key": fact.key,
                "value": fact.value,
                "source": fact.source,
                "provenance": fact.provenance,
                "observed_at": to_the_day(fact.observed_at),
                "valid_from": fact.valid_from,
                "valid_to": fact.valid_to,
                **({"disputed": True} if fact.disputed else {}),
            }
            for fact in reading.facts
        ],
    }


class FaultSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What is wrong with one thing of many."""

    position = serializers.IntegerField(help_text="Its place in what you sent, from 0.")
    code = serializers.CharField()


class ProblemSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """RFC 9457 problem details; `code` is stable."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(required=False)
    instance = serializers.CharField(help_text="The number of this request, as in `X-Request-Id`: tell it when you ask what happened.")
    ledger_entry = serializers.UUIDField(required=False)
    errors = FaultSerializer(many=True, required=False, help_text="For a batch: the first of what is wrong with it.")  # type: ignore[assignment]
