"""Datasets for our own models: rows of citizens who consented to it, collected through the door, each sealed under its citizen's key.

One entry in the log a citizen and dataset. What is collected is a copy, which goes with the consent and with the facts (`twin.training.forget`);
a dataset whose rows are no longer all there is not trained on any more. A collection that was broken off is gone on with.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from aurora import crash
from aurora.identity import keys
from aurora.identity.vault import VaultClosed
from aurora.journeys._door import AccessRefused, Opened, open_door
from aurora.journeys._settled import settled
from aurora.twin import feedback, suggestions, training
from aurora.twin.values import FactView
from consent.ledger.events import Event
from consent.rules import AURORA, AccessRequest
from consent.scope import citizen_scope
from recommender.errors import ModelRefused, ProfileError, RowError
from recommender.facts import PROGRAMME_CATEGORY, category_of
from recommender.models import DatasetVersion
from recommender.monitoring.groups import groups
from recommender.monitoring.protect import Rounder
from recommender.profile import Profile
from recommender.ranking.features import FEATURE_CATEGORIES
from recommender.registry import datasets
from recommender.training import dataset_card
from recommender.training.households import extract_sha256
from recommender.training.rows import KINDS, MOST_SAID, MOST_SLATES, ItemShown, Row, Said, SlateShown

logger = logging.getLogger(__name__)
WINDOW = timedelta(days=365)
HELD_OUT, HELD_OUT_SALT = 0.25, "training: held out"
A_ROUND = 200
CATEGORIES = tuple(sorted({*FEATURE_CATEGORIES, PROGRAMME_CATEGORY}))


@dataclass(frozen=True)
class Collected:
    """How many citizens' rows were made now, and how many were refused at the door."""

    made: int
    refused: int


@dataclass(frozen=True)
class Learnable:
    """A citizen's row, and whether models are measured on it instead of learning from it."""

    row: Row = field(repr=False)
    held_out: bool
    commitment: str = field(default="", repr=False)


def begin(*, by: UUID | None, now: datetime) -> DatasetVersion:
    """The dataset that is being collected, or a new one."""
    found = datasets.open_one()
    return found or datasets.begin(extract_sha256=extract_sha256(), window_from=now - WINDOW, now=now, by=by)


def collect(*, dataset_id: UUID, now: datetime) -> Collected:
    """Make the rows that are not there yet. A citizen at a time, each in a transaction of its own."""
    made, refused, tried = 0, 0, set[UUID]()
    while found := [p for p in training.to_collect(dataset_id=dataset_id, now=now, most=A_ROUND + len(tried)) if p[0] not in tried]:
        for consent_id, citizen_id in found:
            tried.add(consent_id)
            try:
                made += _collect_one(dataset_id, consent_id, citizen_id, now)
            except AccessRefused:
                refused += 1
            except (RowError, VaultClosed):
                # One that cannot be read must not keep all others out. Nothing stands of the attempt.
                logger.error("No training row could be made for consent %s.", consent_id)
                refused += 1
    return Collected(made, refused)


def finish(*, dataset_id: UUID, now: datetime) -> DatasetVersion:
    """Count by group, write the card, and make it ready under its hash. Raises `ModelRefused`, dataset_changed where a row is damaged: it is given up."""
    return finished(dataset_id=dataset_id, now=now)[0]


def finished(*, dataset_id: UUID, now: datetime) -> tuple[DatasetVersion, list[Learnable]]:
    """`finish`, with just the rows that its hash is over, in the order of their commitments: to learn from them in one go.

    Who goes between the two is in the hash and marks the model. A training that looked again would be refused wherever somebody leaves each minute.
    """
    counts: dict[str, Counter[str]] = {}
    opened: list[Learnable] = []
    labelled = 0
    try:
        for learnable in _opened(dataset_id):
            opened.append(learnable)
            labelled += learnable.row.labels is not None
            for axis, group in groups(learnable.row.facts).items():
                counts.setdefault(axis, Counter())[group] += 1
    except (training.RowDamaged, RowError):
        _give_up(dataset_id, now)
        raise ModelRefused("dataset_changed") from None
    found = datasets.get(dataset_id)
    rounder = Rounder(keys.rounding_key())
    told = datasets.suppressed(counts, rounder)
    standing = found.consents.filter(forgotten_at__isnull=True).count()
    card = dataset_card.card(
        found,
        citizens=datasets.told(standing, rounder, what="citizens", dataset_id=dataset_id),
        labelled=datasets.told(labelled, rounder, what="labelled", dataset_id=dataset_id),
        counts=told,
    )
    made, commitments = datasets.finish_with(dataset_id=dataset_id, counts=told, card=card, now=now)
    return made, [one for one in opened if one.commitment in commitments]


def _give_up(dataset_id: UUID, now: datetime) -> None:
    """One that is being collected can never be ready: left open it would be in the way of every other."""
    datasets.close(dataset_id=dataset_id, now=now)
    for _, citizen_id in training.rows_of(dataset_id=dataset_id):
        with citizen_scope(citizen_id):
            training.forget(citizen_id=citizen_id, dataset_id=dataset_id)
    logger.error("Dataset %s was given up: one of its rows is damaged.", dataset_id)


def learnable(dataset: DatasetVersion) -> list[Learnable]:
    """The rows of a dataset that is ready and whole, in the order of their commitments.

    Raises `ModelRefused`: dataset_not_ready, dataset_changed (a row is gone, or another than was collected).
    """
    if dataset.state != DatasetVersion.State.READY:
        raise ModelRefused("dataset_not_ready")
    found = standing(dataset)
    if not datasets.is_whole(dataset) or len(found) != dataset.citizens:
        raise ModelRefused("dataset_changed")
    return found


