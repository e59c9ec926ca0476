"""Whether a model's contract speaks of what there is: its purpose, and each input as the vocabulary has it today.

A model is run on facts of the twin. An input that no category holds would always be missing; one in another unit would be a number that
means something else, and nobody would see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consent import purposes, queries
from consent.errors import AuroraError
from consent.models import Purpose
from recommender.evaluators.contract import Contract, Input

Schema = Mapping[str, Any]
KINDS: Mapping[str, frozenset[str]] = {
    "number": frozenset({"integer", "number"}),
    "boolean": frozenset({"boolean"}),
    "word": frozenset({"string"}),
}


class ContractUnfit(AuroraError):
    """422. `sentence` names fact or purpose; these are the owner's own words."""

    status = 422


class UnknownPurpose(ContractUnfit):
    code = "unknown_purpose"
    sentence = "Aurora has no such purpose for models: citizens could not consent to it."


class UnfitPurpose(ContractUnfit):
    code = "unfit_purpose"
    sentence = "The purpose is not about all the data that the inputs need."


class UnknownCategory(ContractUnfit):
    code = "unknown_category"
    sentence = "An input names a kind of data that Aurora does not know."


class UnknownFact(ContractUnfit):
    code = "unknown_fact"
    sentence = "An input names a fact that its kind of data does not hold."


class UnfitFact(ContractUnfit):
    code = "unfit_fact"
    sentence = "An input is not as the vocabulary has this fact."


def check(contract: Contract) -> None:
    """Raises `ContractUnfit` with the first thing that does not fit."""
    _check_purpose(contract)
    current = {v.category_id: v.schema["properties"] for v in queries.current_categories(contract.categories)}
    for one in contract.inputs:
        category, _, key = one.fact.rpartition(".")
        if category not in current:
            raise UnknownCategory(f"{UnknownCategory.sentence} ({one.fact})")
        if key not in current[category]:
            raise UnknownFact(f"{UnknownFact.sentence} ({one.fact})")
        if fault := fault_of(one, current[category][key]):
            raise UnfitFact(f"{UnfitFact.sentence} ({one.fact}: {fault})")


def _check_purpose(contract: Contract) -> None:
    """A purpose of models only: what a citizen allowed for suggestions, say, must not be run through a model that names it."""
    if contract.purpose not in purposes.of_models() or not Purpose.objects.filter(pk=contract.purpose, kind=Purpose.Kind.CONNECT).exists():
        raise UnknownPurpose()
    if purposes.fitting(contract.purpose, contract.categories) != list(contract.categories):
        raise UnfitPurpose()


def fault_of(one: Input, schema: Schema) -> str:
    """What does not fit, in a few words; "" if it fits."""
    if schema.get("type") not in KINDS[one.kind]:
        return f"it is of type {schema.get('type')}"
    if one.kind == "number":
        return _fault_of_number(one, schema)
    if one.kind == "word":
        return _fault_of_words(one, schema)
    return ""


def _fault_of_number(one: Input, schema: Schema) -> str:
    if one.unit != schema.get("x-unit", ""):
        return f"its unit is {schema.get('x-unit') or 'none'}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and one.minimum < low:
        return f"it is at least {low}"
    if high is not None and one.maximum > high:
        return f"it is at most {high}"
    return ""


def _fault_of_words(one: Input, schema: Schema) -> str:
    """Fewer words than there are is the model's own limit: who has another gets no number from it."""
    known = schema.get("enum")
    if known is None:
        return "it is no choice of words"
    return "" if set(one.values) <= set(known) else f"it is one of {', '.join(known)}"
