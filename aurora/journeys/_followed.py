"""What followed, beside what a model says: read from the facts of one category, as the contract names them."""

from __future__ import annotations

from collections.abc import Sequence

from aurora.journeys._record import Record
from aurora.twin.models import Evaluation
from aurora.twin.values import FactView
from recommender.evaluators.contract import Contract

State = Evaluation.State
# Why a pair is none: nobody says what followed; the model's inputs were noted after it, and may have known of it.
UNTOLD, TOO_LATE = "untold", "too_late"


def categories(contract: Contract) -> tuple[str, ...]:
    """What a pair is made of: the model's inputs, and what followed."""
    assert contract.outcomes is not None
    return tuple(sorted({*contract.categories, contract.outcomes.category}))


def beside(state: State, record: Record, contract: Contract, facts: Sequence[FactView]) -> tuple[State, Record]:
    """The outcome of an evaluation with what followed; not applicable where that is not told, or was known when the inputs were noted."""
    if state != State.DONE:
        return state, record
    assert contract.outcomes is not None
    held = {fact.name: fact for fact in facts}
    happened, months = held.get(contract.outcomes.happened), held.get(contract.outcomes.months)
    if happened is None or months is None or not isinstance(happened.value, bool) or not isinstance(months.value, int):
        return State.NOT_APPLICABLE, record.ended(values={}, because=((contract.outcomes.happened, UNTOLD),))
    late = [one.fact for one in contract.inputs if held[one.fact].observed_at > happened.observed_at]
    if late:
        return State.NOT_APPLICABLE, record.ended(values={}, because=tuple((fact, TOO_LATE) for fact in late))
    events = {
        output.code: held[output.outcome].value
        for output in contract.outputs
        if output.outcome in held and isinstance(held[output.outcome].value, bool)
    }
    followed = {"happened": happened.value, "months": months.value, "events": events, "day": happened.observed_at.date().isoformat()}
    return State.DONE, record.ended(followed=followed)
