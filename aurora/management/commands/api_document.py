"""Write the OpenAPI document of the developers' pages, after the API has changed."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand
from drf_spectacular.generators import SchemaGenerator

from aurora.ui.developers import changes, openapi


def document() -> dict[str, Any]:
    """As `/api/v1/schema/` answers it."""
    made: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))  # type: ignore[no-untyped-call]
    return made


class Command(BaseCommand):
    help = "Write aurora/ui/developers/openapi.json from the API, and print the digest that changelog.json must name."

    def handle(self, *args: Any, **options: Any) -> None:
        made = document()
        openapi.FILE.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        self.stdout.write(changes.digest(made))
