"""Loads purposes and data categories from `consent/vocabulary/`. A version that is in the database is never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from consent.models import Agency, DataCategory, DataCategoryVersion, Purpose, PurposeVersion

VOCABULARY = Path(__file__).resolve().parents[2] / "vocabulary"


def documents(kind: str) -> Iterator[dict[str, Any]]:
    """The vocabulary's files of one kind (`categories` or `purposes`), in the order of their names."""
    for path in sorted((VOCABULARY / kind).glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


class Command(BaseCommand):
    help = "Load purposes and data categories; the agencies that hold the data must exist."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for doc in documents("purposes"):
            Purpose.objects.get_or_create(code=doc["code"], defaults={"kind": doc["kind"]})
            texts = {k: doc[k] for k in ("dpv", "name", "description", "on_refusal")}
            wording, created = PurposeVersion.objects.get_or_create(purpose_id=doc["code"], version=doc["version"], defaults=texts)
            self._same(wording, texts, created)
        agencies = {a.code: a for a in Agency.objects.all()}
        for doc in documents("categories"):
            if doc["source"] not in agencies:
                raise CommandError(f"Category {doc['code']}: there is no agency {doc['source']}.")
            DataCategory.objects.get_or_create(code=doc["code"], defaults={"source": agencies[doc["source"]]})
            texts = {k: doc[k] for k in ("dpv", "sensitive", "name", "description", "schema")}
            version, created = DataCategoryVersion.objects.get_or_create(category_id=doc["code"], version=doc["version"], defaults=texts)
            self._same(version, texts, created)

    def _same(self, version: PurposeVersion | DataCategoryVersion, texts: dict[str, Any], created: bool) -> None:
        changed = [] if created else [k for k, v in texts.items() if getattr(version, k) != v]
        if changed:
            raise CommandError(f"{version}: {', '.join(changed)} changed without a new version; consents rest on the old text.")
