"""How the models that serve do, for whom: a report a model and dataset, from the rows of those who let models learn from their data.

No entry in the log a report: it reads no fact from the twin, only the copies in training rows. Each was made through the door with an entry of its
own for the purpose `model-training`, whose text says that models are watched with it too; an entry a citizen a day would bury those that tell of
something. What comes out is counts of ten and more (`recommender.monitoring.protect`), and no row of anybody.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q

from aurora.identity import keys
from aurora.journeys import training_data
from recommender.catalogue import store
from recommender.errors import ModelRefused
from recommender.models import DatasetVersion, ModelVersion
from recommender.monitoring import arms, beside, reference, report
from recommender.monitoring.models import MonitoringReport
from recommender.monitoring.observations import observe
from recommender.monitoring.protect import Rounder
from recommender.profile import Profile
from recommender.ranking.features import matrix
from recommender.ranking.model import Ranker
from recommender.registry import datasets, serving
from recommender.training import dataset as data
from recommender.training import households
from recommender.training.rows import Row

logger = logging.getLogger(__name__)
T = TypeVar("T")

# People whose rows are looked at: as many as tell a gap of two points, and what fits into a worker's memory.
MOST = 50_000
A_WEEK = timedelta(days=7)


def monitor(*, now: datetime) -> list[MonitoringReport]:
    """Reports on the newest dataset for each model that serves; those that are there already are not made again.

    No dataset, no report: Aurora has nothing then that anybody let it learn from. Raises `ModelRefused` dataset_changed: one of its rows is damaged,
    and a report that left it out would be on other people than it says.
    """
    try:
        dataset = datasets.newest()
    except ModelRefused:
        return []
    day = dataset.window_until.date()
    # A second dataset of one day gets no report, and must not be looked at each hour in vain.
    there = Q(dataset_sha256=dataset.sha256) | Q(day=day)
    waiting = [(role, ranker) for role, ranker in _serving() if not _reports(ranker.version).filter(there).exists()]
    if not waiting:
        return []
    rows = _some(training_data.rows(dataset.pk), MOST, dataset.sha256)
    people = observe(rows, store.at, until=day)
    made = []
    for role, ranker in waiting:
        content = report.made(
            people,
            ranker=ranker,
            card=_card(ranker),
            day=day,
            rounder=Rounder(keys.rounding_key()),
            earlier=_earlier(ranker.version, day),
        )
        made += _kept(role, dataset, {**content, **_on_trial(role, ranker, rows, day)}, now)
    return made


def _on_trial(role: str, ranker: Ranker, rows: Sequence[Row], day: date) -> dict[str, Any]:
    """A shadow or challenger beside the champion; of a challenger also what came of it and of the champion, each with the citizens who got it."""
    if role == ModelVersion.State.CHAMPION:
        return {}
    champion, rounder = serving.serving().champion, Rounder(keys.rounding_key())
    found = beside.compared(rows, model=ranker, champion=champion, catalogue_at=store.at, until=day)
    told: dict[str, Any] = {"beside": beside.told(found, rows, model=ranker, champion=champion, rounder=rounder)}
    if role == ModelVersion.State.CHALLENGER:
        told["arms"] = arms.told(rows, challenger=ranker.version, champion=champion.version, until=day, rounder=rounder)
    return told


def _serving() -> Iterator[tuple[str, Ranker]]:
    found = serving.serving()
    states = ModelVersion.State
    for role, ranker in ((states.CHAMPION, found.champion), (states.CHALLENGER, found.challenger), (states.SHADOW, found.shadow)):
        if ranker is not None:
            yield str(role), ranker


def _reports(model: str) -> Any:
    return MonitoringReport.objects.filter(model_sha256=model)


def _earlier(model: str, day: date) -> Mapping[str, Any] | None:
    found = _reports(model).filter(day__lte=day - A_WEEK).order_by("-day").first()
    return found.content if found else None


def _kept(role: str, dataset: DatasetVersion, content: Mapping[str, Any], now: datetime) -> list[MonitoringReport]:
    """Nothing where another worker was faster, or the model has a report of that day."""
    try:
        with transaction.atomic():
            row = MonitoringReport.objects.create(
                model_sha256=content["model"],
                dataset_sha256=dataset.sha256,
                day=date.fromisoformat(content["day"]),
                made_at=now,
                role=role,
                alarms=len(content["alarms"]),
                content=content,
            )
    except IntegrityError:
        return []
    if row.alarms:
        logger.warning("Monitoring: %d alarms about model %s.", row.alarms, row.model_sha256[:16])
    return [row]


def _some(found: Iterable[T], most: int, seed: str) -> list[T]:
    """All, or `most` of them, each as likely (Vitter's algorithm R, 1985); the same ones each time for the same seed."""
    kept: list[T] = []
    drawn = random.Random(seed)
    for number, one in enumerate(found):
        if number < most:
            kept.append(one)
        elif (place := drawn.randrange(number + 1)) < most:
            kept[place] = one
    return kept


def _card(ranker: Ranker) -> Mapping[str, Any]:
    """Thresholds and reference as they stand in the model's card; for a model that has none, as they follow from the open extract."""
    metadata = ModelVersion.objects.filter(sha256=ranker.version).values_list("metadata", flat=True).first() or {}
    return metadata.get("monitoring") or _of_extract(ranker)


@lru_cache(maxsize=4)
def _of_extract(ranker: Ranker) -> Mapping[str, Any]:
    """Once a process and model (some seconds)."""
    people = [Profile.of_categories(households.facts_of(index)).facts for index in range(households.count())]
    rows = matrix([Profile(facts) for facts in people])
    return reference.of(rows, ranker.scores(data.without_history(rows)), people)
