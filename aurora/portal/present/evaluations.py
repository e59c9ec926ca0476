"""Other organisations' models: what each needs of the citizen, and what it worked out for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse

from aurora.journeys import evaluate
from aurora.journeys._basis import Ground
from aurora.journeys._in_use import RETIRED, offered, why_not
from aurora.journeys.allow_estimate import purpose_of
from aurora.journeys.evaluate import Evaluated
from aurora.portal.present import estimates
from aurora.portal.present.vocabulary import Vocabulary, connect_url
from aurora.sources import connections
from aurora.twin import queries as twin
from aurora.twin.models import Evaluation
from aurora.ui import chances, formats, words
from aurora.ui.contexts import (
    CalibrationRow,
    ChainedView,
    DataNeed,
    DataState,
    EstimateView,
    EvaluationPage,
    EvaluationsPage,
    EvaluationState,
    EvaluatorCard,
    QualityView,
    Text,
    UnfitView,
)
from consent import derived
from recommender.evaluators.contract import Contract, Input, Output, Texts
from recommender.models import EvaluatorVersion

State = Evaluation.State
_STATES = {
    State.QUEUED: EvaluationState.RUNNING,
    State.RUNNING: EvaluationState.RUNNING,
    State.DONE: EvaluationState.DONE,
    State.NOT_APPLICABLE: EvaluationState.NOT_APPLICABLE,
    State.REFUSED: EvaluationState.REFUSED,
    State.FAILED: EvaluationState.FAILED,
}


def list_page(*, citizen_id: UUID, now: datetime) -> EvaluationsPage:
    """Every model in use. In the citizen's scope."""
    versions, ground, vocabulary = offered(), Ground(citizen_id=citizen_id, now=now), Vocabulary()
    connected = _connected(citizen_id)
    stand = evaluate.newest(citizen_id=citizen_id, versions=versions, ground=ground)
    cards = (_card(v, stand.get(v.pk), ground, connected, vocabulary) for v in versions)
    return EvaluationsPage(tuple(cards), reverse("portal:sources"))


def page(version: EvaluatorVersion, *, citizen_id: UUID, now: datetime) -> EvaluationPage:
    """One model, and how the citizen's own evaluation stands. In the citizen's scope."""
    contract, ground, vocabulary = version.contract, Ground(citizen_id=citizen_id, now=now), Vocabulary()
    found = evaluate.newest(citizen_id=citizen_id, versions=[version], ground=ground).get(version.pk)
    needs = _needs(contract, ground, _connected(citizen_id), vocabulary)
    stopped = why_not([version])[version.pk]
    state = _in_use_no_longer(stopped) if stopped else _state(found, needs)
    return EvaluationPage(
        name=_text(contract.name),
        owner=vocabulary.agency(contract.owner),
        use=_text(contract.intended_use),
        meaning=_text(contract.meaning),
        limits=_text(contract.limits),
        population=_text(contract.population),
        responsible=contract.responsible.name,
        contact=contract.responsible.contact,
        version=f"{contract.identifier} {contract.version}",
        synthetic=contract.synthetic,
        state=state,
        needs=needs,
        quality=tuple(_quality(o) for o in contract.outputs),
        back_url=reverse("portal:evaluations"),
        consents_url=reverse("portal:consents"),
        purpose=vocabulary.purpose(contract.purpose),
        can_ask=not stopped and _all_there(needs),
        outcomes=tuple(_text(o.name) for o in contract.outputs),
        **_kept(version, found, citizen_id=citizen_id),
        **(_left(found, stopped) if stopped else _stands(version, found, vocabulary)),
    )


