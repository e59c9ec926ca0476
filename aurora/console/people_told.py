"""Counts of the people in a dataset, written out: as its card rounds them, and nothing of fewer than ten."""

from __future__ import annotations

from uuid import UUID

from aurora.identity import keys
from aurora.ui import formats
from aurora.ui import own_model_words as words
from recommender.monitoring.protect import Rounder
from recommender.registry import datasets


def of_dataset(people: int, what: str, dataset_id: UUID) -> str:
    """The same count of the same dataset is written alike on every page, and on its card: two roundings of one count would narrow it down."""
    told = datasets.told(people, Rounder(keys.rounding_key()), what=what, dataset_id=dataset_id)
    return str(words.FEW) if told is None else formats.number(told)
