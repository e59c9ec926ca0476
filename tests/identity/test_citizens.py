"""A citizen is found by what the e-ID says of them, and only so; what is kept of it nobody can read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from django.utils import timezone

from aurora.identity import citizens, keys
from aurora.identity.eid import Identified
from aurora.identity.models import Citizen, DataKey
from consent.scope import citizen_scope, lookup_scope
from tests.support.citizens import ISSUER, make_citizen

NUMBER = "T123456-X"


def sign_in(national_id: str = NUMBER, issuer: str = ISSUER, name: str = "Aino Aalto") -> UUID:
    return citizens.find_or_create(identified=Identified(issuer, national_id, name), language="sv", now=timezone.now()).pk


def rows(citizen_id: UUID) -> Citizen:
    with citizen_scope(citizen_id):
        return Citizen.objects.get(pk=citizen_id)


def test_the_same_person_is_found_again_and_another_is_another(db: None) -> None:
    aino = sign_in()
    assert sign_in(name="Aino Virtanen") == aino
    assert len({aino, sign_in("T123456-Y"), sign_in(issuer="https://other.test")}) == 3


def test_nothing_readable_is_kept(db: None) -> None:
    citizen = rows(sign_in())
    kept = b"".join(bytes(v) for v in (citizen.subject_hmac, citizen.national_id_sealed, citizen.name_sealed))
    assert NUMBER.encode() not in kept and b"Aino" not in kept
    assert NUMBER not in repr(citizen) + str(citizen) + repr(Identified(ISSUER, NUMBER, "Aino"))
    assert citizen.language == "sv" and "password" not in {f.name for f in Citizen._meta.fields}


def test_their_name_opens_for_them(db: None) -> None:
    aino = sign_in(name="Åino Ääkkönen 🌞")
    with citizen_scope(aino):
        assert citizens.name_of(Citizen.objects.get(pk=aino)) == "Åino Ääkkönen 🌞"


def test_the_digest_opens_one_row_to_read_and_none_to_write(db: None) -> None:
    aino, _ = sign_in(), make_citizen()
    digest = keys.subject_hmac(issuer=ISSUER, national_id=NUMBER)
    assert not Citizen.objects.exists(), "no scope, no rows"
    with lookup_scope(digest):
        assert [c.pk for c in Citizen.objects.all()] == [aino]
        assert Citizen.objects.update(language="fi") == 0 and not DataKey.objects.exists()
    with lookup_scope(os.urandom(32)):
        assert not Citizen.objects.exists()


def test_a_citizen_sees_no_other(db: None) -> None:
    aino, cecilia = make_citizen(), make_citizen()
    with citizen_scope(cecilia):
        assert [c.pk for c in Citizen.objects.all()] == [cecilia]
        assert Citizen.objects.filter(pk=aino).update(language="fi") == 0


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A national identifier for real transactions; its citizen is taken away afterwards."""
    number = f"T-{uuid4().hex}"
    with django_db_blocker.unblock():
        try:
            yield number
        finally:
            with lookup_scope(keys.subject_hmac(issuer=ISSUER, national_id=number)):
                found = [c.pk for c in Citizen.objects.all()]
            for citizen_id in found:
                with citizen_scope(citizen_id):
                    DataKey.objects.filter(pk=citizen_id).delete()
                    Citizen.objects.filter(pk=citizen_id).delete()
            connection.close()


def test_two_first_sign_ins_at_once_make_one_citizen(committed: str) -> None:
    together = threading.Barrier(4)
    made: list[Any] = []

    def first_time() -> None:
        together.wait(60)
        try:
            made.append(sign_in(committed))
        except Exception as error:
            made.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=first_time) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4 and len(set(made)) == 1 and isinstance(made[0], UUID), made
    with citizen_scope(made[0]):
        assert citizens.number_of(Citizen.objects.get(pk=made[0])) == committed, "the key that stayed opens what stayed"
