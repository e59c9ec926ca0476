"""What a certificate says of backups is what who runs Aurora states of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from aurora.erasures import certificate
from aurora.erasures.models import Erasure

NO_KEYS = {
    "fi": "Niissä ei ole avaimia: ilman sinun avaintasi kukaan ei voi lukea niitä.",
    "sv": "De innehåller inga nycklar: utan din kan ingen läsa vad som finns i dem.",
    "en": "They hold no keys: without yours nobody can read what is in them.",
}


def said(language: str) -> str:
    now = timezone.now()
    row = Erasure(scope=Erasure.Scope.CATEGORY, code="tax.income", language=language, asked_at=now, finished_at=now)
    [backups] = [one for one in certificate.document(row)["aurora:stays"] if one["aurora:code"] == "backups"]
    return str(backups["aurora:because"])


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_so_many_days_or_none(settings: Any, language: str) -> None:
    for days in (30, 7):
        settings.AURORA_BACKUPS_KEPT = timedelta(days=days)
        assert f" {days} " in said(language)
    settings.AURORA_BACKUPS_KEPT = timedelta(0)
    assert said(language) == NO_KEYS[language]
