"""Another organisation's models: the owner registers them itself; its keys and each release take two model stewards; one is enough to stop.

The tables are `recommender.evaluators.registry`'s, which knows neither agencies nor operators. Here is who may, whether the contract speaks of
what there is (`_contract_fit`), and what follows: an agency with an approved key is a model owner; with a retired model goes what was derived by it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from aurora.audit import trail
from aurora.identity.models import Operator
from aurora.journeys import _contract_fit, evaluate, officers
from consent import agencies
from consent.errors import AuroraError, InvalidInput, NotFound
from consent.models import Agency
from recommender.errors import EvaluatorRefused
from recommender.evaluators import certificates, registry
from recommender.evaluators.owners import canonical
from recommender.models import EvaluatorOwner, EvaluatorVersion

logger = logging.getLogger(__name__)
REASON_LIMIT = 300
# What clashes with what is registered already, or with the state that something is in.
_CONFLICTS = frozenset({"version_exists", "circular_inputs", "version_not_newer", "wrong_state", "key_taken", "key_open"})
_STATUS = {**dict.fromkeys(_CONFLICTS, 409), "same_person": 403, "evaluator_unknown": 404, "unavailable": 503}
# What the registry says to model stewards only; the rest an owner may hear over the API.
_ABOUT_KEYS = frozenset({"key_unreadable", "anchor_unreadable", "anchor_unfit", "identity_unreadable", "key_taken", "key_open"})
FOR_STEWARDS = _ABOUT_KEYS | {"same_person", "wrong_state", "evaluator_unknown", "artefact_damaged"}


class NotASteward(AuroraError):
    """Least privilege: models are the model stewards' business."""

    code = "not_a_steward"
    sentence = "This is for model stewards."
    status = 403


class NotAModelOwner(AuroraError):
    code = "not_a_model_owner"
    sentence = "This agency is not registered as a model owner."
    status = 403


class NoOwnerKey(AuroraError):
    code = "no_owner_key"
    sentence = "No key for signing models is approved for this agency."
    status = 409


class EvaluatorNotTaken(AuroraError):
    """The registry's refusal: its code, its sentence (names only, no value). 422 but for what clashes with what is there."""

    status = 422

    def __init__(self, refused: EvaluatorRefused) -> None:
        super().__init__(refused.sentence, code=refused.code)
        self.status = _STATUS.get(refused.code, 422)
        self.retryable = refused.retryable


@dataclass(frozen=True)
class Registered:
    """`new`: false for a package that this owner had registered before, byte for byte."""

    version: EvaluatorVersion
    new: bool


def register(*, agency_code: str, package: bytes, signature: bytes, now: datetime) -> Registered:
    """A model comes in, locked from now on and not yet released. Takes seconds: its owner's test vectors are run.

    Raises `NotAModelOwner`, `NoOwnerKey`, `ContractUnfit`, `EvaluatorNotTaken`.
    """
    if Agency.Role.MODEL_OWNER not in agencies.active(agency_code).roles:
        raise NotAModelOwner()
    if known := _same(agency_code, package):
        return Registered(known, new=False)
    try:
        with _refusals():
            made = registry.register(owner=agency_code, package=package, signature=signature, now=now, check=_contract_fit.check)
    except EvaluatorNotTaken as error:
        # The same package sent twice at once: the second one finds the first one's row.
        if error.status == 409 and (known := _same(agency_code, package)):
            return Registered(known, new=False)
        raise
    logger.info("Model %s was registered by its owner (%s).", made.name, made.pk)
    return Registered(made, new=True)


def ask_key(*, operator: Operator, agency_code: str, public_key: str, reason: str, now: datetime, identity: str = "") -> EvaluatorOwner:
    """Ask that what this key signs be taken as the agency's. `public_key`: PEM. Or the certificate of an authority, PEM too: then what is signed
    by whoever has its certificate of this `identity`. Raises `NotFound`, `InvalidInput`, `EvaluatorNotTaken`.
    """
    with transaction.atomic(), _refusals():
        _check(operator)
        agency = agencies.active(agency_code)
        asked_for: dict[str, Any] = {"reason": _reasoned(reason), "by": operator.pk, "now": now}
        if certificates.is_one(public_key):
            asked = registry.ask_authority(agency=agency.code, anchor=public_key, identity=identity, **asked_for)
        elif identity.strip():
            raise InvalidInput({"identity": "A key has no identity."})
        else:
            asked = registry.ask_owner(agency=agency.code, public_key=public_key, **asked_for)
        return _said_of_key(operator, asked)


def approve_key(*, operator: Operator, key_id: UUID, now: datetime) -> EvaluatorOwner:
    """The second person agrees; the agency is a model owner from now on, and its former key, if it had one, signs nothing new."""
    with transaction.atomic(), _refusals():
        _check(operator, EvaluatorOwner.objects.filter(pk=key_id, state=EvaluatorOwner.State.ASKED))
        approved = registry.approve_owner(owner_id=_key(key_id).pk, by=operator.pk, now=now)
        agencies.give_role(code=approved.agency, role=Agency.Role.MODEL_OWNER)
        return _said_of_key(operator, approved)


