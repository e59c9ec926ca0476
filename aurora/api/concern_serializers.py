"""Cases of citizens, as they stand in the OpenAPI document, and answers to them as they are checked on their way in."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from aurora.journeys.answer_concern import Answer, Asked, Said
from consent.concerns import texts
from consent.concerns.models import Concern, ConcernPart

Kind = ConcernPart.Kind
# What stands beside an answer's text, by its kind.
BESIDE = {Kind.LAWFUL.value: "ground", Kind.MISTAKE.value: "done", Kind.LATER.value: "until"}


class ConcernEntrySerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The entry of the citizen's log that the case is about: your own access, attempt, report or delivery, as you know it."""

    id = serializers.UUIDField()
    event = serializers.CharField(help_text="Such as agency:twin:read.")
    at = serializers.DateTimeField()
    decision = serializers.CharField(help_text="permit, or why it was refused.")
    purpose = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())


class ConcernSaidSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One thing that was said, by the citizen or by your agency."""

    by = serializers.ChoiceField(choices=ConcernPart.By.values)
    kind = serializers.ChoiceField(choices=Kind.values)
    at = serializers.DateTimeField()
    text = serializers.CharField(help_text="As it was typed: text, no markup. Escape it where you show it.")
    ground = serializers.CharField(required=False)
    done = serializers.CharField(required=False)
    until = serializers.DateTimeField(required=False, help_text="When the answer is due since then.")


class ConcernSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A citizen's case that your agency must answer, or has answered."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Concern.State.values)
    outcome = serializers.ChoiceField(choices=[*Concern.Outcome.values, ""], help_text="How the citizen closed it.")
    kind = serializers.ChoiceField(
        choices=Concern.Kind.values, help_text="The citizen does not know you, did not expect this, finds the data wrong, or other."
    )
    subject = serializers.CharField(help_text="The citizen, under the name that only your agency knows.")
    language = serializers.CharField(help_text="In which the citizen wrote: answer in it.")
    raised_by = serializers.ChoiceField(
        choices=["citizen", "guardian"],
        help_text="guardian: somebody who answers for a child wrote, and the case is about the child's data.",
    )
    raised_at = serializers.DateTimeField()
    answer_by = serializers.DateTimeField(help_text="Later than this an open case is overdue, and the citizen is told so.")
    put_off = serializers.BooleanField(help_text="Whether a later day has been named: it can be once.")
    entry = ConcernEntrySerializer()
    said = ConcernSaidSerializer(many=True)


class ConcernsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A page of cases, the oldest first."""

    concerns = ConcernSerializer(many=True)
    more = serializers.BooleanField(help_text="Whether there are further ones: give the last one's id as `after`.")


class AnswerSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What you answer. With it, by its kind: `ground` (by what law or contract), `done` (what you have done about it), or `until`."""

    kind = serializers.ChoiceField(choices=list(BESIDE))
    text = serializers.CharField(max_length=texts.LONGEST, help_text="The citizen reads it, as text.")
    ground = serializers.CharField(required=False, max_length=texts.LONGEST_NOTE, help_text="With lawful.")
    done = serializers.CharField(required=False, max_length=texts.LONGEST_NOTE, help_text="With mistake.")
    until = serializers.DateField(
        required=False, help_text="With later: the day by whose end you answer, once, at most 60 days after the day that was set."
    )

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError({sorted(map(str, unknown))[0][:64]: "This member is not known."})
        return super().to_internal_value(data)

    def validate_text(self, value: str) -> str:
        return _readable(value, texts.LONGEST)

    def validate_ground(self, value: str) -> str:
        return _readable(value, texts.LONGEST_NOTE)

    def validate_done(self, value: str) -> str:
        return _readable(value, texts.LONGEST_NOTE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        beside = BESIDE[attrs["kind"]]
        if beside not in attrs:
            raise serializers.ValidationError({beside: "This answer needs it."})
        if superfluous := sorted(set(attrs) & set(BESIDE.values()) - {beside}):
            raise serializers.ValidationError({superfluous[0]: "This does not belong to this answer."})
        return attrs

    def said(self) -> Answer:
        """What was sent, once it is valid."""
        sent = self.validated_data
        return Answer(sent["kind"], sent["text"], sent.get("ground") or sent.get("done") or "", sent.get("until"))


def as_json(case: Asked) -> dict[str, Any]:
    """A case in the shape of `ConcernSerializer`."""
    row = case.row
    return {
        "id": row.pk,
        "state": row.state,
        "outcome": row.outcome,
        "kind": row.kind,
        "subject": case.subject,
        "language": row.language,
        "raised_by": "guardian" if row.mandate_id else "citizen",
        "raised_at": row.raised_at,
        "answer_by": row.due_at,
        "put_off": row.put_off_at is not None,
        "entry": {
            "id": row.entry_id,
            "event": row.event,
            "at": row.entry_at,
            "decision": row.decision,
            "purpose": row.purpose,
            "categories": row.categories,
        },
        "said": [_said(one) for one in case.said],
    }


def _said(one: Said) -> dict[str, Any]:
    beside = BESIDE.get(one.row.kind)
    more: dict[str, Any] = {} if beside is None else {beside: one.row.until if beside == "until" else one.note}
    return {"by": one.row.by, "kind": one.row.kind, "at": one.row.at, "text": one.text, **more}


def _readable(value: str, longest: int) -> str:
    tidied = texts.tidied(value)
    if texts.fault_of(tidied, longest=longest):
        raise serializers.ValidationError("Readable text, not blank: letters, marks and line ends, no control characters.")
    return tidied
