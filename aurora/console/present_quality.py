"""How good a model has shown itself, as its owner reads it over the API too: totals that tell of nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from aurora.journeys.model_outcomes import Performance
from aurora.ui import chances, formats
from aurora.ui.contexts.models import Bin, Dot, OutputSince, PeriodSince
from recommender.evaluators.contract import Contract, Output


def since(contract: Contract, reports: Iterable[Performance]) -> tuple[PeriodSince, ...]:
    """Every report, in the order given."""
    outputs = {output.code: output for output in contract.outputs}
    return tuple(_period(found, outputs) for found in reports)


def _period(found: Performance, outputs: Mapping[str, Output]) -> PeriodSince:
    told: Any = found.content
    return PeriodSince(
        label=_label(found.quarter),
        made_on=found.made_on,
        people=_number(told["people"]),
        without=_number(told["without"]),
        outputs=tuple(_output(one, outputs[one["code"]]) for one in told["outputs"] if one["code"] in outputs),
    )


def _output(told: Mapping[str, Any], output: Output) -> OutputSince:
    bins = told["calibration"]
    end = max((share for one in bins for share in (one["predicted"], one["observed"])), default=0.0) * 1.1 or 1.0
    return OutputSince(
        name={language: output.name.of(language) for language in ("fi", "sv", "en")},
        code=output.code,
        people=_number(told["people"]),
        events=_number(told["events"]),
        auc=_number(told["auc"]),
        auc_low=_number(told["auc_low"]),
        auc_high=_number(told["auc_high"]),
        said_without=_share(told["said_without"]),
        calibration=tuple(Bin(_share(one["predicted"]), _share(one["observed"]), one["people"]) for one in bins),
        dots=tuple(Dot(one["predicted"] / end, one["observed"] / end) for one in bins),
        end=_share(end),
    )


def _label(quarter: date | None) -> str:
    return f"{quarter.year} Q{(quarter.month - 1) // 3 + 1}" if quarter else ""


def _number(value: float | None) -> str:
    return "" if value is None else formats.number(value)


def _share(value: float | None) -> str:
    return "" if value is None else chances.percent(value)
