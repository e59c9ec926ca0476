"""The allow list: which agency may register evaluators, and with which key. Two people approve a key; one takes it away."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import IntegrityError, transaction

from recommender.errors import EvaluatorRefused
from recommender.models import EvaluatorOwner, EvaluatorVersion

State = EvaluatorOwner.State
Version = EvaluatorVersion.State
LARGEST_PEM = 4096  # characters


def ask_owner(*, agency: str, public_key: str, by: UUID, now: datetime, reason: str = "") -> EvaluatorOwner:
    """Ask that this key may sign evaluators of this agency. Raises `EvaluatorRefused`: key_unreadable, key_taken, key_open."""
    pem, sha256 = canonical(public_key)
    if EvaluatorOwner.objects.filter(key_sha256=sha256).exclude(state=State.DECLINED).exists():
        raise EvaluatorRefused("key_taken")
    try:
        with transaction.atomic():
            return EvaluatorOwner.objects.create(agency=agency, public_key=pem, key_sha256=sha256, asked_by=by, asked_at=now, reason=reason)
    except IntegrityError:
        raise EvaluatorRefused("key_open") from None


def approve_owner(*, owner_id: UUID, by: UUID, now: datetime) -> EvaluatorOwner:
    """The second person agrees; an older key of the agency is replaced: what it signed stays, nothing new is taken of it.

    Raises `EvaluatorRefused`: evaluator_unknown, wrong_state, same_person.
    """
    with transaction.atomic():
        found = _locked(owner_id)
        if found.asked_by == by:
            raise EvaluatorRefused("same_person")
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

    One person, at once. Returns the versions that were retired. Raises `EvaluatorRefused`: evaluator_unknown, wrong_state.
    """
    with transaction.atomic():
        found = _locked(owner_id)
        _move(found, (State.APPROVED, State.REPLACED), state=State.REVOKED, closed_by=by, closed_at=now, closed_reason=reason)
        theirs = EvaluatorVersion.objects.select_for_update().filter(owner=found)
        retired = list(theirs.filter(state=Version.RELEASED).order_by("pk"))
        end = {"closed_by": by, "closed_at": now, "reason": reason}
        EvaluatorVersion.objects.filter(owner=found, state=Version.RELEASED).update(state=Version.RETIRED, **end)
        EvaluatorVersion.objects.filter(owner=found, state__in=(Version.REGISTERED, Version.ASKED)).update(state=Version.DECLINED, **end)
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


def _locked(owner_id: UUID) -> EvaluatorOwner:
    found = EvaluatorOwner.objects.select_for_update().filter(pk=owner_id).first()
    if found is None:
        raise EvaluatorRefused("evaluator_unknown")
    return found


def _move(found: EvaluatorOwner, before: tuple[str, ...], **changes: object) -> None:
    if EvaluatorOwner.objects.filter(pk=found.pk, state__in=before).update(**changes) != 1:
        raise EvaluatorRefused("wrong_state")
    found.refresh_from_db()
