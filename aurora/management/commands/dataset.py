"""Collects a dataset for training: the open extract and a row of each citizen who allows it, each through the door. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from aurora.journeys import model_operations
from aurora.management.stewards import refusals


class Command(BaseCommand):
    help = "Collect a dataset for training (docs/operations/suggestion-models.md). One that was broken off is gone on with."

    def handle(self, *args: Any, **options: Any) -> None:
        with refusals():
            found = model_operations.collect(operator=None, now=timezone.now())
        self.stdout.write(found.card)
        self.stdout.write(f"Dataset {found.pk}, sha256 {found.sha256}")