def decline_key(*, operator: Operator, key_id: UUID, now: datetime) -> EvaluatorOwner:
    """Nothing comes of it; who asked takes it back by this."""
    with transaction.atomic(), _refusals():
        _check(operator)
        return _said_of_key(operator, registry.decline_owner(owner_id=_key(key_id).pk, by=operator.pk, now=now))


def revoke_key(*, operator: Operator, key_id: UUID, reason: str, now: datetime) -> EvaluatorOwner:
    """One person, at once: nothing that it signed is run any more, and what came of it goes."""
    with transaction.atomic(), _refusals():
        _check(operator)
        said = _reasoned(reason)
        revoked, stopped = registry.revoke_owner(owner_id=_key(key_id).pk, by=operator.pk, reason=said, now=now)
        _said_of_key(operator, revoked)
    if stopped:
        evaluate.forget_soon()
    return revoked


def key_stands(*, agency_code: str, public_key: str) -> bool:
    """Whether this key is approved for the agency. Raises `EvaluatorNotTaken` for what is no key."""
    with _refusals():
        _, digest = canonical(public_key)
    return EvaluatorOwner.objects.filter(agency=agency_code, key_sha256=digest, anchor="", state=EvaluatorOwner.State.APPROVED).exists()


def ask_release(*, operator: Operator, version_id: UUID, now: datetime) -> EvaluatorVersion:
    """One person has looked at it and asks that citizens may use it."""
    with transaction.atomic(), _refusals():
        _check(operator)
        return _said(operator, registry.ask_release(version_id=_version(version_id).pk, by=operator.pk, now=now))


def release(*, operator: Operator, version_id: UUID, now: datetime) -> EvaluatorVersion:
    """The second person agrees: citizens may use it. The contract is judged again: the vocabulary may have changed since it came in."""
    with transaction.atomic(), _refusals():
        _check(operator, EvaluatorVersion.objects.filter(pk=version_id, state=EvaluatorVersion.State.ASKED))
        found = _version(version_id)
        _contract_fit.check(found.contract)
        done = registry.release(version_id=found.pk, by=operator.pk, now=now)
        _said(operator, done.version)
    if done.replaced:
        evaluate.forget_soon()
    return done.version


def decline(*, operator: Operator, version_id: UUID, reason: str, now: datetime) -> EvaluatorVersion:
    """It is not for citizens. One person; the owner makes a new version."""
    with transaction.atomic(), _refusals():
        _check(operator)
        said = _reasoned(reason)
        return _said(operator, registry.decline(version_id=_version(version_id).pk, by=operator.pk, reason=said, now=now))


def retire(*, operator: Operator, version_id: UUID, reason: str, now: datetime) -> EvaluatorVersion:
    """One person, at once: it is run no more, and what was derived by it goes."""
    with transaction.atomic(), _refusals():
        _check(operator)
        said = _reasoned(reason)
        retired = _said(operator, registry.retire(version_id=_version(version_id).pk, by=operator.pk, reason=said, now=now))
    evaluate.forget_soon()
    return retired


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except EvaluatorRefused as error:
        raise NoOwnerKey() if error.code == "owner_unknown" else EvaluatorNotTaken(error) from None


def _same(agency_code: str, package: bytes) -> EvaluatorVersion | None:
    digest = hashlib.sha256(package).hexdigest()
    return EvaluatorVersion.objects.filter(agency=agency_code, package_sha256=digest).first()


def _key(key_id: UUID) -> EvaluatorOwner:
    found = EvaluatorOwner.objects.filter(pk=key_id).first()
    if found is None:
        raise NotFound()
    return found


def _version(version_id: UUID) -> EvaluatorVersion:
    found = EvaluatorVersion.objects.filter(pk=version_id).first()
    if found is None:
        raise NotFound()
    return found


def _check(operator: Operator, asked: QuerySet[Any] | None = None) -> None:
    """At this moment, whatever the request has loaded. `asked`: what waits for a second person, whose first one is a steward still, else `AskerGone`."""
    asked_by = asked.values_list("asked_by", flat=True).first() if asked is not None else None
    officers.check(operator.pk, asked_by=asked_by, role=Operator.Role.MODEL_STEWARD, refusal=NotASteward)


def _reasoned(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        raise InvalidInput({"reason": f"Say why, in at most {REASON_LIMIT} characters."})
    return reason.strip()


def _said(operator: Operator, done: EvaluatorVersion) -> EvaluatorVersion:
    """Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"evaluator:{done.state}", about=[done.agency, done.pk])
    logger.info("Model %s is %s (operator %s, %s).", done.name, done.state, operator.username, done.pk)
    return done


def _said_of_key(operator: Operator, done: EvaluatorOwner) -> EvaluatorOwner:
    """Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"model_key:{done.state}", about=[done.agency, done.pk])
    logger.info("The model key %s of %s is %s (operator %s).", done.pk, done.agency, done.state, operator.username)
    return done
