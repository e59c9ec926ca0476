"""Our own models: trained on a dataset, judged by gates, moved by two model stewards, taken back by one.

The tables are `recommender.registry`'s, which knows neither operators nor keys. Here is who may, the platform's signature, and the service's log.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from aurora.audit import trail
from aurora.identity import keys
from aurora.identity.models import Operator
from aurora.journeys import training_data
from aurora.journeys.onboard_evaluator import NotASteward
from aurora.journeys.suggest import LIMIT
from aurora.journeys.training_data import Learnable
from consent import signing
from consent.errors import AuroraError, InvalidInput
from recommender.catalogue import store
from recommender.errors import DatasetError, ModelRefused, RecommenderError
from recommender.models import DatasetVersion, ModelEvaluation, ModelMove, ModelVersion
from recommender.monitoring.protect import Rounder
from recommender.ranking.model import Ranker
from recommender.registry import datasets, gates, lifecycle, model_card, offline, serving, trial
from recommender.registry.artefact import COMMITTED, model_directory, read
from recommender.registry.lifecycle import Registered
from recommender.registry.offline import FeedbackGate
from recommender.training import boost, dataset
from recommender.training.assemble import Assembled, assemble
from recommender.training.train import SEED, train_on

logger = logging.getLogger(__name__)
TYP = "model-version+jwt"
REASON_LIMIT = 300
_STATUS = {
    "same_person": 403,
    **dict.fromkeys(("dataset_unknown", "model_unknown", "move_unknown"), 404),
    **dict.fromkeys(
        ("wrong_state", "already_asked", "place_taken", "dataset_open", "dataset_changed", "not_evaluated", "no_champion"), 409
    ),
    "unavailable": 503,
}
__all__ = [
    "ModelNotMoved",
    "NotASteward",
    "agree",
    "ask",
    "collect",
    "decline",
    "evaluate",
    "register_shipped",
    "retire",
    "rollback",
    "train",
]


class ModelNotMoved(AuroraError):
    """The registry's refusal: its code and its sentence, which name no value."""

    status = 422

    def __init__(self, refused: RecommenderError) -> None:
        super().__init__(refused.sentence, code=refused.code)
        self.status = _STATUS.get(refused.code, 422)
        self.retryable = refused.retryable


def collect(*, operator: Operator | None, now: datetime) -> DatasetVersion:
    """A dataset: begun or gone on with, collected through the door, ready. `operator` None: the sweep, since a withdrawal asked for it."""
    _check(operator)
    with _refusals():
        begun = training_data.begin(by=operator.pk if operator else None, now=now)
        training_data.collect(dataset_id=begun.pk, now=now)
        found = training_data.finish(dataset_id=begun.pk, now=timezone.now())
    _done_by(operator, "dataset:collected", found.pk)
    logger.info("Dataset %s is ready (%s).", found.sha256, _name(operator))
    return found


def train(*, operator: Operator | None, dataset_id: UUID | None = None, now: datetime) -> Registered:
    """Train on a dataset (None: the newest) and register what comes of it, signed. Half a minute and more, outside a transaction.

    Raises `ModelNotMoved`: dataset_unknown, dataset_not_ready, dataset_changed, dataset_too_small, cluster_away, unavailable.
    """
    _check(operator)
    with _refusals():
        on = datasets.get(dataset_id) if dataset_id else datasets.newest()
        return _trained(operator, on, training_data.learnable(on), now)


def remake(*, now: datetime) -> Registered:
    """Collect a dataset and train on it in one go: on just the rows that its hash is over, which are read once. Raises `ModelNotMoved`.

    Who withdraws meanwhile marks the model and is in no later dataset; refused is nothing, or with many citizens no model would ever be made.
    """
    with _refusals():
        begun = training_data.begin(by=None, now=now)
        training_data.collect(dataset_id=begun.pk, now=now)
        on, rows = training_data.finished(dataset_id=begun.pk, now=timezone.now())
        if len(rows) != on.citizens:
            raise ModelRefused("dataset_changed")  # another worker added one after they were read
        return _trained(None, on, rows, timezone.now())


