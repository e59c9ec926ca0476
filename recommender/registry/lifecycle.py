"""A model's way: trained, evaluated, shadow, challenger, champion, retired. Each step a compare-and-set, each promotion two people's.

Who may do this is the caller's to know; operators are ids here. What is written down here is also held by the database (migration 0004).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from recommender.errors import ArtefactAway, ArtefactError, ModelRefused
from recommender.registry import serving
from recommender.registry.artefact import Artefact, current
from recommender.registry.gates import Gate, passed
from recommender.registry.tables import DatasetVersion, ModelEvaluation, ModelMove, ModelVersion

State, Kind = ModelVersion.State, ModelMove.Kind
Asked = ModelMove.State
LARGEST_SHARE = 0.5
NEXT = {State.EVALUATED: State.SHADOW, State.SHADOW: State.CHALLENGER, State.CHALLENGER: State.CHAMPION}
RETIRABLE = (State.TRAINED, State.EVALUATED, State.SHADOW, State.CHALLENGER, State.CHAMPION)


@dataclass(frozen=True, slots=True)
class Registered:
    """`new`: false where the same bytes had been registered before."""

    model: ModelVersion
    new: bool


def claims(found: Artefact, *, dataset: DatasetVersion, code_commit: str) -> dict[str, Any]:
    """What the platform's key signs: the model, what it learnt from, by which code, and all that is said of it."""
    return {
        "model": found.sha256,
        "dataset": dataset.sha256,
        "code": code_commit,
        "metadata": serving.metadata_of(found.metadata),
    }


def register(
    *,
    found: Artefact,
    dataset: DatasetVersion,
    code_commit: str,
    card: str,
    sign: Callable[[Mapping[str, Any]], str],
    by: UUID | None,
    now: datetime,
) -> Registered:
    """Keep a trained model, signed. Raises `ModelRefused` dataset_not_ready, `ArtefactError`, `ArtefactAway`."""
    if dataset.state != DatasetVersion.State.READY:
        raise ModelRefused("dataset_not_ready")
    files = serving.keep(found)
    found.ranker()  # one that cannot be used is not registered
    row = {
        "files": files,
        "metadata": dict(found.metadata),
        "metadata_sha256": serving.metadata_of(found.metadata),
        "dataset": dataset,
        "code_commit": code_commit,
        "card": card,
        "signature": sign(claims(found, dataset=dataset, code_commit=code_commit)),
        "trained_by": by,
        "trained_at": now,
    }
    model, new = ModelVersion.objects.get_or_create(sha256=found.sha256, defaults=row)
    return Registered(model, new)


def register_shipped(*, found: Artefact, card: str, now: datetime) -> ModelVersion:
    """Keep the model that came with the code, so that what it suggested can be made again when the code brings another."""
    row = {
        "files": serving.keep(found),
        "metadata": dict(found.metadata),
        "metadata_sha256": serving.metadata_of(found.metadata),
        "card": card,
        "state": State.SHIPPED,
        "trained_at": now,
    }
    return ModelVersion.objects.get_or_create(sha256=found.sha256, defaults=row)[0]


def champion_version() -> str:
    """The hash of the model that suggests, by the tables alone; the shipped one where none is champion."""
    return ModelVersion.objects.filter(state=State.CHAMPION).values_list("sha256", flat=True).first() or current().version


def evaluated(*, model_id: UUID, champion: str, gates: tuple[Gate, ...], by: UUID | None, now: datetime) -> ModelEvaluation:
    """Keep what the gates said. A model may be evaluated again: against a newer champion it must be. Raises `ModelRefused`."""
    with transaction.atomic():
        model = _locked(model_id)
        if model.state not in (State.TRAINED, *NEXT):
            raise ModelRefused("wrong_state")
        made = ModelEvaluation.objects.create(
            model=model, champion_sha256=champion, gates=[g.plain() for g in gates], passed=passed(gates), by=by, at=now
        )
        ModelVersion.objects.filter(pk=model.pk, state=State.TRAINED).update(state=State.EVALUATED)
    return made


def ask(*, model_id: UUID, by: UUID, now: datetime, share: float = 0.0, change_share: bool = False) -> ModelMove:
    """One person asks for the next step; `share` for a challenger, from above 0 to 0.5; `change_share`: it stays challenger, with another one.

    Raises `ModelRefused`: model_unknown, wrong_state, gates_failed, not_evaluated, share_wrong, already_asked.
    """
    with transaction.atomic():
        model = _locked(model_id)
        after = State.CHALLENGER if change_share and model.state == State.CHALLENGER else NEXT.get(State(model.state))
        if after is None:
            raise ModelRefused("wrong_state")
        _past_the_gates(model)
        wanted = share if after == State.CHALLENGER else 0.0
        if after == State.CHALLENGER and not 0 < share <= LARGEST_SHARE:
            raise ModelRefused("share_wrong")
        try:
            with transaction.atomic():
                return ModelMove.objects.create(model=model, before=model.state, after=after, share=wanted, asked_by=by, asked_at=now)
        except IntegrityError:
            raise ModelRefused("already_asked") from None