def _kept(version: EvaluatorVersion, found: Evaluated | None, *, citizen_id: UUID) -> dict[str, Any]:
    """What is among the citizen's data of this model, and what can be kept or deleted."""
    result = version.contract.result
    kept = twin.kept_estimate(citizen_id=citizen_id, category=result) if result else None
    stands = found is not None and found.state in Evaluation.WITH_OUTCOME and found.stands
    same = kept is not None and found is not None and (kept.version, kept.made_at) == (version.pk, found.finished_at)
    keepable = bool(result) and stands and found is not None and found.state == State.DONE and not same
    other = result if kept is not None and purpose_of(result) else ""
    return {
        "keep_url": reverse("portal:keep_estimate", args=[version.pk]) if keepable else "",
        "delete_url": reverse("portal:delete_estimate", args=[version.pk]) if stands or kept is not None else "",
        "kept_at": kept.made_at if kept is not None else None,
        "kept_same": same,
        "use_url": reverse("portal:use_estimate", args=[other]) if other else "",
    }


def _chained(found: Evaluated, vocabulary: Vocabulary) -> tuple[ChainedView, ...]:
    named = ((category, *estimates.name_of(version)) for category, version in sorted(found.made_by.items()))
    return tuple(ChainedView(vocabulary.category(category), model, version) for category, model, version in named)


def _stands(version: EvaluatorVersion, found: Evaluated | None, vocabulary: Vocabulary) -> dict[str, Any]:
    """What the newest evaluation adds to the page; nothing where there is none."""
    if found is None:
        return {}
    contract = version.contract
    waits = found.state == State.QUEUED and bool(found.code)
    return {
        "again": not found.open,
        "outdated": found.state in Evaluation.WITH_OUTCOME and not found.stands,
        "estimates": _estimates(contract, found),
        "chained": _chained(found, vocabulary),
        "unfit": tuple(_unfit(fact, why, contract, vocabulary) for fact, why in found.because),
        "reason": str(words.refusal(found.code) if found.state == State.REFUSED else chances.failure(found.code)) if found.code else "",
        "asked_at": found.requested_at,
        "made_at": found.finished_at,
        "retry_at": found.due_at if waits else None,
        "entry_url": reverse("portal:entry", args=[found.entry_id]) if found.entry_id else "",
        "fragment_url": reverse("portal:evaluation_fragment", args=[version.pk]) if found.open else "",
    }


def _card(
    version: EvaluatorVersion, found: Evaluated | None, ground: Ground, connected: Collection[str], vocabulary: Vocabulary
) -> EvaluatorCard:
    contract = version.contract
    needs = _needs(contract, ground, connected, vocabulary)
    return EvaluatorCard(
        name=_text(contract.name),
        owner=vocabulary.agency(contract.owner),
        use=_text(contract.intended_use),
        tells=tuple(_text(o.name) for o in contract.outputs),
        needs=needs,
        state=_state(found, needs),
        url=reverse("portal:evaluation", args=[version.pk]),
        synthetic=contract.synthetic,
    )


def _left(found: Evaluated | None, why: str) -> dict[str, Any]:
    """What the page of a model that is not in use says instead."""
    return {"reason": str(chances.failure(why)), "leaving": found is not None and found.state in Evaluation.WITH_OUTCOME}


def _in_use_no_longer(why: str) -> EvaluationState:
    return EvaluationState.RETIRED if why == RETIRED else EvaluationState.STOPPED


def _state(found: Evaluated | None, needs: Sequence[DataNeed]) -> EvaluationState:
    if found is None or (found.state in Evaluation.WITH_OUTCOME and not found.stands):
        return EvaluationState.READY if _all_there(needs) else EvaluationState.NEEDS
    return _STATES[found.state]


def _all_there(needs: Sequence[DataNeed]) -> bool:
    return all(need.state is DataState.HAVE for need in needs)


def _connected(citizen_id: UUID) -> frozenset[str]:
    return frozenset(connections.standing(citizen_id=citizen_id).values_list("source__agency__code", flat=True))