def _trained(operator: Operator | None, on: DatasetVersion, rows: Sequence[Learnable], now: datetime) -> Registered:
    assembled = _assembled(on, rows)
    register_shipped(now=now)  # without citizens' rows the same model comes out: it is not to go by another name
    learn = boost.booster(settings.AURORA_DASK_SCHEDULER)
    made = train_on(assembled.data, held_out=assembled.held_out, boost=learn, told=assembled.open)
    citizens = datasets.told(on.citizens, Rounder(keys.rounding_key()), what="citizens", dataset_id=on.pk)
    made = trial.described(made, assembled, citizens=citizens, dataset_sha256=on.sha256)
    done = lifecycle.register(
        found=made, dataset=on, code_commit=code_commit(), card=model_card.card(made.metadata), sign=_sign,
        by=operator.pk if operator else None, now=now,
    )  # fmt: skip
    _done_by(operator, "model:trained", done.model.pk)
    logger.info("Model %s was trained on dataset %s (%s).", done.model.sha256, on.sha256, _name(operator))
    return done


def evaluate(*, operator: Operator | None, model_id: UUID, now: datetime) -> ModelEvaluation:
    """Judge it by all gates against the champion of now, on what neither learnt from. Raises `ModelNotMoved`."""
    _check(operator)
    with _refusals():
        model = _model(model_id)
        if model.dataset is None:
            raise ModelRefused("wrong_state")
        champion, candidate = serving.serving().champion, serving.ranker(model.sha256)
        rows = training_data.standing(
            model.dataset
        )  # who has withdrawn since is not looked at; nothing is learnt here, so the others may be
        found = gates.judge(trial.trial(candidate, champion, _assembled(model.dataset, rows)), seed=SEED)
        found = (*found, _by_feedback(candidate, model.dataset, rows))
        made = lifecycle.evaluated(model_id=model.pk, champion=champion.version, gates=found, by=operator.pk if operator else None, now=now)
    _done_by(operator, "model:evaluated", made.model_id)
    logger.info("Model %s %s its gates (%s).", model.sha256, "passed" if made.passed else "failed", _name(operator))
    return made


def ask(*, operator: Operator, model_id: UUID, now: datetime, share: float = 0.0, change_share: bool = False) -> ModelMove:
    """One steward asks for the next step. Raises `ModelNotMoved`."""
    _check(operator)
    with transaction.atomic(), _refusals():
        return _said(operator, lifecycle.ask(model_id=model_id, by=operator.pk, now=now, share=share, change_share=change_share))


def agree(*, operator: Operator, move_id: UUID, now: datetime) -> ModelMove:
    """Another steward agrees, and it is done. Raises `ModelNotMoved`, signature_invalid among others."""
    _check(operator)
    with transaction.atomic(), _refusals():
        return _said(operator, lifecycle.agree(move_id=move_id, by=operator.pk, now=now, verify=verify))


def decline(*, operator: Operator, move_id: UUID, reason: str, now: datetime) -> ModelMove:
    """Nothing comes of it; who asked takes it back by this. Raises `ModelNotMoved`, `InvalidInput`."""
    _check(operator)
    with transaction.atomic(), _refusals():
        return _said(operator, lifecycle.decline(move_id=move_id, by=operator.pk, reason=_reasoned(reason), now=now))


def retire(*, operator: Operator, model_id: UUID, reason: str, now: datetime) -> ModelVersion:
    """One steward, at once. Raises `ModelNotMoved`, `InvalidInput`."""
    _check(operator)
    said = _reasoned(reason)
    with transaction.atomic(), _refusals():
        done = lifecycle.retire(model_id=model_id, by=operator.pk, reason=said, now=now)
        trail.did(operator_id=operator.pk, deed="model:retired", about=[model_id])
    logger.warning("Model %s is retired (operator %s).", done.sha256, operator.username)
    return done


