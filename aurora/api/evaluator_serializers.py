"""Models of an owner, as they stand in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from aurora.journeys.model_outcomes import Performance
from recommender.evaluators.quality import FEWEST
from recommender.models import EvaluatorVersion


class PackageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What is sent. Both are files with a file name."""

    package = serializers.FileField(help_text="The package, a zip of at most 20 MiB.")
    signature = serializers.FileField(help_text="Its signature, the JSON file that model-signing writes; at most 256 KiB.")


class EvaluatorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One version of a model. It never changes but in its state."""

    id = serializers.UUIDField()
    owner = serializers.CharField(help_text="Your agency's code.")
    identifier = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(
        choices=EvaluatorVersion.State.values,
        help_text="`registered` until Aurora's model stewards ask for its release and another agrees.",
    )
    purpose = serializers.CharField()
    package_sha256 = serializers.CharField()
    key_sha256 = serializers.CharField(
        help_text="SHA-256 of the public key (SubjectPublicKeyInfo) that it is held against: yours, or your authority's."
    )
    registered_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True, help_text="When it was declined or retired.")


class EvaluatorsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A page, newest first."""

    evaluators = EvaluatorSerializer(many=True)
    next = serializers.UUIDField(allow_null=True, help_text="Give it as `after` for the page that follows; null on the last.")


class CalibrationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A bin of people, from the lowest probability up."""

    predicted = serializers.FloatField(help_text="Mean probability, to two figures.")
    observed = serializers.FloatField(help_text="Share of them who had it, to two figures.")
    people = serializers.IntegerField(help_text="Rounded down to tens.")


class OutputPerformanceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One output. Null is what fewer than ten people would be told of."""

    code = serializers.CharField()
    horizon_months = serializers.IntegerField()
    people = serializers.IntegerField(allow_null=True, help_text="Followed for the whole time; rounded down to tens.")
    events = serializers.IntegerField(
        allow_null=True, help_text="Of these, who had it; null too where fewer than ten had it, or had it not."
    )
    auc = serializers.FloatField(allow_null=True)
    auc_low = serializers.FloatField(allow_null=True, help_text="Lower end of its 95 % interval (DeLong).")
    auc_high = serializers.FloatField(allow_null=True)
    calibration = CalibrationSerializer(many=True)
    said_without = serializers.FloatField(
        allow_null=True, help_text="Mean probability for people to whom it did not happen (no operation)."
    )


class ReportSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A quarter of a year, or all of them."""

    quarter = serializers.DateField(allow_null=True, help_text="Its first day; null for all quarters together.")
    made_on = serializers.DateField()
    people = serializers.IntegerField(allow_null=True, help_text="To whom it happened (the operation), in tens.")
    without = serializers.IntegerField(allow_null=True, help_text="To whom it did not, in tens.")
    outputs = OutputPerformanceSerializer(many=True)


class PerformanceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """All quarters together first, then the newest first. Empty until somebody consented and what followed is known."""

    id = serializers.UUIDField()
    fewest = serializers.IntegerField(help_text="Fewer people than this are not told of.")
    reports = ReportSerializer(many=True)


def performance_as_json(version: EvaluatorVersion, reports: Iterable[Performance]) -> dict[str, Any]:
    """A version's reports as `PerformanceSerializer` has them."""
    told = [{"quarter": one.quarter, "made_on": one.made_on, **one.content} for one in reports]
    return {"id": version.pk, "fewest": FEWEST, "reports": told}


def as_json(version: EvaluatorVersion) -> dict[str, Any]:
    """One version as `EvaluatorSerializer` has it."""
    return {
        "id": version.pk,
        "owner": version.agency,
        "identifier": version.identifier,
        "version": version.version,
        "state": version.state,
        "purpose": version.purpose,
        "package_sha256": version.package_sha256,
        "key_sha256": version.owner.key_sha256,
        "registered_at": version.registered_at,
        "released_at": version.released_at,
        "closed_at": version.closed_at,
    }


_ONE = {
    "id": "5c6f0c0e-6e0b-4f3c-9c1e-2f1f7d3b9a10",
    "owner": "hospital",
    "identifier": "joint-surgery-risk",
    "version": 1,
    "state": "registered",
    "purpose": "surgery-risk",
    "package_sha256": "9f2c4f1d7a2be0a5e4cbb27f5a1b2f9df4c9b6f6a0f3c8f5a7a1f0f4d3c2b1a0",
    "key_sha256": "1b0e6a7c5d4f3e2d1c0b9a8f7e6d5c4b3a2f1e0d9c8b7a6f5e4d3c2b1a0f9e8d",
    "registered_at": "2026-11-26T08:00:00Z",
    "released_at": None,
    "closed_at": None,
}
_OUTPUT = {
    "code": "infection", "horizon_months": 12, "people": 840, "events": 20, "auc": 0.71, "auc_low": 0.6, "auc_high": 0.82,
    "calibration": [{"predicted": 0.011, "observed": 0.014, "people": 640}, {"predicted": 0.048, "observed": 0.051, "people": 200}],
    "said_without": 0.031,
}  # fmt: skip
_REPORT = {"quarter": None, "made_on": "2027-04-02", "people": 860, "without": 40, "outputs": [_OUTPUT]}
_HIDDEN = {**_OUTPUT, **dict.fromkeys(("people", "events", "auc", "auc_low", "auc_high", "said_without")), "calibration": []}
PERFORMANCE = OpenApiExample(
    "All quarters, and one with too few people",
    value={
        "id": "5c6f0c0e-6e0b-4f3c-9c1e-2f1f7d3b9a10",
        "fewest": 10,
        "reports": [_REPORT, {**_REPORT, "quarter": "2027-01-01", "people": None, "without": None, "outputs": [_HIDDEN]}],
    },
    response_only=True,
)
ONE = OpenApiExample("A new version", value=_ONE, response_only=True)
PAGE = OpenApiExample("Two states", value={"evaluators": [_ONE], "next": None}, response_only=True)
UNSIGNED = OpenApiExample(
    "A signature of another key",
    value={
        "type": "https://aurora.example/problems/signature_invalid",
        "title": "signature invalid",
        "status": 422,
        "code": "signature_invalid",
        "detail": "The signature does not verify.",
        "instance": "urn:aurora:request:0000000000000001",
    },
    response_only=True,
    status_codes=["422"],
    media_type="application/problem+json",
)
