"""Requests to correct a fact, as they stand in the OpenAPI document, and answers to them as they are checked on their way in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from aurora.corrections.models import Correction
from aurora.journeys.answer_correction import Received
from consent.concerns import texts

OUTCOMES = (Correction.State.CORRECTED.value, Correction.State.REFUSED.value)


class CorrectionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What a citizen asks your agency to correct (GDPR art. 16)."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Correction.State.values)
    subject = serializers.CharField(help_text="The citizen, under the name that only your agency knows.")
    national_id = serializers.CharField(
        allow_blank=True, help_text="The identifier by which you answer about them; empty once they are erased."
    )
    category = serializers.CharField()
    version = serializers.IntegerField(help_text="Of the category.")
    key = serializers.CharField(allow_blank=True, help_text="The fact, as in the category's schema; empty once they are erased.")
    says = serializers.JSONField(allow_null=True, help_text="What your agency says.")
    right = serializers.JSONField(allow_null=True, help_text="What the citizen says is right: a value of the fact's own schema.")
    why = serializers.CharField(allow_blank=True, help_text="As it was typed: text, no markup. Escape it where you show it.")
    language = serializers.CharField(help_text="In which the citizen wrote: answer in it.")
    asked_by = serializers.ChoiceField(choices=["citizen", "guardian"])
    asked_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField(help_text="A month (art. 12(3)). Later than this it is overdue, and the citizen is told so.")
    answered_at = serializers.DateTimeField(allow_null=True)


class CorrectionsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A page of requests, the oldest first."""

    corrections = CorrectionSerializer(many=True)
    more = serializers.BooleanField(help_text="Whether there are further ones: give the last one's id as `after`.")


class CorrectionAnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What you answer, once. `corrected`: from now on you serve the corrected value, and Aurora fetches it at once. `refused`: with your reason."""

    outcome = serializers.ChoiceField(choices=list(OUTCOMES))
    text = serializers.CharField(
        max_length=texts.LONGEST, help_text="The citizen reads it, as text: what you have done, or why you do not correct it (art. 12(4))."
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({sorted(map(str, unknown))[0][:64]: "This member is not known."})
        return super().to_internal_value(data)

    def validate_text(self, value: str) -> str:
        tidied = texts.tidied(value)
        if texts.fault_of(tidied):
            raise serializers.ValidationError("Readable text, not blank: letters, marks and line ends, no control characters.")
        return tidied


def as_json(received: Received) -> dict[str, Any]:
    """A request in the shape of `CorrectionSerializer`."""
    row, asked = received.row, received.asked
    return {
        "id": row.pk,
        "state": row.state,
        "subject": received.subject,
        "national_id": received.national_id,
        "category": row.category,
        "version": row.category_version,
        "key": asked.key if asked else "",
        "says": asked.says if asked else None,
        "right": asked.right if asked else None,
        "why": asked.why if asked else "",
        "language": row.language,
        "asked_by": "guardian" if row.mandate_id else "citizen",
        "asked_at": row.asked_at,
        "answer_by": row.due_at,
        "answered_at": row.answered_at,
    }