def rollback(*, operator: Operator, reason: str, now: datetime) -> str:
    """One steward, at once: the champion before is champion again; its hash. Raises `ModelNotMoved`, `InvalidInput`."""
    _check(operator)
    said = _reasoned(reason)
    with transaction.atomic(), _refusals():
        back = lifecycle.rollback(by=operator.pk, reason=said, now=now)
        trail.did(operator_id=operator.pk, deed="model:rolled_back", about=[back])
    logger.warning("The champion was rolled back to %s (operator %s).", back, operator.username)
    return back


def register_shipped(*, now: datetime) -> ModelVersion:
    """Keep the model that came with this code, so that what it suggests can be made again under later code. At each start."""
    found, folder = read(model_directory()), model_directory()
    card = folder / "MODEL_CARD.md"
    text = card.read_text("utf-8") if card.is_file() else f"The model in {'the code' if folder == COMMITTED else 'AURORA_MODEL_DIR'}."
    with _refusals():
        return lifecycle.register_shipped(found=found, card=text, now=now)


def verify(model: ModelVersion) -> None:
    """Its signature is the platform's, over just this model, dataset, code and metadata. Raises `ModelRefused` signature_invalid."""
    assert model.dataset is not None
    wanted = lifecycle.claims(serving.artefact(model.sha256), dataset=model.dataset, code_commit=model.code_commit)
    try:
        signed = signing.verify(model.signature, typ=TYP)
    except ValueError:
        raise ModelRefused("signature_invalid") from None
    if signed != wanted:
        raise ModelRefused("signature_invalid")


def code_commit() -> str:
    """Of the working copy that trains; empty where there is none. `code_sha256` in the metadata says it either way."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()[:40]


def _assembled(on: DatasetVersion, rows: Sequence[Learnable]) -> Assembled:
    extract = dataset.load()
    if extract.sha256 != on.extract_sha256:
        raise ModelRefused("dataset_changed")  # the code brought another extract
    return assemble(extract, [(one.row, one.held_out) for one in rows], sha256=on.sha256)


def _by_feedback(candidate: Ranker, learnt_from: DatasetVersion, rows: Sequence[Learnable]) -> FeedbackGate:
    """By the newest dataset: only there are lists that the candidate itself has made since. Who is held out of one is held out of all."""
    newest = datasets.newest()
    found = rows if newest.pk == learnt_from.pk else training_data.standing(newest)
    return offline.judge(
        [(one.row, one.held_out) for one in found], candidate=candidate, ranker_at=serving.ranker, catalogue_at=store.at,
        places=LIMIT, rounder=Rounder(keys.rounding_key()),
    )  # fmt: skip


def _sign(claims: Mapping[str, Any]) -> str:
    return signing.sign(dict(claims), typ=TYP)


def _model(model_id: UUID) -> ModelVersion:
    found = ModelVersion.objects.select_related("dataset").filter(pk=model_id).first()
    if found is None:
        raise ModelRefused("model_unknown")
    return found


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except DatasetError:
        raise ModelNotMoved(ModelRefused("dataset_too_small")) from None
    except RecommenderError as error:
        raise ModelNotMoved(error) from None


def _check(operator: Operator | None) -> None:
    if operator is not None and (not operator.is_active or Operator.Role.MODEL_STEWARD not in operator.roles):
        raise NotASteward()


def _reasoned(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        raise InvalidInput({"reason": f"Say why, in at most {REASON_LIMIT} characters."})
    return reason.strip()


def _done_by(operator: Operator | None, deed: str, about: UUID) -> None:
    """What takes minutes is in no transaction: it is noted when it is done. By the sweep it is no operator's deed."""
    if operator is not None:
        with transaction.atomic():
            trail.did(operator_id=operator.pk, deed=deed, about=[about])


def _name(operator: Operator | None) -> str:
    return f"operator {operator.username}" if operator else "no operator named"


def _said(operator: Operator, move: ModelMove) -> ModelMove:
    """Last in the transaction of what was done."""
    trail.did(operator_id=operator.pk, deed=f"model:step_{move.state}", about=[move.model_id, move.after, move.pk])
    logger.info("Model %s, step to %s: %s (operator %s).", move.model.sha256, move.after, move.state, operator.username)
    return move
