"""The models behind suggestions as the console shows them: what serves, how each was judged, what was done. Few queries, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from aurora.console.paging import newest_first
from aurora.console.people_told import of_dataset
from aurora.identity.models import Operator
from aurora.ui import cards, formats, monitoring_words
from aurora.ui import own_model_words as words
from aurora.ui.contexts import FieldError, ValueRow
from aurora.ui.contexts.models import Deed
from aurora.ui.contexts.suggestion_models import (
    DatasetRow,
    Earned,
    EarnedRow,
    GateRow,
    GroupRow,
    OwnModelPage,
    OwnModelRow,
    OwnModelsPage,
    RetrainingRow,
)
from recommender.models import DatasetVersion, ModelEvaluation, ModelMove, ModelVersion, Retraining
from recommender.registry import datasets
from recommender.registry.lifecycle import NEXT, RETIRABLE

A_PAGE, SHOWN = 25, 20
State, Asked = ModelVersion.State, ModelMove.State


def models(*, after: ModelVersion | None = None, troubles: tuple[str, ...] = ()) -> OwnModelsPage:
    """What serves and what waits, all models from the newest on (those behind `after`), the last datasets and retrainings."""
    found, last = newest_first(_with_verdict(ModelVersion.objects.all()), "trained_at", after=after, most=A_PAGE)
    waiting = ModelMove.objects.filter(state=Asked.ASKED).values("model_id")
    first = _with_verdict(ModelVersion.objects.filter(state__in=ModelVersion.SERVING) | ModelVersion.objects.filter(pk__in=waiting))
    serving = list(first.order_by("-trained_at", "-pk")[:SHOWN])
    asked = dict(ModelMove.objects.filter(state=Asked.ASKED).values_list("model_id", "after"))
    at = reverse("console:suggestion_models")
    return OwnModelsPage(
        serving=tuple(_row(model, asked) for model in serving),
        models=tuple(_row(model, asked) for model in found),
        datasets=_datasets(),
        retrainings=tuple(_retraining(one) for one in Retraining.objects.select_related("made").order_by("-opened_at")[:SHOWN]),
        back_url=reverse("console:models"),
        next_url=f"{at}?after={last.pk}" if last else "",
        troubles=troubles,
    )


def model(
    found: ModelVersion, *, operator: Operator, may_write: bool, share: str = "", reason: str = "", errors: Mapping[str, str] = {}
) -> OwnModelPage:
    """One model, with what this operator may do to it."""
    waiting = found.moves.filter(state=Asked.ASKED).first()
    last = found.evaluations.order_by("-pk").first()
    mine = waiting is not None and waiting.asked_by == operator.pk
    following = NEXT.get(State(found.state))
    free = may_write and waiting is None and last is not None and last.passed
    gone = datasets.forgotten_by([found])[found.pk]
    return OwnModelPage(
        sha256=found.sha256,
        state=words.state(found.state),
        rows=_rows(found),
        gates=_gates(last),
        groups=_groups(found),
        earned=_earned(last),
        card=cards.blocks(found.card),
        history=_history(found),
        back_url=reverse("console:suggestion_models"),
        next_step=words.state(following) if following else "",
        waiting=_asked_for(waiting) if waiting else "",
        move=str(waiting.pk) if waiting else "",
        forgotten=of_dataset(gone, "gone", found.dataset.pk) if found.dataset and gone >= datasets.LEAST_SHOWN else "",
        asks_share=following == State.CHALLENGER,
        may_ask=free and following is not None,
        may_change_share=free and found.state == State.CHALLENGER,
        may_agree=may_write and waiting is not None and not mine,
        may_decline=may_write and waiting is not None,
        may_retire=may_write and found.state in RETIRABLE,
        may_roll_back=may_write and found.state == State.CHAMPION,
        is_mine=may_write and mine,
        share=share,
        reason=reason,
        errors=field_errors(errors),
    )


def _asked_for(move: ModelMove) -> str:
    """The state, and for a challenger the share of the citizens, which whoever agrees must see."""
    return f"{words.state(move.after)}, {_percent(move.share)}" if move.share else words.state(move.after)


def field_errors(faults: Mapping[str, str]) -> tuple[FieldError, ...]:
    """Codes as sentences in the language of the page."""
    return tuple(FieldError(field, words.fault(code)) for field, code in faults.items())


def _with_verdict(rows: QuerySet[ModelVersion]) -> QuerySet[ModelVersion]:
    last = ModelEvaluation.objects.filter(model=OuterRef("pk")).order_by("-pk").values("passed")[:1]
    return rows.annotate(verdict=Subquery(last))


def _row(model: ModelVersion, asked: Mapping[UUID, str]) -> OwnModelRow:
    verdict = model.verdict  # type: ignore[attr-defined]  # of `_with_verdict`
    return OwnModelRow(
        sha256=model.sha256,
        state=words.state(model.state),
        gates=str(words.NOT_JUDGED if verdict is None else words.HELD if verdict else words.FAILED),
        trained_at=model.trained_at,
        url=reverse("console:suggestion_model", args=[model.pk]),
        waits=words.state(asked[model.pk]) if model.pk in asked else "",
    )


def _datasets() -> tuple[DatasetRow, ...]:
    found = list(DatasetVersion.objects.order_by("-started_at")[:SHOWN])
    gone = datasets.gone_of(found)
    return tuple(
        DatasetRow(
            one.sha256,
            words.dataset_state(one.state),
            of_dataset(one.citizens, "citizens", one.pk),
            of_dataset(gone.get(one.pk, 0), "gone", one.pk),
            one.started_at,
            reverse("console:dataset", args=[one.pk]),
        )
        for one in found
    )


def _retraining(one: Retraining) -> RetrainingRow:
    made = one.made
    url = reverse("console:suggestion_model", args=[made.pk]) if made else ""
    return RetrainingRow(words.retraining_state(one.state), one.opened_at, made.sha256 if made else "", url)


def _rows(found: ModelVersion) -> tuple[ValueRow, ...]:
    metadata, split = found.metadata, found.metadata.get("split", {})
    low, high = metadata.get("intervals", {}).get("ndcg3", (None, None))
    ndcg = metadata.get("metrics", {}).get("ndcg3")
    worst = metadata.get("fairness", {}).get("worst", {})
    told = {
        "version": (found.sha256,),
        "dataset": (found.dataset.sha256,) if found.dataset else (),
        "citizens": (of_dataset(found.dataset.citizens, "citizens", found.dataset.pk),) if found.dataset else (),
        "trained_on": _figure(split.get("trained_on")),
        "held_out": _figure(split.get("held_out")),
        "ndcg3": (f"{_number(ndcg)}{_between(low, high, brackets=True)}",) if ndcg is not None else (),
        "worst_group": (f"{_group(*worst['group'].split(':', 1))}, {_number(worst['gap'])}",) if worst.get("group") else (),
        "code": tuple(v for v in (found.code_commit, metadata.get("code_sha256", "")) if v),
        "signature": (str(words.SIGNED if found.signature else words.UNSIGNED),),
        "share": (_percent(found.share),) if found.share else (),
    }
    return tuple(ValueRow(words.field(name), values) for name, values in told.items() if values)


def _gates(last: ModelEvaluation | None) -> tuple[GateRow, ...]:
    return tuple(
        GateRow(
            words.gate(gate["name"]),
            _number(gate["value"]),
            _between(gate["low"], gate["high"]),
            _number(gate["limit"]),
            gate["passed"],
            str(words.HELD if gate["passed"] else words.FAILED),
        )
        for gate in (last.gates if last else ())
    )


def _earned(last: ModelEvaluation | None) -> Earned | None:
    """What the gate about feedback tells beside its number."""
    report = next((gate["report"] for gate in (last.gates if last else ()) if gate.get("report")), None)
    if report is None:
        return None
    rows = tuple(
        EarnedRow(words.method(name), _number(one["value"]), _number(one["gain"]), _between(one["low"], one["high"]))
        for name, one in report.get("methods", {}).items()
    )
    citizens = formats.number(report["citizens"]) if report["citizens"] else str(words.FEW)
    return Earned(words.earned(report["said"], citizens=citizens, shown=_number(report.get("shown"))), rows)


def _groups(found: ModelVersion) -> tuple[GroupRow, ...]:
    by_axis = found.metadata.get("fairness", {}).get("groups", {})
    return tuple(
        GroupRow(_group(axis, group), _percent(one["found"]), f"{_percent(one['low'])} – {_percent(one['high'])}")
        for axis, cells in by_axis.items()
        for group, one in cells.items()
    )


def _group(axis: str, group: str) -> str:
    return f"{monitoring_words.axis(axis)}: {monitoring_words.group(axis, group)}"


def _history(found: ModelVersion) -> tuple[Deed, ...]:
    """Oldest first: each move as it was asked for and as it was decided; a roll-back and an end are one line."""
    moves = list(found.moves.order_by("asked_at", "pk"))
    names = _names([m.asked_by for m in moves] + [m.decided_by for m in moves if m.decided_by])
    lines: list[Deed] = []
    for move in moves:
        if move.kind == ModelMove.Kind.PROMOTION:
            lines.append(Deed(words.deed(move.kind, move.after, "asked"), names[move.asked_by], move.asked_at))
        if move.decided_by and move.decided_at:
            lines.append(Deed(words.deed(move.kind, move.after, move.state), names[move.decided_by], move.decided_at, move.reason))
    return tuple(sorted(lines, key=lambda line: line.at))


def _names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Of operators; an id for one who is gone."""
    wanted = set(ids)
    return {pk: str(pk) for pk in wanted} | dict(Operator.objects.filter(pk__in=wanted).values_list("pk", "name"))


def _figure(number: int | None) -> tuple[str, ...]:
    return () if number is None else (formats.number(number),)


def _number(value: float | None) -> str:
    """Four decimals: what gates are about is small."""
    if value is None:
        return "–"
    plain = f"{abs(value):.4f}".rstrip("0").rstrip(".")
    written = plain if formats.language() == "en" else plain.replace(".", ",")
    return f"\u2212{written}" if value < 0 else written


def _between(low: float | None, high: float | None, *, brackets: bool = False) -> str:
    if low is None or high is None:
        return "" if brackets else "–"
    said = f"{_number(low)} – {_number(high)}"
    return f" ({said})" if brackets else said


def _percent(share: float) -> str:
    """43,5 % (fi, sv), 43.5% (en)."""
    return formats.per_cent(formats.measure(round(share * 100, 1)))
