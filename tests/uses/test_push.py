"""`POST /api/v1/uses`: taken whole, once, signed by the agency's own key, of its own citizens and its own reads; and what is refused."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from aurora.identity import vault
from aurora.identity.keys import pairwise
from aurora.journeys import report_use
from aurora.sandbox import jose
from consent.ledger import queries as ledger
from consent.scope import citizen_scope
from consent.uses import accounts
from consent.uses.models import Account, Batch, DeliveryNote, UsageReport
from tests.attacks import odd
from tests.support.cast import Cast, browser
from tests.uses.telling import (
    HOUSEHOLD,
    INCOME,
    PATH,
    account,
    ago,
    all_rows,
    entries,
    office,
    own_token,
    pushed,
    read,
    reports,
    sent,
    signed,
    subject,
    use,
)


def test_each_use_is_a_row_and_an_entry_that_the_citizen_reads(cast: Cast) -> None:
    entry = read(cast, cast.aino)
    before = len(entries(cast.aino))
    answer = pushed(
        cast, use(cast, cast.aino, entry=str(entry)), use(cast, cast.aino, used_at=ago(days=2).isoformat(), categories=[INCOME, HOUSEHOLD])
    )
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store", answer.content
    assert answer.json()["uses"] == 2 and answer.json()["kept_back"] == []
    told = entries(cast.aino)[before:]
    assert [(e.actor, e.purpose, e.categories, e.decision) for e in told] == [
        ("benefits-office", "benefit-application", [HOUSEHOLD], "permit"),
        ("benefits-office", "benefit-application", [HOUSEHOLD, INCOME], "permit"),
    ]
    with citizen_scope(cast.aino.id):
        read_entry = next(e for e in cast.aino.entries() if e.pk == entry)
        opened = ledger.open_entry(told[0], lambda sealed, context: vault.open_sealed(sealed, citizen_id=cast.aino.id, context=context))
        row = UsageReport.objects.get(logged_id=told[0].pk)
        assert report_use.words_of(row) == {
            "action": "Worked out the housing support",
            "receiver_name": "Benefits office",
            "system": "cases",
        }
    assert opened.genuine and opened.details["entry"] == str(entry) and opened.details["system"] == "cases"
    assert told[0].consent_ids == read_entry.consent_ids, "what the read rested on, the use rests on"
    assert row.came == "push" and b"housing" not in bytes(row.sealed)


def test_the_same_batch_again_is_answered_the_same_and_changes_nothing(cast: Cast) -> None:
    batch, uses = uuid4(), [use(cast, cast.aino)]
    first = pushed(cast, *uses, batch=batch)
    after = all_rows([cast.aino])
    again = pushed(cast, *uses, batch=batch, iat=int(ago(days=1).timestamp()))
    assert first.status_code == again.status_code == 200 and first.json() == again.json() and all_rows([cast.aino]) == after
    other = pushed(cast, *uses, use(cast, cast.aino), batch=batch)
    assert other.status_code == 409 and other.json()["code"] == "batch_differs" and all_rows([cast.aino]) == after


def test_a_batch_that_comes_four_times_at_once_is_one(cast: Cast) -> None:
    body, token, before = (
        signed(cast, [use(cast, cast.aino), use(cast, cast.cecilia)]),
        own_token(cast, "uses"),
        all_rows([cast.aino, cast.cecilia]),
    )

    def one(_: int) -> Any:
        try:
            answer = sent(cast, body, token=token)
            return answer.status_code, answer.json()["received_at"]
        finally:
            connection.close()

    cast.office.granted(cast.cecilia)
    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(one, range(4)))
    assert len(answers) == 1 and next(iter(answers))[0] == 200
    assert all_rows([cast.aino, cast.cecilia]) == (before[0] + 2, before[1] + 2)


def test_one_wrong_use_and_nothing_of_the_batch_is_taken(cast: Cast) -> None:
    before = all_rows([cast.aino])
    batches = Batch.objects.count()
    wrong = [use(cast, cast.aino, purpose="no-such"), use(cast, cast.aino), use(cast, cast.aino, categories=["no.such"])]
    answer = pushed(cast, use(cast, cast.aino), *wrong)
    assert answer.status_code == 422 and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"position": 1, "code": "purpose_unknown"}, {"position": 3, "code": "category_unknown"}]
    assert all_rows([cast.aino]) == before and Batch.objects.count() == batches


def test_of_many_faults_the_first_ten_are_told(cast: Cast) -> None:
    answer = pushed(cast, *(use(cast, cast.aino, action="") for _ in range(100)))
    assert [e["position"] for e in answer.json()["errors"]] == list(range(10))


NOBODY = "a" * 32


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": NOBODY}, "subject_unknown"),
        ({"subject": "Aino"}, "subject_unknown"),
        ({"subject": 7}, "subject_unknown"),
        ({"used_at": "2026-11-26"}, "used_at_invalid"),
        ({"used_at": "2026-11-26T08:00:00"}, "used_at_invalid"),
        ({"used_at": "0001-01-01T00:00:00+14:00"}, "used_at_invalid"),
        ({"used_at": "1970-01-01T00:00:00Z"}, "used_at_too_old"),
        ({"used_at": 1}, "used_at_invalid"),
        ({"action": ""}, "action_invalid"),
        ({"action": " "}, "action_invalid"),
        ({"action": "x" * 201}, "action_invalid"),
        ({"action": "a\u202eb"}, "action_invalid"),
        ({"action": "a\nb"}, "action_invalid"),
        ({"system": None}, "system_invalid"),
        ({"receiver": "office"}, "receiver_invalid"),
        ({"receiver": {"code": "a b", "name": "x"}}, "receiver_invalid"),
        ({"receiver": {"code": "x" * 65, "name": "x"}}, "receiver_invalid"),
        ({"receiver": {"code": "x", "name": "x", "more": 1}}, "receiver_invalid"),
        ({"categories": []}, "categories_invalid"),
        ({"categories": [HOUSEHOLD, HOUSEHOLD]}, "categories_invalid"),
        ({"categories": "all"}, "categories_invalid"),
        ({"categories": [["deep"]]}, "categories_invalid"),
        ({"entry": "x"}, "entry_unknown"),
        ({"entry": str(uuid4())}, "entry_unknown"),
        ({"delay": True}, "delay_invalid"),
        ({"delay": {"law": "x", "until": "2026-13-01"}}, "delay_invalid"),
        ({"more": 1}, "members_wrong"),
        ({"system": ...}, "members_wrong"),
    ],
)
def test_what_is_wrong_with_a_use_is_named(cast: Cast, changes: dict[str, Any], code: str) -> None:
    before = all_rows([cast.aino])
    answer = pushed(cast, use(cast, cast.aino, **changes))
    assert answer.status_code == 422 and answer.json()["errors"] == [{"position": 0, "code": code}], answer.content
    assert all_rows([cast.aino]) == before


def test_the_future_is_refused_but_for_a_clock_that_is_a_little_fast(cast: Cast) -> None:
    assert pushed(cast, use(cast, cast.aino, used_at=ago(seconds=-30).isoformat())).status_code == 200
    late = pushed(cast, use(cast, cast.aino, used_at=ago(seconds=-90).isoformat()))
    assert late.json()["errors"][0]["code"] == "used_at_in_future"


def test_a_citizen_of_another_agency_is_nobody_and_looks_like_nobody(cast: Cast) -> None:
    """Neither by the name that the other agency has for them nor by ours for who never gave this agency anything."""
    of_another = pairwise(citizen_id=cast.aino.id, agency="another-agency")
    answers = [
        pushed(cast, use(cast, cast.aino, subject=name))
        for name in (of_another, NOBODY, pairwise(citizen_id=uuid4(), agency="benefits-office"))
    ]
    assert len({odd.problem(a) for a in answers}) == 1 and answers[0].json()["errors"][0]["code"] == "subject_unknown"


def test_an_entry_that_is_not_a_read_of_this_agency_and_this_citizen_is_none(cast: Cast) -> None:
    theirs = read(cast, cast.cecilia)
    other_kind = next(e.pk for e in cast.aino.entries() if e.event == "citizen:consent:given")
    for entry in (theirs, other_kind):
        answer = pushed(cast, use(cast, cast.aino, entry=str(entry)))
        assert answer.json()["errors"] == [{"position": 0, "code": "entry_unknown"}]
    assert pushed(cast, use(cast, cast.cecilia, entry=str(theirs))).status_code == 200


def test_a_subject_is_known_from_the_consent_on_before_anything_is_read(cast: Cast) -> None:
    cast.office.granted(cast.cecilia)
    assert bytes(account(cast, cast.cecilia).subject_digest or b"") == accounts.digest_of(subject(cast, cast.cecilia))


def test_who_has_no_name_in_the_accounts_yet_is_found_all_the_same(cast: Cast) -> None:
    """A grant that is older than the accounts, a read whose note made the account."""
    cast.office.granted(cast.cecilia)
    with citizen_scope(cast.cecilia.id):
        Account.objects.filter(citizen_id=cast.cecilia.id).update(subject_digest=None)
    assert pushed(cast, use(cast, cast.cecilia)).status_code == 200


@pytest.mark.parametrize("how", ["header_alg", "none", "hs256", "other_key", "kid", "typ", "jwk", "changed"])
def test_what_is_not_signed_as_it_must_be_is_refused(cast: Cast, how: str) -> None:
    uses, other = [use(cast, cast.aino)], jose.new_key()
    body = signed(cast, uses)
    if how == "other_key":
        body = signed(cast, uses, key={**other, "kid": cast.office.key["kid"]})
    elif how == "kid":
        body = signed(cast, uses, key=other)
    elif how in ("typ", "jwk"):
        body = signed(cast, uses, header={"typ": "JWT"} if how == "typ" else {"jwk": {k: v for k, v in other.items() if k != "d"}})
    elif how in ("header_alg", "none", "hs256"):
        alg = {"header_alg": "PS256", "none": "none", "hs256": "HS256"}[how]
        head = json.dumps({"alg": alg, "kid": cast.office.key["kid"], "typ": "aurora-uses+jwt"}).encode()
        body = ".".join([urlsafe_b64encode(head).rstrip(b"=").decode(), *body.split(".")[1:]])
    else:
        head, _, end = body.split(".")
        body = ".".join([head, signed(cast, [use(cast, cast.aino, system="x")]).split(".")[1], end])
    before = all_rows([cast.aino])
    answer = sent(cast, body)
    assert answer.status_code == 422 and answer.json()["code"] == "signature_invalid", answer.content
    assert all_rows([cast.aino]) == before


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another-agency"}, {"aud": "https://other.example"}, {"aud": ["http://localhost:8000/api/v1"]}, {"jti": "one"}, {"jti": ...}, {"iat": ...},
        {"iat": True}, {"iat": 0}, {"iat": 4_102_444_800}, {"uses": []}, {"uses": {}}, {"uses": "all"}, {"more": 1},
    ],
)  # fmt: skip
def test_claims_that_mean_no_batch_of_this_agency_are_refused(cast: Cast, claims: dict[str, Any]) -> None:
    answer = sent(cast, signed(cast, claims.pop("uses", [use(cast, cast.aino)]), **claims))
    assert answer.status_code == 422 and answer.json()["code"] == "batch_invalid", answer.content


def test_what_is_large_or_deep_is_refused_before_it_costs_anything(cast: Cast) -> None:
    small = use(cast, cast.aino)
    assert pushed(cast, *[{"x": 1}] * 101).json()["code"] == "batch_invalid"
    assert sent(cast, signed(cast, [{}] * 100_000)).status_code == 413
    deep = "[" * 600 + "]" * 600
    nested = urlsafe_b64encode(f'{{"uses": {deep}}}'.encode()).rstrip(b"=").decode()
    head, _, end = signed(cast, [small]).split(".")
    for part in (nested, urlsafe_b64encode(b'{"uses": [], "uses": []}').decode().rstrip("="), "AAAA"):
        assert sent(cast, f"{head}.{part}.{end}").json()["code"] == "batch_invalid"
    for body in (b"", b"\xff\xfe", b"a.b.c", b"a" * 1000, json.dumps(small).encode()):
        assert sent(cast, body).status_code == 422


def test_it_takes_the_agencys_own_token_with_the_scope_and_nothing_else(cast: Cast) -> None:
    body = signed(cast, [use(cast, cast.aino)])
    assert sent(cast, body, token=cast.token).status_code == 401, "a citizen's"
    wrong = sent(cast, body, token=own_token(cast, "events"))
    assert wrong.status_code == 403 and wrong.json()["code"] == "insufficient_scope"
    assert browser().post(PATH, body, content_type="application/jose").status_code == 401
    assert sent(cast, body, kind="application/json").status_code == 415
    token = own_token(cast, "uses")
    assert browser().get(PATH, **cast.office.bearing(token, PATH)).status_code == 405  # type: ignore[arg-type]


def test_a_taken_over_web_process_takes_no_report_back_and_makes_no_note_up(cast: Cast) -> None:
    pushed(cast, use(cast, cast.aino))
    row = reports(cast.aino)[-1]
    for deed in (
        lambda: UsageReport.objects.filter(pk=row.pk).update(receiver_code="x"),
        lambda: UsageReport.objects.filter(pk=row.pk)._raw_delete("default"),  # straight to the database, findings or none
        lambda: DeliveryNote.objects.create(entry_id=uuid4(), citizen_id=cast.aino.id, agency=office(cast), at=timezone.now()),
        lambda: Batch.objects.filter(pk=row.batch_id).update(digest=b"x"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), citizen_scope(cast.aino.id), transaction.atomic():
            deed()
    with citizen_scope(cast.cecilia.id):
        assert not UsageReport.objects.filter(pk=row.pk).exists(), "a stranger's"
