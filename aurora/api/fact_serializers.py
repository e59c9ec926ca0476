"""Batches of a source that pushes, as they stand in the OpenAPI document. What comes in is judged by `aurora.sources.pushes`: it lies inside a signature."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from aurora.journeys.receive_push import Pushed
from aurora.sources.pushes.batches import Result

WHY = ("form", "category", "version", "facts", "times", "twice")


class ResultSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What came of one answer."""

    position = serializers.IntegerField(help_text="Its place in the batch, from 0.")
    result = serializers.ChoiceField(choices=[result.value for result in Result])
    why = serializers.ChoiceField(choices=WHY, required=False, help_text="Of what is invalid: which part of it.")


class PushedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The same batch again is answered the same."""

    batch = serializers.UUIDField(help_text="The batch's `jti`.")
    received_at = serializers.DateTimeField(help_text="When it came, the first time.")
    results = ResultSerializer(many=True)


def as_json(pushed: Pushed) -> dict[str, Any]:
    """As `PushedSerializer` has it."""
    return {
        "batch": pushed.batch_id,
        "received_at": pushed.received_at,
        "results": [_result(position, result) for position, result in enumerate(pushed.results)],
    }


def _result(position: int, result: str) -> dict[str, Any]:
    code, _, why = result.partition(":")
    return {"position": position, "result": code, **({"why": why} if why else {})}


ONE = OpenApiExample(
    "Answered",
    value={
        "batch": "6f1f0d7e-7c1e-4b0a-9f0a-2d1b8a4c5e6f",
        "received_at": "2026-11-26T08:00:00Z",
        "results": [{"position": 0, "result": "taken"}, {"position": 1, "result": "invalid", "why": "facts"}],
    },
    response_only=True,
)
