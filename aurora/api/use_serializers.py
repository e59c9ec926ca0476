"""Batches of uses, as they stand in the OpenAPI document. What comes in is judged by `consent.uses.batches`: it lies inside a signature."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from aurora.journeys.report_use import Taken


class KeptBackSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A use that a law lets you keep from the citizen for a while."""

    position = serializers.IntegerField(help_text="Its place in the batch, from 0.")
    id = serializers.UUIDField(help_text="Under this id you ask for its one extension.")


class TakenSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What was taken. The same batch again is answered the same."""

    batch = serializers.UUIDField(help_text="The batch's `jti`.")
    uses = serializers.IntegerField(help_text="How many uses it had; all of them were taken.")
    received_at = serializers.DateTimeField(help_text="When it was taken, the first time.")
    kept_back = KeptBackSerializer(many=True)


def as_json(taken: Taken) -> dict[str, Any]:
    """As `TakenSerializer` has it."""
    return {"batch": taken.batch_id, "uses": taken.uses, "received_at": taken.received_at, "kept_back": list(taken.kept_back)}


ONE = OpenApiExample(
    "Taken",
    value={"batch": "6f1f0d7e-7c1e-4b0a-9f0a-2d1b8a4c5e6f", "uses": 2, "received_at": "2026-11-26T08:00:00Z", "kept_back": []},
    response_only=True,
)
WRONG = OpenApiExample(
    "Nothing was taken",
    value={
        "type": "https://aurora.example/problems/uses_refused",
        "title": "uses refused",
        "status": 422,
        "code": "uses_refused",
        "detail": "None of the uses was taken. What is wrong with the first of them stands in errors, by position.",
        "instance": "urn:aurora:request:0000000000000001",
        "errors": [{"position": 1, "code": "subject_unknown"}],
    },
    response_only=True,
    status_codes=["422"],
    media_type="application/problem+json",
)
