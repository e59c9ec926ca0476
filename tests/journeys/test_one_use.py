"""A consent for one use delivers each of its categories once, and a consent for a time is not touched by reads."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from aurora.identity import vault
from aurora.journeys._door import AccessRefused
from aurora.journeys.agency_read import read_category
from aurora.twin.values import NewFact
from aurora.twin.write import write
from consent import services
from consent.models import Agency, ConsentRecord, DataCategory, DataCategoryVersion, Notice, Purpose, PurposeVersion
from consent.oauth.tokens import TokenContext
from consent.scope import citizen_scope

TEXTS = dict.fromkeys(("fi", "sv", "en"), "Text")
_TEXTS_OF_PURPOSE = ("name", "description", "on_refusal")


def consent_to(categories: list[str], *, once: bool) -> TokenContext:
    """A citizen's consent for a new agency, and what its token stands for."""
    citizen_id, now, code = uuid4(), timezone.now(), f"office-{uuid4().hex[:12]}"
    agency = Agency.objects.create(code=code, name=TEXTS, roles=["data_user"])
    Purpose.objects.create(code=code, kind=Purpose.Kind.ACCESS)
    PurposeVersion.objects.create(purpose_id=code, version=1, dpv="https://w3id.org/dpv#Purpose", **dict.fromkeys(_TEXTS_OF_PURPOSE, TEXTS))
    for category in categories:
        DataCategory.objects.create(code=category, source=agency)
        DataCategoryVersion.objects.create(
            category_id=category,
            version=1,
            dpv="https://w3id.org/dpv#Data",
            name=TEXTS,
            description=TEXTS,
            schema={"properties": {"wages": {"type": "integer"}}},
        )
    content = {"purpose": {"code": code, "version": 1}, "categories": [{"code": c, "version": 1} for c in categories]}
    notice = Notice.objects.create(digest=hashlib.sha256(code.encode()).hexdigest(), language="en", content=content, first_shown_at=now)
    with citizen_scope(citizen_id):
        get_user_model().objects.create(
            id=citizen_id, subject_hmac=secrets.token_bytes(32), national_id_sealed=b"-", name_sealed=b"-", created_at=now
        )
        vault.create_key(citizen_id=citizen_id)
        consent, _ = services.give(
            citizen_id=citizen_id,
            recipient=agency,
            source=None,
            purpose=code,
            categories=categories,
            notice=notice,
            until=date.today() + timedelta(days=30),
            now=now,
            once=once,
        )
    return TokenContext(citizen_id, code, code, uuid4(), consent.pk, code, frozenset(categories), now + timedelta(hours=1))


def arrive(token: TokenContext, category: str) -> None:
    """The citizen's twin gets a fact of this category."""
    now = timezone.now()
    with citizen_scope(token.citizen_id):
        write(citizen_id=token.citizen_id, facts=[NewFact(category, 1, "wages", 1, "reported", token.agency_code, now)], now=now)


def spent(token: TokenContext) -> list[str]:
    with citizen_scope(token.citizen_id):
        return ConsentRecord.objects.get(pk=token.consent_id).spent


def outcome(token: TokenContext, category: str) -> str:
    try:
        reading = read_category(token=token, category=category, now=timezone.now())
    except AccessRefused as refused:
        return refused.code
    return "read" if reading.facts else "nothing yet"


@pytest.fixture
def categories() -> list[str]:
    tag = uuid4().hex[:12]
    return [f"test.{tag}.income", f"test.{tag}.housing"]


@pytest.mark.django_db
def test_each_category_opens_once(categories: list[str]) -> None:
    token = consent_to(categories, once=True)
    first, second = categories
    for category in categories:
        arrive(token, category)
    assert [outcome(token, one) for one in (first, first, second, second)] == ["read", "used_up", "read", "used_up"]
    assert spent(token) == sorted(categories)


@pytest.mark.django_db
def test_a_category_of_which_nothing_is_held_yet_stays_open(categories: list[str]) -> None:
    token = consent_to(categories, once=True)
    first, second = categories
    arrive(token, second)
    assert [outcome(token, one) for one in (first, second, first)] == ["nothing yet", "read", "nothing yet"]
    assert spent(token) == [second]
    arrive(token, first)
    assert [outcome(token, one) for one in (first, first)] == ["read", "used_up"]


@pytest.mark.django_db
def test_a_consent_for_a_time_opens_again_and_again(categories: list[str]) -> None:
    token = consent_to(categories, once=False)
    arrive(token, categories[0])
    assert [outcome(token, categories[0]) for _ in range(3)] == ["read"] * 3
    assert spent(token) == []
