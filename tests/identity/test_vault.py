"""A sealed value opens in its own place, for its own citizen, under its own key, and nowhere else."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aurora.identity import keys, vault
from aurora.identity.models import DataKey
from aurora.identity.vault import VaultClosed
from consent.scope import citizen_scope
from tests.support.citizens import make_citizen

SECRET = b"wages: 43800"
PLACE = b"fact:1:tax.income.wages"


@pytest.fixture(autouse=True)
def _no_open_keys() -> None:
    """Keys that other tests opened, of citizens that are no more."""
    vault._open_keys._keys.clear()


@pytest.fixture
def aino(db: None) -> UUID:
    return make_citizen()


@pytest.fixture
def cecilia(db: None) -> UUID:
    return make_citizen()


def refused(citizen_id: UUID, sealed: bytes, context: bytes = PLACE) -> VaultClosed:
    with citizen_scope(citizen_id), pytest.raises(VaultClosed) as closed:
        vault.open_sealed(sealed, citizen_id=citizen_id, context=context)
    assert SECRET.decode() not in f"{closed.value} {closed.value!r}" and str(citizen_id) not in str(closed.value)
    return closed.value


def sealed_for(citizen_id: UUID, context: bytes = PLACE) -> bytes:
    with citizen_scope(citizen_id):
        return vault.seal(SECRET, citizen_id=citizen_id, context=context)


def test_a_sealed_value_opens_in_its_place(aino: UUID) -> None:
    sealed = sealed_for(aino)
    assert SECRET not in sealed
    with citizen_scope(aino):
        assert vault.open_sealed(memoryview(sealed), citizen_id=aino, context=PLACE) == SECRET


def test_the_same_value_never_seals_alike(aino: UUID) -> None:
    assert len({sealed_for(aino) for _ in range(50)}) == 50


def test_a_value_moved_to_another_citizen_does_not_open(aino: UUID, cecilia: UUID) -> None:
    refused(cecilia, sealed_for(aino))


def test_not_even_under_the_same_data_key(aino: UUID, cecilia: UUID) -> None:
    """The citizen is bound in, and so is whose key it is: rows exchanged in the database open for nobody."""
    sealed = sealed_for(aino)
    with citizen_scope(aino):
        wrapped = DataKey.objects.get(pk=aino).wrapped
    with citizen_scope(cecilia):
        DataKey.objects.filter(pk=cecilia).update(wrapped=wrapped)
    vault._open_keys.forget(cecilia)
    with citizen_scope(cecilia), pytest.raises(keys.KeyUnavailable):
        vault.open_sealed(sealed, citizen_id=cecilia, context=PLACE)
    raw = keys.open_for_platform(wrapped, context=b"data-key:" + aino.bytes)
    with citizen_scope(cecilia):
        DataKey.objects.filter(pk=cecilia).update(wrapped=keys.seal_for_platform(raw, context=b"data-key:" + cecilia.bytes))
    refused(cecilia, sealed)


@pytest.mark.parametrize("place", [b"", b"fact:2:tax.income.wages", b"fact:1:tax.income.interest", PLACE + b"x", PLACE[:-1]])
def test_a_value_moved_to_another_place_does_not_open(aino: UUID, place: bytes) -> None:
    refused(aino, sealed_for(aino), place)


def test_a_value_of_another_key_version_does_not_open(aino: UUID) -> None:
    sealed = sealed_for(aino)
    with citizen_scope(aino):
        DataKey.objects.filter(pk=aino).update(version=2)
    vault._open_keys.forget(aino)
    refused(aino, sealed)
    forged = sealed[:1] + (2).to_bytes(2, "big") + sealed[3:]
    refused(aino, forged)  # relabelled, with the very same key
    newer = sealed_for(aino)
    with citizen_scope(aino):
        assert vault.open_sealed(newer, citizen_id=aino, context=PLACE) == SECRET


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_value_that_was_tampered_with_does_not_open(aino: UUID, data: st.DataObject) -> None:
    sealed = sealed_for(aino)
    index = data.draw(st.integers(0, len(sealed) - 1))
    bit = data.draw(st.integers(0, 7))
    refused(aino, sealed[:index] + bytes([sealed[index] ^ 1 << bit]) + sealed[index + 1 :])
    refused(aino, sealed[:index])
    refused(aino, sealed + b"\0")


def test_a_destroyed_key_takes_everything_along(aino: UUID, cecilia: UUID) -> None:
    sealed, hers = sealed_for(aino), sealed_for(cecilia)
    with citizen_scope(aino):
        vault.destroy_key(citizen_id=aino)
    assert "no key" in str(refused(aino, sealed))
    with citizen_scope(aino), pytest.raises(VaultClosed, match="no key"):
        vault.seal(SECRET, citizen_id=aino, context=PLACE)
    with citizen_scope(cecilia):
        assert vault.open_sealed(hers, citizen_id=cecilia, context=PLACE) == SECRET


def test_a_new_key_after_that_opens_nothing_old(aino: UUID) -> None:
    sealed = sealed_for(aino)
    with citizen_scope(aino):
        vault.destroy_key(citizen_id=aino)
        vault.create_key(citizen_id=aino)
    refused(aino, sealed)


def test_a_citizen_has_one_key(aino: UUID) -> None:
    with citizen_scope(aino), pytest.raises(IntegrityError), transaction.atomic():
        vault.create_key(citizen_id=aino)


def test_the_data_key_does_not_stand_in_the_database(aino: UUID) -> None:
    with citizen_scope(aino):
        row = DataKey.objects.get(pk=aino)
    raw = keys.open_for_platform(row.wrapped, context=b"data-key:" + aino.bytes)
    assert len(raw) == 32 and raw not in bytes(row.wrapped) and row.kek_id == keys.kek_id()


def test_a_key_is_out_of_a_stranger_s_reach(aino: UUID, cecilia: UUID) -> None:
    sealed = sealed_for(aino)
    vault._open_keys.forget(aino)
    with citizen_scope(cecilia):
        assert not DataKey.objects.filter(pk=aino).exists()
        with pytest.raises(VaultClosed, match="no key"):
            vault.open_sealed(sealed, citizen_id=aino, context=PLACE)
        vault.destroy_key(citizen_id=aino)
    with citizen_scope(aino):
        assert vault.open_sealed(sealed, citizen_id=aino, context=PLACE) == SECRET


# Keys in memory


def test_an_open_key_is_asked_for_once(aino: UUID, django_assert_num_queries: Any) -> None:
    sealed = sealed_for(aino)
    with citizen_scope(aino), django_assert_num_queries(0):
        for _ in range(3):
            vault.open_sealed(sealed, citizen_id=aino, context=PLACE)


def test_an_open_key_is_forgotten_in_time(aino: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = sealed_for(aino)
    now = vault.time.monotonic()
    monkeypatch.setattr(vault.time, "monotonic", lambda: now + vault.OPEN_SECONDS + 1)
    assert vault._open_keys.get(aino) is None and aino not in vault._open_keys._keys
    with citizen_scope(aino):
        assert vault.open_sealed(sealed, citizen_id=aino, context=PLACE) == SECRET


def test_only_so_many_keys_are_open_and_the_least_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "OPEN_KEYS", 3)
    kept = vault._OpenKeys()
    first, *others = (uuid4() for _ in range(4))
    for citizen_id in (first, *others[:2]):
        kept.put(citizen_id, b"\0\1", object(), b"")  # type: ignore[arg-type]
    assert kept.get(first)
    kept.put(others[2], b"\0\1", object(), b"")  # type: ignore[arg-type]
    assert kept.get(first) and kept.get(others[0]) is None and kept.get(others[2])


# What is sealed for the platform


def test_what_is_sealed_for_one_use_does_not_open_for_another() -> None:
    sealed = keys.seal_for_platform(SECRET, context=b"totp:1")
    assert keys.open_for_platform(sealed, context=b"totp:1") == SECRET
    for wrong, context in ((sealed, b"totp:2"), (sealed[:-1], b"totp:1"), (sealed[:5], b"totp:1"), (b"", b"totp:1")):
        with pytest.raises(keys.KeyUnavailable) as unavailable:
            keys.open_for_platform(wrong, context=context)
        assert not isinstance(unavailable.value.__cause__, InvalidTag) and SECRET.decode() not in str(unavailable.value)


def test_names_by_hmac_tell_people_and_agencies_apart_and_nothing_of_them() -> None:
    digests = {
        keys.subject_hmac(issuer=issuer, national_id=national_id)
        for issuer, national_id in (("https://a", "S1"), ("https://a", "S2"), ("https://b", "S1"), ("https://a\0S", "1"))
    }
    assert len(digests) == 4 and all(len(d) == 32 for d in digests)
    aino, cecilia = uuid4(), uuid4()
    names = {keys.pairwise(citizen_id=c, agency=a) for c in (aino, cecilia) for a in ("office", "rival")}
    assert len(names) == 4 and keys.pairwise(citizen_id=aino, agency="office") in names
    assert not any(aino.hex[:8] in name for name in names)


def test_no_key_or_value_shows_in_a_log_or_a_name(aino: UUID, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    refused(aino, sealed_for(aino), b"elsewhere")
    with citizen_scope(aino):
        row = DataKey.objects.get(pk=aino)
    raw = keys.open_for_platform(row.wrapped, context=b"data-key:" + aino.bytes)
    shown = caplog.text + repr(row) + str(row) + repr(vault._open_keys)
    assert SECRET.decode() not in shown and raw.hex() not in shown and repr(raw) not in shown
