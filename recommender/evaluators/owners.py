"""The allow list: which agency may register evaluators, and with which key, or which authority's certificates. Two people approve it; one takes it away."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from recommender.errors import EvaluatorRefused
from recommender.evaluators import certificates
from recommender.evaluators.signature import Trust
from recommender.models import EvaluatorOwner, EvaluatorVersion

State = EvaluatorOwner.State
Version = EvaluatorVersion.State
LARGEST_PEM = 4096  # characters
_STANDING = (State.APPROVED, State.REPLACED)


def ask_owner(*, agency: str, public_key: str, by: UUID, now: datetime, reason: str = "") -> EvaluatorOwner:
    """Ask that this key may sign evaluators of this agency. Raises `EvaluatorRefused`: key_unreadable, key_taken, key_open."""
    pem, sha256 = canonical(public_key)
    return _ask(agency=agency, public_key=pem, key_sha256=sha256, asked_by=by, asked_at=now, reason=reason)


def ask_authority(*, agency: str, anchor: str, identity: str, by: UUID, now: datetime, reason: str = "") -> EvaluatorOwner:
    """Ask that whoever has a certificate of this anchor (PEM) and identity may sign evaluators of this agency.

    Raises `EvaluatorRefused`: anchor_unreadable, anchor_unfit, identity_unreadable, key_taken, key_open.
    """
    found, named = certificates.anchor(anchor, now), certificates.identity(identity)
    return _ask(
        agency=agency, public_key=found.key_pem, key_sha256=found.key_sha256, anchor=found.pem, identity=named,
        asked_by=by, asked_at=now, reason=reason,
    )  # fmt: skip


def trust(owner: EvaluatorOwner, at: datetime) -> Trust:
    """What this owner's signatures are held against. `at`: when a certificate must be valid."""
    return Trust(key=owner.public_key) if not owner.anchor else Trust(anchor=owner.anchor, identity=owner.identity, at=at)


def _ask(*, agency: str, key_sha256: str, identity: str = "", **columns: object) -> EvaluatorOwner:
    """A key is one agency's, and never comes back. An authority may serve many, each by an identity; what stands may be renewed with the same key."""
    with transaction.atomic():
        with connection.cursor() as cursor:  # of two who ask for the same at once the second is refused
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('evaluator keys', 0))")
        same = EvaluatorOwner.objects.filter(key_sha256=key_sha256).exclude(state=State.DECLINED)
        if identity:
            renewed = Q(agency=agency, identity=identity, state__in=_STANDING) & ~Q(anchor=columns["anchor"])
            same = same.filter(identity__in=("", identity)).exclude(renewed)
        if same.exists():
            raise EvaluatorRefused("key_taken")
        try:
            with transaction.atomic():
                return EvaluatorOwner.objects.create(agency=agency, key_sha256=key_sha256, identity=identity, **columns)
        except IntegrityError:
            raise EvaluatorRefused("key_open") from None


def approve_owner(*, owner_id: UUID, by: UUID, now: datetime) -> EvaluatorOwner:
    """The second person agrees; an older key of the agency is replaced: what it signed stays, nothing new is taken of it.

    Raises `EvaluatorRefused`: evaluator_unknown, wrong_state, same_person, key_taken (it was revoked meanwhile).
    """
    with transaction.atomic():
        found = _locked(owner_id)
        if found.asked_by == by:
            raise EvaluatorRefused("same_person")
        if EvaluatorOwner.objects.filter(key_sha256=found.key_sha256, identity=found.identity, state=State.REVOKED).exists():
            raise EvaluatorRefused("key_taken")  # in the very moment that a renewal was asked for
        EvaluatorOwner.objects.filter(agency=found.agency, state=State.APPROVED).update(
            state=State.REPLACED, closed_by=by, closed_at=now, closed_reason="replaced by a newer key"
        )
        _move(found, (State.ASKED,), state=State.APPROVED, decided_by=by, decided_at=now)
    return found


def decline_owner(*, owner_id: UUID, by: UUID, now: datetime, reason: str = "") -> EvaluatorOwner:
    """The key is not taken; who asked may take it back by this too. Raises `EvaluatorRefused`: evaluator_unknown, wrong_state."""
    with transaction.atomic():
        found = _locked(owner_id)
        _move(found, (State.ASKED,), state=State.DECLINED, decided_by=by, decided_at=now)
    return found


def revoke_owner(*, owner_id: UUID, by: UUID, reason: str, now: datetime) -> tuple[EvaluatorOwner, list[EvaluatorVersion]]:
    """The key signs nothing any more, and nothing that it signed is run: its released versions are retired, those that wait are declined.

    One person, at once. An authority goes with every certificate that it had for this identity. Returns the versions that were retired.
    Raises `EvaluatorRefused`: evaluator_unknown, wrong_state.
    """
    with transaction.atomic():
        same = _same(owner_id)  # all of them locked in one order: of two who revoke at once one waits
        found = _locked(owner_id)
        _move(found, _STANDING, state=State.REVOKED, closed_by=by, closed_at=now, closed_reason=reason)
        standing = EvaluatorOwner.objects.filter(pk__in=same, state__in=_STANDING)
        standing.update(state=State.REVOKED, closed_by=by, closed_at=now, closed_reason=reason)
        EvaluatorOwner.objects.filter(pk__in=same, state=State.ASKED).update(state=State.DECLINED, decided_by=by, decided_at=now)
        theirs = EvaluatorVersion.objects.select_for_update().filter(owner__in=same)
        retired = list(theirs.filter(state=Version.RELEASED).order_by("pk"))
        end = {"closed_by": by, "closed_at": now, "reason": reason}
        EvaluatorVersion.objects.filter(owner__in=same, state=Version.RELEASED).update(state=Version.RETIRED, **end)
        EvaluatorVersion.objects.filter(owner__in=same, state__in=(Version.REGISTERED, Version.ASKED)).update(state=Version.DECLINED, **end)
    for version in retired:
        version.refresh_from_db()
    return found, retired


def canonical(public_key: str) -> tuple[str, str]:
    """The key as PEM in one form, and the SHA-256 of its DER in hex. Raises `EvaluatorRefused` key_unreadable."""
    try:
        if len(public_key) > LARGEST_PEM:
            raise ValueError
        key = load_pem_public_key(public_key.encode("ascii"))
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError
    except (ValueError, UnsupportedAlgorithm):
        raise EvaluatorRefused("key_unreadable") from None
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), hashlib.sha256(der).hexdigest()


def _same(owner_id: UUID) -> list[UUID]:
    """The rows of the same key and identity, held until this transaction ends."""
    found = EvaluatorOwner.objects.filter(pk=owner_id).first()
    if found is None:
        raise EvaluatorRefused("evaluator_unknown")
    rows = EvaluatorOwner.objects.filter(key_sha256=found.key_sha256, identity=found.identity)
    return [row.pk for row in rows.select_for_update().order_by("pk")]


def _locked(owner_id: UUID) -> EvaluatorOwner:
    found = EvaluatorOwner.objects.select_for_update().filter(pk=owner_id).first()
    if found is None:
        raise EvaluatorRefused("evaluator_unknown")
    return found


def _move(found: EvaluatorOwner, before: tuple[str, ...], **changes: object) -> None:
    if EvaluatorOwner.objects.filter(pk=found.pk, state__in=before).update(**changes) != 1:
        raise EvaluatorRefused("wrong_state")
    found.refresh_from_db()
