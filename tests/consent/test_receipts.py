"""Receipts: one for every event, in its transaction, sealed, signed, the citizen's own, never changed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from consent_world import NOW, World
from django.db import DatabaseError, connection, transaction
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, KeySet
from jsonschema import Draft202012Validator
from test_records import SHAPE, no_such_term

from aurora.identity import keys, vault
from aurora.keyfiles import new_es256
from aurora.messages.models import Message
from consent import receipts, services, signing, summary
from consent.errors import NotFound
from consent.models import ConsentEvent, ConsentRecord, Receipt
from consent.receipts import Opened
from consent.records import Acting
from consent.scope import citizen_scope

assert isinstance(SHAPE, Draft202012Validator)


@pytest.fixture
def world(db: None) -> World:
    return World()


def mine(world: World, record: ConsentRecord) -> list[Opened]:
    with citizen_scope(world.aino):
        return [receipts.open_row(r) for r in Receipt.objects.filter(consent=record)]


def verified(token: str) -> Any:
    return jwt.decode(token, KeySet.import_key_set(signing.jwks()), algorithms=["ES256"])


def test_each_event_has_one_and_it_tells_of_it(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=1), categories=world.categories[:1])
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=2))
        events = list(ConsentEvent.objects.filter(consent=record))
    made = mine(world, record)
    assert [m.row.kind for m in made] == [e.kind for e in events] == ["given", "narrowed", "withdrawn"]
    for number, receipt in enumerate(made, start=1):
        SHAPE.validate(receipt.document)
        assert no_such_term(receipt.document) == set()
        assert receipt.document["aurora:tellsOf"] == f"urn:uuid:{record.pk}#event-{number}"
        assert len(receipt.document["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]) == number  # frozen then


def test_a_refusal_a_replacement_and_the_end_of_time_have_one(world: World) -> None:
    with citizen_scope(world.aino):
        refused = services.decline(
            citizen_id=world.aino, recipient=world.office, source=None, purpose=world.purpose, notice=world.notice(), now=NOW
        )
    first, _ = world.give()
    second, replaced = world.give(now=NOW + timedelta(minutes=1))
    with citizen_scope(world.aino):
        services.end(consent_id=second.pk, now=second.expires_at, by="aurora")
    assert replaced == first.pk
    assert [m.row.kind for m in mine(world, refused)] == ["declined"]
    assert [m.row.kind for m in mine(world, first)] == ["given", "replaced"]
    assert [m.row.kind for m in mine(world, second)] == ["given", "expired"]


def test_it_verifies_with_the_published_keys_and_says_what_it_is(world: World) -> None:
    record, _ = world.give()
    [receipt] = mine(world, record)
    token = verified(receipt.token)
    assert token.header["typ"] == "consent-receipt+jwt"
    assert token.claims == receipt.claims
    assert (token.claims["iss"], token.claims["jti"]) == ("http://localhost:8000", str(receipt.row.pk))
    assert token.claims["iat"] == int(NOW.timestamp())
    assert token.claims["sub"] == keys.pairwise(citizen_id=world.aino, agency=world.office.code)


def test_a_changed_receipt_or_another_key_does_not_verify(world: World) -> None:
    record, _ = world.give()
    [receipt] = mine(world, record)
    head, _body, mark = receipt.token.split(".")
    forged = json.dumps({**receipt.claims, "sub": "somebody"}).encode()
    with pytest.raises((BadSignatureError, JoseError)):
        verified(f"{head}.{receipts.base64.urlsafe_b64encode(forged).rstrip(b'=').decode()}.{mark}")
    with pytest.raises(BadSignatureError):
        jwt.decode(receipt.token, ECKey.import_key(new_es256()), algorithms=["ES256"])


def test_the_row_shows_neither_names_nor_text(world: World) -> None:
    record, _ = world.give()
    with citizen_scope(world.aino):
        event = ConsentEvent.objects.create(consent=record, citizen_id=world.aino, at=NOW, kind="withdrawn", by="citizen")
        people = Acting(actor="Bertil Berg", citizen="Aino Aalto", kind="power_of_attorney")
        made = receipts.issue(record=record, event=event, now=NOW, acting=people)
        row = Receipt.objects.filter(pk=made.pk).values().get()
        opened = receipts.open_row(made)
    assert "Bertil Berg" in json.dumps(opened.document)
    assert b"Bertil" not in bytes(row["sealed"]) and "Bertil" not in repr(row) + repr(opened)
    assert receipts.hashlib.sha256(opened.token.encode()).hexdigest() == row["digest"]


def test_it_opens_for_its_own_place_only(world: World) -> None:
    one, _ = world.give()
    with citizen_scope(world.aino):
        other = services.decline(
            citizen_id=world.aino, recipient=world.office, source=None, purpose=world.purpose, notice=world.notice(), now=NOW
        )
        first, second = (Receipt.objects.get(consent=r) for r in (one, other))
        second.sealed = first.sealed
        with pytest.raises(vault.VaultClosed):
            receipts.open_row(second)


def test_it_dies_with_the_decision_that_it_tells_of(world: World) -> None:
    with pytest.raises(RuntimeError), citizen_scope(world.aino):
        record, _ = world.give()
        assert Receipt.objects.filter(consent=record).exists()
        raise RuntimeError
    with citizen_scope(world.aino):
        assert not Receipt.objects.filter(citizen_id=world.aino).exists()
        assert not Message.objects.filter(citizen_id=world.aino).exists()


def test_no_decision_stands_without_its_receipt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("no key")

    monkeypatch.setattr(signing, "sign", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        world.give()
    assert world.events() == []


def test_a_stranger_does_not_find_it(world: World) -> None:
    record, _ = world.give()
    [receipt] = mine(world, record)
    which = {"consent_id": record.pk, "receipt_id": receipt.row.pk}
    with citizen_scope(world.cecilia), pytest.raises(NotFound):
        receipts.opened(citizen_id=world.cecilia, **which)
    with citizen_scope(world.cecilia), pytest.raises(NotFound):
        receipts.opened(citizen_id=world.aino, **which)
    with citizen_scope(world.aino), pytest.raises(NotFound):
        receipts.opened(citizen_id=world.aino, consent_id=receipt.row.pk, receipt_id=receipt.row.pk)


@pytest.mark.parametrize("statement", ["UPDATE consent_receipt SET language = 'sv'", "DELETE FROM consent_receipt"])
def test_it_is_never_changed(world: World, statement: str) -> None:
    record, _ = world.give()
    with pytest.raises(DatabaseError), citizen_scope(record.citizen_id), connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_was_decided_at_one_moment_is_one_message(world: World) -> None:
    world.give()
    world.give(now=NOW + timedelta(minutes=1))  # replaces, and tells of both
    with citizen_scope(world.aino):
        assert Message.objects.filter(citizen_id=world.aino).count() == 2


def test_it_keeps_the_decision_in_short_and_no_later_event_rewrites_it(world: World) -> None:
    record, _ = world.give()
    given = mine(world, record)[0]
    with citizen_scope(world.aino):
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=1), categories=world.categories[:1])
        services.end(consent_id=record.pk, now=NOW + timedelta(hours=2))
    made = [receipt.document["aurora:summary"] for receipt in mine(world, record)]
    assert made[0] == given.document["aurora:summary"] and {s["version"] for s in made} == {summary.version()}
    first, narrowed, over = (" ".join(s["sentences"]) for s in made)
    (name,) = {c["dct:title"]["@value"] for c in given.document["dpv:hasRecordOfActivity"]["dpv:hasProcess"]["dpv:hasPersonalData"]}
    all_of_them = ", ".join([name] * len(record.categories))
    assert f"may read these data: {all_of_them}." in first and "no longer part" not in first
    assert f"may read these data: {all_of_them[len(name) + 2 :]}." in narrowed and f"no longer part of the permission: {name}." in narrowed
    assert over.startswith("The permission has ended.") and f"these data: {all_of_them[len(name) + 2 :]}." in over
