"""Evaluators' versions: registered once and locked, released by two people, retired by one.

Who may do this, and whether the contract's facts are in the vocabulary, is the caller's to know; the keys' allow list is `owners`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from recommender.errors import EvaluatorRefused
from recommender.evaluators import artefacts, chain, examine, vectors
from recommender.evaluators import contract as contracts
from recommender.evaluators import package as packages
from recommender.evaluators.contract import Contract
from recommender.evaluators.owners import approve_owner, ask_authority, ask_owner, decline_owner, revoke_owner, trust
from recommender.models import EvaluatorOwner, EvaluatorVersion

__all__ = [
    "Released",
    "approve_owner",
    "ask_authority",
    "ask_owner",
    "ask_release",
    "decline",
    "decline_owner",
    "get",
    "register",
    "release",
    "released",
    "retire",
    "revoke_owner",
]

State = EvaluatorVersion.State


@dataclass(frozen=True, slots=True)
class Released:
    """`replaced`: the version that was released until now, and is retired."""

    version: EvaluatorVersion
    replaced: EvaluatorVersion | None


def register(
    *, owner: str, package: bytes, signature: bytes, now: datetime, check: Callable[[Contract], None] = lambda contract: None
) -> EvaluatorVersion:
    """Take a version, if all of it holds; it waits for its release. `owner`: agency code. Seconds, outside a transaction: models are run.

    1. The zip is read within limits. 2. Its signature is verified with the owner's approved key, or authority. 3. The contract is read and `check`ed by the
    caller, who refuses by raising. 4. The version is newer than all before it. 5. The models are looked at, and the vectors run twice.
    6. Files and row are kept. Raises `EvaluatorRefused` with a code of its own for each.
    """
    key = EvaluatorOwner.objects.filter(agency=owner, state=EvaluatorOwner.State.APPROVED).first()
    if key is None:
        raise EvaluatorRefused("owner_unknown")
    found = packages.read(package)
    contents, files = found.contents, found.files
    examine.verify(contents, files, signature, trust(key, now))
    contract, document = contracts.parse(found.contract)
    if contract.owner != owner:
        raise EvaluatorRefused("owner_differs")
    if set(contract.models) != set(found.models):
        raise EvaluatorRefused("package_layout", "The models in the package are not those that the contract names.")
    check(contract)
    _is_newer(contract)
    with transaction.atomic():
        _rests_not_on_itself(contract)
    wanted = vectors.parse(found.vectors, contract)
    examine.models(contract, contents)
    difference = examine.vectors(contract, wanted, contents, files)
    for content in contents.values():
        artefacts.keep(content)
    with transaction.atomic():
        _one_at_a_time(contract.owner, contract.identifier)
        _is_newer(contract)
        _rests_not_on_itself(contract)
        if not EvaluatorOwner.objects.select_for_update().filter(pk=key.pk, state=EvaluatorOwner.State.APPROVED).exists():
            raise EvaluatorRefused("owner_unknown")
        return EvaluatorVersion.objects.create(
            owner=key,
            agency=owner,
            identifier=contract.identifier,
            version=contract.version,
            purpose=contract.purpose,
            contract_json=document,
            package_sha256=found.sha256,
            files=files,
            signature=signature,
            vectors_run=len(wanted.rows),
            vectors_difference=difference,
            registered_at=now,
        )


def ask_release(*, version_id: UUID, by: UUID, now: datetime) -> EvaluatorVersion:
    """Raises `EvaluatorRefused`: evaluator_unknown, wrong_state."""
    with transaction.atomic():
        found = _locked(version_id)
        _move(found, (State.REGISTERED,), state=State.ASKED, asked_by=by, asked_at=now)
    return found


def release(*, version_id: UUID, by: UUID, now: datetime) -> Released:
    """The second person agrees: from now on it is run, and the version before it is not.

    Signature and files are verified anew, from the storage. Raises `EvaluatorRefused`: evaluator_unknown, wrong_state, same_person,
    version_not_newer, circular_inputs, owner_unknown (its key was revoked), artefact_damaged, signature_invalid, unavailable.
    """
    asked = get(version_id)
    _still_holds(asked)
    with transaction.atomic():
        _one_at_a_time(asked.agency, asked.identifier)  # before the keys: two versions may be signed with different ones
        # Key before version, as where a key is revoked: two who hold each other up would both fail.
        key = EvaluatorOwner.objects.select_for_update().get(pk=asked.owner_id)
        found = _locked(version_id)
        if found.state != State.ASKED:
            raise EvaluatorRefused("wrong_state")
        if found.asked_by == by:
            raise EvaluatorRefused("same_person")
        if key.state == EvaluatorOwner.State.REVOKED:
            raise EvaluatorRefused("owner_unknown")
        others = EvaluatorVersion.objects.filter(agency=found.agency, identifier=found.identifier)
        if others.filter(version__gt=found.version, state__in=(State.RELEASED, State.RETIRED)).exists():
            raise EvaluatorRefused("version_not_newer")
        _rests_not_on_itself(found.contract)
        replaced = others.filter(state=State.RELEASED).first()
        if replaced:
            reason = f"replaced by version {found.version}"
            _move(replaced, (State.RELEASED,), state=State.RETIRED, closed_by=by, closed_at=now, reason=reason)
        _move(found, (State.ASKED,), state=State.RELEASED, released_by=by, released_at=now)
    return Released(found, replaced)


def decline(*, version_id: UUID, by: UUID, reason: str, now: datetime) -> EvaluatorVersion:
    """It is not released, for good: the owner registers a newer version. Raises `EvaluatorRefused`: evaluator_unknown, wrong_state."""
    with transaction.atomic():
        found = _locked(version_id)
        _move(found, (State.REGISTERED, State.ASKED), state=State.DECLINED, closed_by=by, closed_at=now, reason=reason)
    return found


def retire(*, version_id: UUID, by: UUID, reason: str, now: datetime) -> EvaluatorVersion:
    """It is not run any more, for good. One person, at once. Raises `EvaluatorRefused`: evaluator_unknown, wrong_state."""
    with transaction.atomic():
        found = _locked(version_id)
        _move(found, (State.RELEASED,), state=State.RETIRED, closed_by=by, closed_at=now, reason=reason)
    return found


def released() -> list[EvaluatorVersion]:
    """What may be run, by agency and identifier."""
    return list(EvaluatorVersion.objects.filter(state=State.RELEASED).order_by("agency", "identifier"))


def get(version_id: UUID) -> EvaluatorVersion:
    """A version in whatever state. Raises `EvaluatorRefused` evaluator_unknown."""
    found = EvaluatorVersion.objects.select_related("owner").filter(pk=version_id).first()
    if found is None:
        raise EvaluatorRefused("evaluator_unknown")
    return found


def _is_newer(contract: Contract) -> None:
    before = EvaluatorVersion.objects.filter(agency=contract.owner, identifier=contract.identifier)
    newest = max(before.values_list("version", flat=True), default=0)
    if before.filter(version=contract.version).exists():
        raise EvaluatorRefused("version_exists")
    if newest > contract.version:
        raise EvaluatorRefused("version_not_newer")


def _rests_not_on_itself(contract: Contract) -> None:
    """Before anything costly, and again in the transaction that takes or releases it: of two that would close a circle the second is refused."""
    if not contract.result:
        return
    _wait_for("evaluator chains")
    others = EvaluatorVersion.objects.filter(state__in=(State.REGISTERED, State.ASKED, State.RELEASED))
    if way := chain.circle(contract, (other.contract for other in others)):
        raise EvaluatorRefused("circular_inputs", f"The result would come to rest on itself: {' > '.join(way)}.")


def _one_at_a_time(agency: str, identifier: str) -> None:
    """Registrations and releases of one evaluator wait for each other: else two versions could be the newest, or the released one."""
    _wait_for(f"evaluator {agency}/{identifier}")


def _wait_for(name: str) -> None:
    """For whoever holds the lock of this name, until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def _still_holds(version: EvaluatorVersion) -> None:
    contents = {name: artefacts.load(sha256) for name, sha256 in version.files.items()}
    # A certificate that has expired since is no less its owner's: what counts is the day that the package came in.
    examine.verify(contents, version.files, bytes(version.signature), trust(version.owner, version.registered_at))


def _locked(version_id: UUID) -> EvaluatorVersion:
    found = EvaluatorVersion.objects.select_for_update().filter(pk=version_id).first()
    if found is None:
        raise EvaluatorRefused("evaluator_unknown")
    return found


def _move(found: EvaluatorVersion, before: tuple[str, ...], **changes: object) -> None:
    if EvaluatorVersion.objects.filter(pk=found.pk, state__in=before).update(**changes) != 1:
        raise EvaluatorRefused("wrong_state")
    found.refresh_from_db()
