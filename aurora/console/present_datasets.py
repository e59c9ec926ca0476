"""One dataset as the console shows it: numbers of fewer than ten people are not told, the others as its card rounds them, or in tens."""

from __future__ import annotations

from django.urls import reverse

from aurora.ui import cards, formats
from aurora.ui import own_model_words as words
from aurora.ui.contexts import ValueRow
from aurora.ui.contexts.suggestion_models import DatasetPage, OwnModelRow
from recommender.models import DatasetVersion
from recommender.registry import datasets

LEAST = datasets.LEAST_SHOWN
MOST = 30


def dataset(found: DatasetVersion) -> DatasetPage:
    """Three queries: the dataset, what is gone of it, the models that learnt from it."""
    gone = datasets.gone_of([found]).get(found.pk, 0)
    told = {
        "dataset": (found.sha256,) if found.sha256 else (),
        "extract": (found.extract_sha256,),
        "basis": (str(words.BASIS),),
        "citizens": (_tens(found.citizens),),
        "gone": (_tens(gone),),
        "window": (f"{formats.day(found.window_from)} – {formats.day(found.window_until)}",),
        "row_schema": (str(found.row_schema),),
        "begun": (formats.moment(found.started_at),),
        "ended": (formats.moment(found.finished_at),) if found.finished_at else (),
    }
    return DatasetPage(
        sha256=found.sha256,
        state=words.dataset_state(found.state),
        rows=tuple(ValueRow(str(words.dataset_field(name)), values) for name, values in told.items()),
        card=cards.blocks(found.card),
        used_by=tuple(
            OwnModelRow(one.sha256, words.state(one.state), "", one.trained_at, reverse("console:suggestion_model", args=[one.pk]))
            for one in found.models.order_by("-trained_at")[:MOST]
        ),
        back_url=reverse("console:suggestion_models"),
    )


def _tens(people: int) -> str:
    if people == 0:
        return formats.number(0)
    return str(words.FEW) if people < LEAST else formats.number(people // LEAST * LEAST)