def _needs(contract: Contract, ground: Ground, connected: Collection[str], vocabulary: Vocabulary) -> tuple[DataNeed, ...]:
    allowed = ground.allowed(contract.purpose)

    def need(category: str) -> DataNeed:
        source = vocabulary.source_of(category)
        facts = tuple(_label(i.fact, vocabulary) for i in contract.inputs if i.category == category)
        state, url = DataState.HAVE, ""
        if category in derived.owners():
            state, url = _of_model(category, ground, allowed)
        elif category not in allowed:
            state, url = DataState.NOT_ALLOWED if source in connected else DataState.NOT_CONNECTED, connect_url(source)
        elif category not in ground.held:
            state, url = DataState.NOT_FETCHED, reverse("portal:sources")
        return DataNeed(vocabulary.category(category), vocabulary.agency(derived.owners().get(category, source)), facts, state, url)

    return tuple(need(category) for category in contract.categories)


def _of_model(category: str, ground: Ground, allowed: Collection[str]) -> tuple[DataState, str]:
    """Another model's result: first worked out and kept, then allowed for this."""
    if category not in ground.held:
        made_by = next((v for v in offered() if v.contract.result == category), None)
        return (DataState.NOT_KEPT, reverse("portal:evaluation", args=[made_by.pk])) if made_by else (DataState.NO_MODEL, "")
    if category not in allowed:
        return DataState.NOT_ALLOWED, reverse("portal:use_estimate", args=[category])
    return DataState.HAVE, ""


def _estimates(contract: Contract, found: Evaluated) -> tuple[EstimateView, ...]:
    base = chances.base_of(found.values.values())
    return tuple(_estimate(o, found.values[o.code], base) for o in contract.outputs if o.code in found.values)


def _estimate(output: Output, value: float, base: int) -> EstimateView:
    reference = output.reference
    return EstimateView(
        code=output.code,
        name=_text(output.name),
        months=output.horizon_months,
        frequency=chances.frequency(value, base),
        percent=chances.percent(value),
        explained=chances.explained(value, base, output.horizon_months),
        position=chances.position(reference.share_at_or_below(value), reference.n),
        scale=chances.scale(value, reference.quantiles, reference.n),
    )


def _quality(output: Output) -> QualityView:
    measured = output.performance
    return QualityView(
        name=_text(output.name),
        sentence=chances.discrimination(measured.auc, measured.auc_low, measured.auc_high),
        people=measured.n,
        events=measured.events,
        calibration=tuple(CalibrationRow(*found) for found in measured.calibration),
    )


def _unfit(fact: str, why: str, contract: Contract, vocabulary: Vocabulary) -> UnfitView:
    known = next((i for i in contract.inputs if i.fact == fact), None)
    if why == "out_of_range" and known is not None:
        said = chances.out_of_range(formats.quantity(known.minimum, known.unit), formats.quantity(known.maximum, known.unit))
    elif why == "unknown_value" and known is not None:
        said = chances.unknown_value(_known_values(known, vocabulary))
    elif why == evaluate.ANOTHER_FORM:
        said = chances.another_form()
    elif why == evaluate.NO_MODEL:
        said = chances.no_model()
    else:
        said = chances.missing()
    category = fact.rpartition(".")[0]
    return UnfitView(_label(fact, vocabulary), vocabulary.agency(derived.owners().get(category, vocabulary.source_of(category))), said)


def _known_values(known: Input, vocabulary: Vocabulary) -> str:
    category, _, key = known.fact.rpartition(".")
    named, language = vocabulary.fact_schema(category, key).get("x-values", {}), formats.language()
    return ", ".join(named.get(value, {}).get(language, value) for value in known.values)


def _label(fact: str, vocabulary: Vocabulary) -> Text:
    category, _, key = fact.rpartition(".")
    label: Text = vocabulary.fact_schema(category, key)["x-label"]
    return label


def _text(texts: Texts) -> Text:
    return {"fi": texts.fi, "sv": texts.sv, "en": texts.en}
