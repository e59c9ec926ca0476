"""`POST /api/v1/facts`: what is not the agency's to say, not signed as it must be, too large, too deep, or said twice. Nothing of it is taken."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from aurora.sandbox import jose
from aurora.sandbox.config import OFFICE
from aurora.sources.models import DataSource
from aurora.sources.pushes.models import Batch
from consent.models import Agency
from tests.pushes.pushing import (
    DECISIONS,
    GRANTED,
    PATH,
    answer,
    came,
    entries,
    facts,
    newcomer,
    own_token,
    pushed,
    rows,
    seen,
    sent,
    signed,
)
from tests.support.cast import REGISTER, Cast, Person, browser

B64 = Callable[[bytes], str]


def b64(plain: bytes) -> str:
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


@pytest.fixture
def dora(cast: Cast) -> Person:
    return newcomer(cast)


def untouched(person: Person) -> bool:
    return not rows(person) and not entries(person) and not entries(person, "agency:facts:refused")


@pytest.mark.parametrize(
    "how",
    ["foreign_key", "foreign_key_with_our_kid", "proof_key", "kid_unknown", "kid_missing", "kid_number", "typ_of_uses", "none", "hmac", "jwk_in_header",
     "crit", "cut", "mixed", "empty_signature"],
)  # fmt: skip
def test_what_is_not_signed_by_the_agencys_registered_key_is_refused(cast: Cast, dora: Person, how: str) -> None:
    mine, foreign = [answer(dora.national_id)], jose.new_key()
    body = signed(cast, mine)
    head, claims, end = body.split(".")
    header = {"alg": "ES256", "kid": cast.office.key["kid"], "typ": "aurora-facts+jwt"}
    public = {name: value for name, value in foreign.items() if name != "d"}
    bodies = {
        "foreign_key": lambda: signed(cast, mine, key=foreign),
        "foreign_key_with_our_kid": lambda: signed(cast, mine, key={**foreign, "kid": cast.office.key["kid"]}),
        "proof_key": lambda: signed(cast, mine, key={**cast.office.proof_key, "kid": cast.office.key["kid"]}),
        "kid_unknown": lambda: signed(cast, mine, header={"kid": "another"}),
        "kid_missing": lambda: f"{b64(json.dumps({k: v for k, v in header.items() if k != 'kid'}).encode())}.{claims}.{end}",
        "kid_number": lambda: f"{b64(json.dumps({**header, 'kid': 1}).encode())}.{claims}.{end}",
        "typ_of_uses": lambda: signed(cast, mine, header={"typ": "aurora-uses+jwt"}),
        "none": lambda: f"{b64(json.dumps({**header, 'alg': 'none'}).encode())}.{claims}.{end}",
        "hmac": lambda: f"{b64(json.dumps({**header, 'alg': 'HS256'}).encode())}.{claims}.{end}",
        "jwk_in_header": lambda: f"{b64(json.dumps({**header, 'jwk': public}).encode())}.{claims}.{end}",
        "crit": lambda: f"{b64(json.dumps({**header, 'crit': ['b64'], 'b64': False}).encode())}.{claims}.{end}",
        "cut": lambda: body[:-8],
        "mixed": lambda: (
            f"{head}.{signed(cast, [answer(dora.national_id, facts={**GRANTED, 'housing_support_amount': 9})]).split('.')[1]}.{end}"
        ),
        "empty_signature": lambda: f"{head}.{claims}.AA",
    }
    response = sent(cast, bodies[how]())
    assert response.status_code == 422 and response.json()["code"] == "signature_invalid", response.content
    assert untouched(dora)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another-agency"}, {"aud": "https://other.example"}, {"aud": ["http://localhost:8000/api/v1"]}, {"jti": "one"}, {"jti": ...},
        {"iat": ...}, {"iat": True}, {"iat": 0}, {"iat": 4_102_444_800}, {"answers": []}, {"answers": {}}, {"answers": "all"}, {"more": 1},
        {"answers": ..., "uses": []},
    ],
    ids=["iss", "aud", "aud_list", "jti", "no_jti", "no_iat", "iat_true", "iat_old", "iat_ahead", "none", "object", "text", "more", "uses"],
)  # fmt: skip
def test_claims_that_mean_no_batch_of_this_agency_are_refused(cast: Cast, dora: Person, claims: dict[str, Any]) -> None:
    whole = {"answers": [answer(dora.national_id)], **claims}
    response = sent(cast, signed(cast, whole.pop("answers"), **whole))
    assert response.status_code == 422 and response.json()["code"] == "batch_invalid", response.content
    assert untouched(dora)


def test_what_is_large_deep_or_ambiguous_is_refused_before_it_costs_anything(cast: Cast, dora: Person) -> None:
    assert sent(cast, signed(cast, [{}] * 51)).json()["code"] == "batch_invalid"
    large = sent(cast, signed(cast, [answer(dora.national_id, facts={"x": "y" * 300_000})]))
    assert large.status_code == 413 and large.json()["code"] == "too_large"
    head, claims, end = signed(cast, [answer(dora.national_id)]).split(".")
    deep = b64(f'{{"answers": {"[" * 600 + "]" * 600}}}'.encode())
    twice = b64(b'{"answers": [], "answers": []}')
    for part in (
        deep,
        twice,
        b64(b'{"answers": [NaN]}'),
        b64(b'{"answers": [1e999]}'),
        b64(b'{"answers": ["\\u0000"]}'),
        b64(b"[]"),
        "AAAA",
    ):
        assert sent(cast, f"{head}.{part}.{end}").json()["code"] == "batch_invalid", part
    for body in (
        b"",
        b"\xff\xfe",
        b"a.b.c",
        b"a" * 1000,
        json.dumps(answer(dora.national_id)).encode(),
        f"{head}.{claims}.{end}.".encode(),
    ):
        assert sent(cast, body).status_code == 422, body[:20]
    assert untouched(dora)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"category": "tax.income", "facts": {"wages": 1}}, "category"),
        ({"category": "population.guardianship"}, "category"),
        ({"category": "no.such"}, "category"),
        ({"category": 7}, "form"),
        ({"category": ...}, "form"),
        ({"version": 2}, "version"),
        ({"version": ...}, "form"),
        ({"subject": {}}, "form"),
        ({"subject": {"national_id": ""}}, "form"),
        ({"subject": "S000123-4"}, "form"),
        ({"observed_at": "2026-11-26"}, "times"),
        ({"observed_at": "2999-01-01T00:00:00Z"}, "times"),
        ({"observed_at": "0001-01-01T00:00:00+14:00"}, "times"),
        ({"observed_at": 7}, "form"),
        ({"valid_from": "soon"}, "form"),
        ({"valid_from": "2026-12-01", "valid_to": "2026-11-01"}, "times"),
        ({"facts": []}, "form"),
        ({"facts": {}}, "facts"),
        ({"facts": {**GRANTED, "unheard_of": 1}}, "facts"),
        ({"facts": {**GRANTED, "housing_support_amount": [1]}}, "facts"),
        ({"facts": {**GRANTED, "housing_support_amount": -1}}, "facts"),
        ({"facts": {**GRANTED, "housing_support_amount": 2**60}}, "facts"),
        ({"facts": {**GRANTED, "housing_support_decided_on": "the other day"}}, "facts"),
        ({"gone": ["housing_support"], "facts": {}}, "facts"),
        ({"gone": ["unheard_of"], "facts": {}}, "facts"),
        ({"gone": ["housing_support_amount"], "facts": dict(GRANTED)}, "facts"),
        ({"gone": "housing_support_amount"}, "form"),
        ({"gone": ["housing_support_amount"] * 2, "facts": {}}, "form"),
    ],
    ids=[
        "other_agencys", "register", "unknown", "number", "no_category", "version", "no_version", "no_subject", "empty_subject", "text_subject",
        "no_time", "ahead", "year_one", "number_time", "from", "backwards", "list", "nothing", "unheard_of", "nested", "negative", "beyond", "date",
        "required_gone", "unknown_gone", "said_and_gone", "gone_text", "gone_twice",
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_invalid_and_says_where(cast: Cast, dora: Person, changes: dict[str, Any], why: str) -> None:
    assert came(pushed(cast, answer(dora.national_id, **changes))) == [f"invalid:{why}"]
    assert untouched(dora)


@pytest.mark.parametrize("one", [7, None, "text", [], {}, [[]]], ids=["number", "null", "text", "list", "object", "lists"])
def test_what_is_no_answer_at_all_is_invalid(cast: Cast, one: Any) -> None:
    assert came(sent(cast, signed(cast, [one]))) == ["invalid:form"]


def test_a_citizen_of_another_source_is_nobody_to_this_one(cast: Cast) -> None:
    """Aino has connected the register and gives the office access to her twin; as a source the office is nothing to her."""
    before = len(cast.aino.entries())
    assert came(pushed(cast, answer(cast.aino.national_id))) == ["not_accepted"]
    assert len(cast.aino.entries()) == before and not facts(cast.aino)


def test_an_agency_that_is_asked_or_holds_nothing_pushes_nothing(cast: Cast, dora: Person) -> None:
    mine, office = DataSource.objects.filter(agency__code=OFFICE), Agency.objects.get(code=OFFICE)
    for changes in ({"connector": "json_oauth"}, {"active": False}):
        was = mine.values(*changes).get()
        mine.update(**changes)
        response = pushed(cast, answer(dora.national_id))
        mine.update(**was)
        assert response.status_code == 403 and response.json()["code"] == "not_a_source"
    assert DataSource.objects.filter(agency__code=REGISTER, connector="json_oauth").exists() and office.active
    assert untouched(dora)


def test_it_takes_the_agencys_own_token_with_the_scope_and_nothing_else(cast: Cast, dora: Person) -> None:
    body = signed(cast, [answer(dora.national_id)])
    assert sent(cast, body, token=cast.token).status_code == 401, "a citizen's"
    for scope in ("events", "uses"):
        wrong = sent(cast, body, token=own_token(cast, scope))
        assert wrong.status_code == 403 and wrong.json()["code"] == "insufficient_scope"
    assert browser().post(PATH, body, content_type="application/jose").status_code == 401
    assert sent(cast, body, kind="application/json").status_code == 415
    token = own_token(cast, "facts")
    assert browser().get(PATH, **cast.office.bearing(token, PATH)).status_code == 405  # type: ignore[arg-type]
    assert untouched(dora)


def test_one_agency_pushes_so_many_batches_a_minute(cast: Cast, settings: Any) -> None:
    from aurora.api.throttles import PushesPerClient

    token, before = own_token(cast, "facts"), PushesPerClient.THROTTLE_RATES["push"]
    PushesPerClient.THROTTLE_RATES["push"] = "2/min"
    try:
        cache.clear()
        answers = [sent(cast, signed(cast, [answer("S123456-7")]), token=token) for _ in range(5)]
    finally:
        PushesPerClient.THROTTLE_RATES["push"] = before
        cache.clear()
    refused = [a for a in answers if a.status_code == 429]
    assert refused and refused[0].json()["code"] == "throttled" and int(refused[0]["Retry-After"]) >= 1


def test_no_value_leaves_in_an_answer_or_stays_with_the_batch(cast: Cast, dora: Person) -> None:
    told = {**GRANTED, "housing_support_amount": 9_876_543, "housing_support": "perhaps"}
    batch = uuid4()
    response = pushed(cast, answer(dora.national_id, facts=told, observed_at=seen(minutes=3)), batch=batch)
    row = Batch.objects.get(batch_id=batch)
    for text in (response.content.decode(), str(vars(row)), repr(row)):
        assert "9876543" not in text and "perhaps" not in text and dora.national_id not in text and DECISIONS not in text
