"""One dataset as the console shows it: numbers of fewer than ten people are not told, the others as its card rounds them."""

from __future__ import annotations

from django.urls import reverse

from aurora.console.people_told import of_dataset
from aurora.ui import cards, formats
from aurora.ui import own_model_words as words
from aurora.ui.contexts import ValueRow
from aurora.ui.contexts.suggestion_models import DatasetPage, OwnModelRow
from recommender.models import DatasetVersion
from recommender.registry import datasets

MOST = 30


def dataset(found: DatasetVersion) -> DatasetPage:
    """Three queries: the dataset, what is gone of it, the models that learnt from it."""
    gone = datasets.gone_of([found]).get(found.pk, 0)
    told = {
        "dataset": (found.sha256,) if found.sha256 else (),
        "extract": (found.extract_sha256,),
        "basis": (str(words.BASIS),),
        "citizens": (of_dataset(found.citizens, "citizens", found.pk),),
        "gone": (of_dataset(gone, "gone", found.pk),),
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
