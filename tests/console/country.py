"""A country's agencies, for pages that list them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from aurora.identity.models import Operator
from consent.models import Agency
from tests.console.officials import official
from tests.support.cast import Cast

MANY = 120


@pytest.fixture(scope="module")
def country(committed_cast: Cast, django_db_blocker: Any) -> Iterator[str]:
    """As many agencies as a country has, with long names; what their names have in common."""
    mark = f"q{uuid4().hex[:10]}"
    long = "of Regional Development, Transport and the Environment"
    with django_db_blocker.unblock():
        made = [
            Agency(
                code=f"{mark}-{number:03}", name={"fi": f"Keskus {mark} {number:03} {long}", "sv": f"Central {mark} {number:03} {long}",
                "en": f"Centre {mark} {number:03} {long}"}, roles=["data_user", "data_source"],
            )
            for number in range(MANY)
        ]  # fmt: skip
        Agency.objects.bulk_create(made)
    yield mark
    with django_db_blocker.unblock():
        Agency.objects.filter(pk__in=[one.pk for one in made]).delete()


@pytest.fixture
def officer(cast: Cast) -> Iterator[Browser]:
    with official(Operator.Role.AGENCY_OFFICER) as one:
        yield one.face


def only(country: str, html: str) -> bytes:
    """A page without the choices of agencies that other tests of this process have left."""
    return re.sub(rf'<option value="(?!{country})[^"]+">[^<]*</option>', "", html).encode()
