"""Datasets as rows: begun, rested on consents, ready under a hash; and what follows when what they rest on is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Least

from recommender.errors import ModelRefused
from recommender.monitoring.protect import Rounder
from recommender.registry.tables import DatasetConsent, DatasetVersion, ModelVersion, Retraining
from recommender.training.rows import SCHEMA

State = DatasetVersion.State
_STANDING = Count("dataset__consents", filter=Q(dataset__consents__forgotten_at__isnull=True))
LEAST_SHOWN = 10  # a cell of fewer people is not told


def begin(*, extract_sha256: str, window_from: datetime, now: datetime, by: UUID | None) -> DatasetVersion:
    """A dataset that is being collected; there is one at a time. Raises `ModelRefused` dataset_open."""
    try:
        with transaction.atomic():
            return DatasetVersion.objects.create(
                row_schema=SCHEMA, extract_sha256=extract_sha256, window_from=window_from, window_until=now, started_at=now, by=by
            )
    except IntegrityError:
        raise ModelRefused("dataset_open") from None


def open_one() -> DatasetVersion | None:
    """The one that is being collected."""
    return DatasetVersion.objects.filter(state=State.COLLECTING).first()


def get(dataset_id: UUID) -> DatasetVersion:
    """Raises `ModelRefused` dataset_unknown."""
    found = DatasetVersion.objects.filter(pk=dataset_id).first()
    if found is None:
        raise ModelRefused("dataset_unknown")
    return found


def newest() -> DatasetVersion:
    """The newest that is ready. Raises `ModelRefused` dataset_unknown."""
    found = DatasetVersion.objects.filter(state=State.READY).order_by("-finished_at").first()
    if found is None:
        raise ModelRefused("dataset_unknown")
    return found


def rest_on(*, dataset_id: UUID, consent_id: UUID, commitment: str) -> None:
    """Write down that a row of the dataset rests on a consent. While it is collected, by trigger."""
    DatasetConsent.objects.create(dataset_id=dataset_id, consent_id=consent_id, commitment=commitment)


def sha256_of(*, row_schema: int, extract_sha256: str, commitments: Iterable[str]) -> str:
    """Hex, over the extract and the rows' salted commitments, sorted: it changes with any row, and tells nothing of one."""
    digest = hashlib.sha256(f"dataset {row_schema}\n{extract_sha256}\n".encode())
    for commitment in sorted(commitments):
        digest.update(f"{commitment}\n".encode())
    return digest.hexdigest()


def finish(*, dataset_id: UUID, counts: Mapping[str, Mapping[str, int | None]], card: str, now: datetime) -> DatasetVersion:
    """It is ready, with the rows that are still there. `counts`: people by axis and group, as `suppressed` tells them. Raises `ModelRefused`."""
    return finish_with(dataset_id=dataset_id, counts=counts, card=card, now=now)[0]


def finish_with(
    *, dataset_id: UUID, counts: Mapping[str, Mapping[str, int | None]], card: str, now: datetime
) -> tuple[DatasetVersion, frozenset[str]]:
    """`finish`, with the commitments that its hash is over. Whoever goes from then on marks every model that learns from them."""
    with transaction.atomic():
        found = DatasetVersion.objects.select_for_update().get(pk=dataset_id)
        commitments = list(found.consents.filter(forgotten_at__isnull=True).values_list("commitment", flat=True))
        digest = sha256_of(row_schema=found.row_schema, extract_sha256=found.extract_sha256, commitments=commitments)
        ready = {
            "state": State.READY,
            "sha256": digest,
            "citizens": len(commitments),
            "counts": {axis: dict(cells) for axis, cells in counts.items()},
            "card": card,
        }
        if DatasetVersion.objects.filter(pk=dataset_id, state=State.COLLECTING).update(**ready, finished_at=now) != 1:
            raise ModelRefused("wrong_state")
    found.refresh_from_db()
    return found, frozenset(commitments)


def close(*, dataset_id: UUID, now: datetime) -> None:
    """Give up one that is being collected. Its rows are the caller's to delete. Raises `ModelRefused`."""
    if DatasetVersion.objects.filter(pk=dataset_id, state=State.COLLECTING).update(state=State.CLOSED, finished_at=now) != 1:
        raise ModelRefused("wrong_state")