def agree(*, move_id: UUID, by: UUID, now: datetime, verify: Callable[[ModelVersion], None]) -> ModelMove:
    """The second person agrees, and the step is made; a new champion retires the old one. `verify` raises for a signature that is not ours.

    The files are read and verified anew, from the storage. Raises `ModelRefused`: move_unknown, same_person, wrong_state, gates_failed,
    not_evaluated (against this champion), place_taken, artefact_damaged, unavailable.
    """
    asked = _move(move_id)
    _still_whole(asked.model)
    verify(asked.model)
    with _one_at_a_time():
        model, move = _locked(asked.model_id), ModelMove.objects.select_for_update().get(pk=move_id)
        if move.asked_by == by:
            raise ModelRefused("same_person")
        if move.state != Asked.ASKED or model.state != move.before:
            raise ModelRefused("wrong_state")
        _past_the_gates(model)
        over = None
        if move.after == State.CHAMPION:
            over = ModelVersion.objects.select_for_update().filter(state=State.CHAMPION).first()
            if over is not None:
                _end(over, kind=Kind.RETIREMENT, by=by, now=now, reason="replaced by a newer champion")
        elif move.after != move.before and ModelVersion.objects.filter(state=move.after).exists():
            raise ModelRefused("place_taken")
        decided = {"state": Asked.AGREED, "decided_by": by, "decided_at": now, "over": over}
        if ModelMove.objects.filter(pk=move_id, state=Asked.ASKED).update(**decided) != 1:
            raise ModelRefused("wrong_state")
        _step(model, move)
    move.refresh_from_db()
    return move


def decline(*, move_id: UUID, by: UUID, reason: str, now: datetime) -> ModelMove:
    """Nothing comes of it; who asked takes it back by this too. Raises `ModelRefused`: move_unknown, wrong_state."""
    declined = {"state": Asked.DECLINED, "decided_by": by, "decided_at": now, "reason": reason}
    move = _move(move_id)
    if ModelMove.objects.filter(pk=move_id, state=Asked.ASKED).update(**declined) != 1:
        raise ModelRefused("wrong_state")
    move.refresh_from_db()
    return move


def retire(*, model_id: UUID, by: UUID, reason: str, now: datetime) -> ModelVersion:
    """One person, at once: it suggests and scores nothing any more. Where it was champion, the shipped model is. Raises `ModelRefused`."""
    with _one_at_a_time():
        model = _locked(model_id)
        if model.state not in RETIRABLE:
            raise ModelRefused("wrong_state")
        _end(model, kind=Kind.RETIREMENT, by=by, now=now, reason=reason)
    model.refresh_from_db()
    return model


def rollback(*, by: UUID, reason: str, now: datetime) -> str:
    """One person, at once: the champion goes, and the one that it had replaced is champion again; its hash.

    The shipped model, where it had replaced that one. Raises `ModelRefused`: no_champion, artefact_damaged, unavailable; then `retire` is the way.
    """
    with _one_at_a_time():
        model = ModelVersion.objects.select_for_update().filter(state=State.CHAMPION).first()
        if model is None:
            raise ModelRefused("no_champion")
        promoted = ModelMove.objects.filter(model=model, kind=Kind.PROMOTION, after=State.CHAMPION, state=Asked.AGREED).latest("decided_at")
        former = _former(promoted)
        if former is not None:
            _still_whole(former)
        _end(model, kind=Kind.ROLLBACK, by=by, now=now, reason=reason)
        if former is None:
            return current().version
        _step(former, _made(former, kind=Kind.ROLLBACK, after=State.CHAMPION, by=by, now=now, reason=reason))
        return former.sha256


def _former(promoted: ModelMove) -> ModelVersion | None:
    return None if promoted.over_id is None else ModelVersion.objects.select_for_update().get(pk=promoted.over_id, state=State.RETIRED)


def _end(model: ModelVersion, *, kind: ModelMove.Kind, by: UUID, now: datetime, reason: str) -> None:
    waiting = ModelMove.objects.filter(model=model, state=Asked.ASKED)
    waiting.update(state=Asked.DECLINED, decided_by=by, decided_at=now, reason=reason)
    _step(model, _made(model, kind=kind, after=State.RETIRED, by=by, now=now, reason=reason))


def _made(model: ModelVersion, *, kind: ModelMove.Kind, after: ModelVersion.State, by: UUID, now: datetime, reason: str) -> ModelMove:
    decided = {"asked_by": by, "asked_at": now, "decided_by": by, "decided_at": now, "state": Asked.AGREED}
    return ModelMove.objects.create(model=model, kind=kind, before=model.state, after=after, reason=reason, **decided)


def _step(model: ModelVersion, move: ModelMove) -> None:
    standing = ModelVersion.objects.filter(pk=model.pk, state=move.before)
    if standing.update(state=move.after, share=move.share, move=move) != 1:
        raise ModelRefused("wrong_state")


def _past_the_gates(model: ModelVersion) -> None:
    last = model.evaluations.order_by("-pk").first()
    if last is None or last.champion_sha256 != champion_version():
        raise ModelRefused("not_evaluated")
    if not last.passed:
        raise ModelRefused("gates_failed")


def _still_whole(model: ModelVersion) -> None:
    try:
        serving.artefact(model.sha256).ranker()
    except ArtefactAway:
        raise ModelRefused("unavailable") from None
    except ArtefactError:
        raise ModelRefused("artefact_damaged") from None


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """A transaction in which who moves a model waits for who moves another: else two could take one place, or a roll-back miss a champion."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('models that suggest', 0))")
        yield


def _locked(model_id: UUID) -> ModelVersion:
    found = ModelVersion.objects.select_for_update(of=("self",)).filter(pk=model_id).first()
    if found is None:
        raise ModelRefused("model_unknown")
    return found


def _move(move_id: UUID) -> ModelMove:
    found = ModelMove.objects.select_related("model").filter(pk=move_id).first()
    if found is None:
        raise ModelRefused("move_unknown")
    return found
