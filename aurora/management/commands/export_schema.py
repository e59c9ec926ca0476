"""Write the JSON Schema of citizens' copies beside its documentation, after a part has changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from aurora.journeys._export_schema import schema

FILE = Path(__file__).resolve().parents[3] / "docs" / "citizen" / "export.schema.json"


def text() -> str:
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


class Command(BaseCommand):
    help = "Write docs/citizen/export.schema.json from the parts of a copy."

    def handle(self, *args: Any, **options: Any) -> None:
        FILE.write_text(text(), encoding="utf-8")
        self.stdout.write(str(FILE))
