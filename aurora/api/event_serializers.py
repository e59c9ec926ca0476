"""Events and confirmations, as they stand in the OpenAPI document and are checked on their way in."""

from __future__ import annotations

import unicodedata
from datetime import UTC
from typing import Any

from rest_framework import serializers

from consent.webhooks import feed
from consent.webhooks.feed import Confirmation
from consent.webhooks.models import Delivery


class AskedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What is asked of the agency."""

    action = serializers.ChoiceField(choices=["stop_and_delete", "delete"])
    confirm_by = serializers.DateTimeField(help_text="Later than this your confirmation is overdue, and the citizen sees that.")


class EventDataSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Which consent, and what of it ended; or which case of a citizen's is to be read. No personal value.

    Of a consent: `grant_id`, `purpose`, `categories`, `ended_by`. Of a case (types `concern.*`): `concern_id`.
    Of a correction: `categories` and `key`; its source gets `correction_id` (types `correction.*`), who had read the fact does not (`fact.corrected`:
    read it anew).
    """

    event_id = serializers.UUIDField(help_text="The event's id, and the webhook's.")
    client_id = serializers.CharField()
    grant_id = serializers.UUIDField(required=False)
    subject = serializers.CharField(help_text="The citizen, under the name that only your agency knows.")
    purpose = serializers.CharField(required=False)
    categories = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Those that you may no longer read or keep."
    )
    ended_by = serializers.ChoiceField(choices=["citizen", "operator", "aurora", "recipient", "source"], required=False)
    key = serializers.CharField(required=False, help_text="Of corrections: the fact of the category.")
    correction_id = serializers.UUIDField(required=False, help_text="The request: read it at /api/v1/corrections/{id}.")
    concern_id = serializers.UUIDField(required=False, help_text="The case: read it at /api/v1/concerns/{id}.")
    answer_by = serializers.DateTimeField(required=False, help_text="Later than this your answer is overdue, and the citizen is told so.")
    asked = AskedSerializer(required=False, help_text="Absent when there is nothing to delete.")


class EventSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One event: `type`, `timestamp` and `data` are the body of the webhook."""

    id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=Delivery.Kind.values)
    timestamp = serializers.DateTimeField(help_text="When it happened.")
    data = EventDataSerializer()  # type: ignore[assignment]


class EventsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A page of the feed."""

    events = EventSerializer(many=True)
    next = serializers.CharField(help_text="Give it as `after`, when you have kept these events.")
    more = serializers.BooleanField(help_text="Whether there are further events at once.")


class KeptSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A category that a law makes you keep."""

    category = serializers.CharField(max_length=64)
    legal_basis = serializers.CharField(
        max_length=feed.LONGEST_BASIS, help_text="The law, by name and section. The citizen reads it: no personal value here."
    )

    def validate_legal_basis(self, value: str) -> str:
        if any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") for character in value):
            raise serializers.ValidationError("Printable characters only.")
        return value


class ConfirmationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """`deleted_at`: when all that is not kept was deleted; absent when all of it is kept."""

    deleted_at = serializers.DateTimeField(required=False, default_timezone=UTC)
    kept = KeptSerializer(many=True, required=False, max_length=50)  # type: ignore[call-arg]

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({sorted(map(str, unknown))[0][:64]: "This member is not known."})
        return super().to_internal_value(data)

    def validate_deleted_at(self, value: Any) -> Any:
        if value > self.context["latest"]:
            raise serializers.ValidationError("This lies in the future.")
        return value

    def said(self) -> Confirmation:
        """What was sent, once it is valid."""
        kept = tuple((k["category"], k["legal_basis"]) for k in self.validated_data.get("kept", ()))
        return Confirmation(self.validated_data.get("deleted_at"), kept)


class ConfirmedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What Aurora has noted, and the citizen sees."""

    event = serializers.UUIDField()
    confirmed_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)
    kept = KeptSerializer(many=True)