def standing(dataset: DatasetVersion) -> list[Learnable]:
    """The rows of a dataset that are still there, in the order of their commitments. Raises `ModelRefused` dataset_changed for one that is damaged."""
    try:
        return list(_opened(dataset.pk))
    except training.RowDamaged:
        raise ModelRefused("dataset_changed") from None


def rows(dataset_id: UUID | None = None) -> Iterator[Row]:
    """The rows of a dataset (None: the newest that is ready) that are still there: plain, and nobody's.

    Raises `ModelRefused`: dataset_unknown, dataset_changed where a row is damaged.
    """
    wanted = dataset_id or datasets.newest().pk
    try:
        yield from (one.row for one in _opened(wanted))
    except (training.RowDamaged, RowError):
        raise ModelRefused("dataset_changed") from None


def _opened(dataset_id: UUID) -> Iterator[Learnable]:
    """Each is opened in its citizen's scope; the entry of its making tells of this use. What went meanwhile is left out."""
    for row_id, citizen_id in training.rows_of(dataset_id=dataset_id):
        with citizen_scope(citizen_id):
            found = training.opened(citizen_id=citizen_id, row_id=row_id)
        if found is not None:
            yield Learnable(Row.of_json(found.content), found.held_out, found.commitment)


def _collect_one(dataset_id: UUID, consent_id: UUID, citizen_id: UUID, now: datetime) -> bool:
    """Through the door, with the entry, the row and what the dataset writes down of it in one transaction. False: another worker was faster."""
    request = AccessRequest(citizen_id, AURORA, training.PURPOSE, frozenset(CATEGORIES), all_or_nothing=False)
    details = {"dataset": str(dataset_id)}
    try:
        with open_door(
            request, granted=Event.TRAINING_COLLECTED, refused=Event.TRAINING_REFUSED, now=now, only_consent=consent_id, details=details
        ) as opened:
            _keep(dataset_id, consent_id, citizen_id, opened, now)
            crash.reach("training.before_commit")
    except IntegrityError:
        return False
    return True


def _keep(dataset_id: UUID, consent_id: UUID, citizen_id: UUID, opened: Opened, now: datetime) -> None:
    row, shown_from = _row(citizen_id, settled(citizen_id=citizen_id, facts=opened.facts), since=now - WINDOW, until=now)
    training.keep(
        citizen_id=citizen_id, dataset_id=dataset_id, consent_id=consent_id, entry_id=opened.entry_id,
        categories={fact.category for fact in opened.facts} | shown_from, content=row.to_json(),
        held_out=keys.unit(citizen_id, salt=HELD_OUT_SALT) < HELD_OUT, now=now,
    )  # fmt: skip


def _row(citizen_id: UUID, facts: Sequence[FactView], *, since: datetime, until: datetime) -> tuple[Row, set[str]]:
    """The row, and the categories that its suggestions had been made from: when one of these goes, the row goes too."""
    known = _known(facts)
    prefix = f"{PROGRAMME_CATEGORY}."
    received = {key.removeprefix(prefix): bool(value) for key, value in known.items() if key.startswith(prefix)}
    slates, said, shown_from = _shown(citizen_id, since, until)
    return Row({key: value for key, value in known.items() if not key.startswith(prefix)}, received, slates, said), shown_from


def _known(facts: Sequence[FactView]) -> Mapping[str, Any]:
    """What the recommender's vocabulary knows in this form; what it does not, a model could not learn from."""
    known: dict[str, Any] = {}
    for fact in facts:
        try:
            known.update(Profile({fact.name: fact.value}).facts)
        except ProfileError:
            continue
    return known


def _shown(citizen_id: UUID, since: datetime, until: datetime) -> tuple[tuple[SlateShown, ...], tuple[Said, ...], set[str]]:
    """Suggestions that were shown in the window, the newest `MOST_SLATES`, and what became of them. Nothing in the citizen's own words."""
    said = feedback.of(citizen_id=citizen_id)
    seen = {one.run_id for one in said if one.kind == "shown"}
    runs = [run for run in suggestions.of(citizen_id) if run.id in seen and since <= run.made_at <= until][:MOST_SLATES]
    slates: list[SlateShown] = []
    number: dict[UUID, int] = {}
    shown_from: set[str] = set()
    for run in runs:
        try:
            slate = _slate(run.made_at, run.content["record"])
            shown_from |= {category_of(key) for key in run.content["record"]["facts"]}
        except (RowError, KeyError, TypeError):
            continue  # made by code that kept it otherwise
        number[run.id] = len(slates)
        slates.append(slate)
    told = [
        Said(number[one.run_id], one.service, str(one.kind), one.why, one.at.date())
        for one in said
        if one.run_id in number
        and one.at <= until
        and one.kind in KINDS
        and any(item.service == one.service for item in slates[number[one.run_id]].items)
    ]
    return tuple(slates), tuple(told[-MOST_SAID:]), shown_from


def _slate(made_at: datetime, record: Mapping[str, Any]) -> SlateShown:
    items = tuple(ItemShown(i["service"], i["position"], i["score"], i["propensity"], i["explored"]) for i in record["slate"])
    return SlateShown(made_at.date(), record["model"], record["catalogue"], record["seed"], items)
