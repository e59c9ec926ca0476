"""Loads purposes and data categories from `consent/vocabulary/`. A version that is in the database is never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from consent import loading
from consent.models import Agency
from consent.rules import AURORA, CITIZEN

VOCABULARY = Path(__file__).resolve().parents[2] / "vocabulary"
# The source of what citizens say of themselves: no agency, and never active as one, but named where a source is named. No client is registered for this code.
YOURSELF = {"fi": "Sinä itse", "sv": "Du själv", "en": "You yourself"}


def documents(kind: str) -> Iterator[dict[str, Any]]:
    """The vocabulary's files of one kind (`categories` or `purposes`), in the order of their names."""
    for path in sorted((VOCABULARY / kind).glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


class Command(BaseCommand):
    help = "Load purposes and data categories; the agencies that hold the data must exist."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        # Where models' results belong: no source holds them, they are made here.
        Agency.objects.get_or_create(
            code=AURORA, defaults={"name": dict.fromkeys(("fi", "sv", "en"), "Aurora"), "roles": [Agency.Role.OPERATOR]}
        )
        Agency.objects.get_or_create(code=CITIZEN, defaults={"name": YOURSELF, "active": False})
        now, agencies = timezone.now(), {a.code: a for a in Agency.objects.all()}
        try:
            for doc in documents("purposes"):
                loading.purpose(doc, now=now)
            for doc in documents("categories"):
                if doc["source"] not in agencies:
                    raise CommandError(f"Category {doc['code']}: there is no agency {doc['source']}.")
                loading.category(doc, source=agencies[doc["source"]], now=now)
        except loading.VersionRefused as error:
            raise CommandError(str(error)) from None
