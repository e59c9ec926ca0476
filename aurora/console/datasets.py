"""Datasets for training: what is in each, on what ground, and which models learnt from it. Nothing of a row is here."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aurora.console import present_datasets
from aurora.console.auth import for_roles
from aurora.identity.models import Operator
from recommender.models import DatasetVersion


@require_safe
@for_roles(Operator.Role.MODEL_STEWARD, Operator.Role.AUDITOR)
def dataset(request: HttpRequest, id: UUID) -> HttpResponse:
    """One dataset."""
    page = present_datasets.dataset(get_object_or_404(DatasetVersion, pk=id))
    return render(request, "console/dataset.html", {"page": page})