def suppressed(counts: Mapping[str, Mapping[str, int]], rounder: Rounder) -> dict[str, dict[str, int | None]]:
    """Cells of fewer than ten as None; where that leaves one alone in its axis the next smallest goes too, else the sum would tell it.

    The others are rounded to fives: exact ones of two datasets, of which somebody left the second, would tell of that one all their groups.
    """
    told: dict[str, dict[str, int | None]] = {}
    for axis, cells in counts.items():
        hidden = {group for group, number in cells.items() if 0 < number < LEAST_SHOWN}
        if len(hidden) == 1 and (others := sorted((number, group) for group, number in cells.items() if number >= LEAST_SHOWN)):
            hidden.add(others[0][1])
        row = " ".join(f"{group} {number}" for group, number in sorted(cells.items()))
        told[axis] = {
            group: None if group in hidden else number and max(LEAST_SHOWN, rounder(number, "dataset", axis, group, row))
            for group, number in sorted(cells.items())
        }
    return told


def told(people: int, rounder: Rounder, *, what: str, dataset_id: UUID) -> int | None:
    """How many people of a dataset may be told of: rounded to fives by chance, and None for fewer than ten, none included.

    Whatever leaves towards a page or a card goes through here, by the same name: a count that is told twice is told alike.
    """
    return max(LEAST_SHOWN, rounder(people, "dataset", what, str(dataset_id))) if people >= LEAST_SHOWN else None


def is_whole(dataset: DatasetVersion) -> bool:
    """Whether every row that its hash is over is still there. Who went while it was collected never was in it."""
    return dataset.consents.filter(forgotten_at__isnull=True).count() == dataset.citizens


def forgotten_by(models: Iterable[ModelVersion]) -> dict[UUID, int]:
    """By model how many rows that it was made from are gone since. Told by a join: a model registered after a withdrawal is marked as well.

    So many as its dataset's hash is over, less those that stand: who went while the dataset was collected is not in the hash, and no model learnt from them.
    """
    rows = ModelVersion.objects.filter(pk__in=[m.pk for m in models]).annotate(standing=_STANDING)
    return {pk: max(0, (citizens or 0) - standing) for pk, citizens, standing in rows.values_list("pk", "dataset__citizens", "standing")}


def gone_of(found: Iterable[DatasetVersion]) -> dict[UUID, int]:
    """By dataset how many of its rows are gone."""
    standing = DatasetVersion.objects.filter(pk__in=[d.pk for d in found]).annotate(
        standing=Count("consents", filter=Q(consents__forgotten_at__isnull=True))
    )
    return {pk: gone for pk, citizens, left in standing.values_list("pk", "citizens", "standing") if (gone := citizens - left) > 0}


def forgotten(*, commitments: Iterable[str], now: datetime, share: float) -> None:
    """These rows are gone: every model that learnt from them is marked by it, and one that serves and has lost more than `share` is to be replaced.

    In the transaction that deletes the rows.
    """
    DatasetConsent.objects.filter(commitment__in=list(commitments), forgotten_at__isnull=True).update(forgotten_at=now)
    retrain_where_due(now=now, share=share)


def retrain_where_due(*, now: datetime, share: float) -> int:
    """Open a retraining where a model that serves has lost more than `share` of its citizens' rows since the last one. How many: one or none.

    One for all models: champion, challenger and shadow lose the same citizens, and the model that comes of it is without them whoever it was opened
    for. What an ended one was opened for does not count again while its model waits for two people or serves; it does once that model was retired,
    since a roll-back brings a model back that is still marked.
    """
    last = Retraining.objects.select_related("made").order_by("-opened_at").first()
    if last is not None and last.finished_at is None:
        return 0
    forgotten = Q(dataset__consents__forgotten_at__isnull=False)
    answered = last is not None and (last.made is None or last.made.state != ModelVersion.State.RETIRED)
    since = Q(dataset__consents__forgotten_at__gt=last.opened_at) if last is not None and answered else forgotten
    serving = ModelVersion.objects.filter(state__in=ModelVersion.SERVING, dataset__citizens__gt=0).annotate(
        gone=F("dataset__citizens") - _STANDING, since=Least(Count("dataset__consents", filter=since), F("dataset__citizens") - _STANDING)
    )
    lost = serving.filter(since__gt=share * F("dataset__citizens")).order_by("trained_at", "pk").first()
    return int(lost is not None and _open_retraining(lost, lost.gone, now))


def _open_retraining(model: ModelVersion, gone: int, now: datetime) -> bool:
    try:
        with transaction.atomic():
            Retraining.objects.create(because=model, forgotten=gone, due_at=now, opened_at=now)
    except IntegrityError:
        return False  # another withdrawal was faster
    return True
