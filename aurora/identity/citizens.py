"""Finding and creating citizens. The national identifier is sealed; only its HMAC can be looked up."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from aurora.identity import keys, vault
from aurora.identity.eid import Identified
from aurora.identity.models import Citizen, IdentityProvider
from consent.scope import citizen_scope, lookup_scope

# The name of somebody who has left, where others' history says that there was somebody.
GONE = "—"


def find_or_create(*, identified: Identified, language: str, now: datetime) -> Citizen:
    """The citizen whom the e-ID named; made at their first sign-in, with a key of their own. Two first sign-ins at once make one."""
    digest = keys.subject_hmac(issuer=identified.issuer, national_id=identified.national_id)
    citizen = _find(digest)
    if citizen is not None:
        return citizen
    try:
        return _create(digest, identified, language, now)
    except IntegrityError:
        citizen = _find(digest)
        if citizen is None:
            raise
        return citizen


def find(*, national_id: str) -> UUID | None:
    """The citizen with this identifier at the national e-ID, if they are known here: for what a register tells of them, never for a person's asking."""
    citizen = _find(digest_of(national_id))
    return citizen.pk if citizen is not None else None


def _find(digest: bytes) -> Citizen | None:
    with lookup_scope(digest):
        return Citizen.objects.filter(subject_hmac=digest).first()


def _create(digest: bytes, identified: Identified, language: str, now: datetime) -> Citizen:
    citizen_id = uuid.uuid4()
    with transaction.atomic(), citizen_scope(citizen_id):
        citizen = Citizen.objects.create(
            id=citizen_id, subject_hmac=digest, national_id_sealed=b"", name_sealed=b"", language=language, created_at=now
        )
        vault.create_key(citizen_id=citizen_id)
        citizen.national_id_sealed = vault.seal(identified.national_id.encode(), citizen_id=citizen_id, context=b"national-id")
        citizen.name_sealed = vault.seal(identified.name.encode(), citizen_id=citizen_id, context=b"name")
        citizen.save(update_fields=["national_id_sealed", "name_sealed"])
    return citizen


def name_of(citizen: Citizen) -> str:
    """The citizen's name, for their own pages. In their `citizen_scope`."""
    if not citizen.name_sealed:
        return GONE
    return vault.open_sealed(citizen.name_sealed, citizen_id=citizen.pk, context=b"name").decode()


def number_of(citizen: Citizen) -> str:
    """The national identifier, for a source that answers about the citizen by it. In their `citizen_scope`."""
    return opened_number(citizen.national_id_sealed, citizen_id=citizen.pk).decode()


def end_sessions(*, citizen_id: UUID) -> Citizen:
    """All of a citizen's sessions are over; whoever goes on takes the citizen as they are now (`update_session_auth_hash`)."""
    with citizen_scope(citizen_id):
        Citizen.objects.filter(pk=citizen_id).update(session_epoch=F("session_epoch") + 1)
        return Citizen.objects.get(pk=citizen_id)


def opened_number(sealed: bytes | memoryview, *, citizen_id: UUID) -> bytes:
    """The same of the column alone. Compare it with what a source says in constant time."""
    return vault.open_sealed(sealed, citizen_id=citizen_id, context=b"national-id")


def digest_of(national_id: str) -> bytes:
    """What finds the citizen with this identifier at the national e-ID, known here or not. Raises `IdentityProvider.DoesNotExist`."""
    return keys.subject_hmac(issuer=national_issuer(), national_id=national_id)


def national_issuer() -> str:
    """The e-ID that people sign in by."""
    return IdentityProvider.objects.values_list("issuer", flat=True).get(active=True)


def own_digest(*, citizen_id: UUID) -> bytes:
    """The digest of a citizen's own identifier. In their `citizen_scope`."""
    return bytes(Citizen.objects.values_list("subject_hmac", flat=True).get(pk=citizen_id))


def offered_to(*, since: datetime, most_each: int, most: int) -> list[UUID]:
    """The citizens for whom an offer waits that can be brought to them: not the dead, nor who was brought `most_each` after `since`.

    Over all citizens, by a function that gives ids only.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT citizen_id FROM identity_offered_to(%s, %s, %s)", [since, most_each, most])
        return [citizen for (citizen,) in cursor.fetchall()]
