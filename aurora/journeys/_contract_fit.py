"""Whether a model's contract speaks of what there is: its purpose, and each input as the vocabulary has it today.

A model is run on facts of the twin. An input that no category holds would always be missing; one in another unit would be a number that
means something else, and nobody would see it. So a contract is judged when it comes in, when it is released, and whenever its model is to be
run; and so is each fact that was kept under an older version of its category.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from aurora.twin.evaluations import OUTCOMES
from aurora.twin.values import FactView
from consent import derived, purposes, queries
from consent.errors import AuroraError
from consent.models import DataCategoryVersion, Purpose
from recommender.evaluators.contract import Contract, Input, Outcomes

Schema = Mapping[str, Any]
PROBABILITY = "probability"  # the unit of what a model works out
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


class UnfitResult(ContractUnfit):
    code = "unfit_result"
    sentence = "The outputs cannot be kept as this kind of data."


class UnfitOutcomes(ContractUnfit):
    code = "unfit_outcomes"
    sentence = "What followed cannot be read from these facts."


class Today:
    """The vocabulary and the purposes as they are now; each is asked for once, and when it is needed."""

    def fits(self, contract: Contract) -> bool:
        try:
            self.check(contract)
        except ContractUnfit:
            return False
        return True

    def check(self, contract: Contract) -> None:
        """Raises `ContractUnfit` with the first thing that does not fit."""
        self._check_purpose(contract)
        for one in contract.inputs:
            category, _, key = one.fact.rpartition(".")
            if category not in self._current:
                raise UnknownCategory(f"{UnknownCategory.sentence} ({one.fact})")
            facts = self._current[category].schema["properties"]
            if key not in facts:
                raise UnknownFact(f"{UnknownFact.sentence} ({one.fact})")
            if fault := fault_of(one, facts[key]):
                raise UnfitFact(f"{UnfitFact.sentence} ({one.fact}: {fault})")
        if contract.result:
            self._check_result(contract)
        if contract.outcomes is not None:
            self._check_outcomes(contract, contract.outcomes)

    def in_another_form(self, contract: Contract, facts: Iterable[FactView]) -> tuple[str, ...]:
        """Those of the facts (`category.key`) that the model would misread, in the order of the inputs: they were kept under a version of their
        category that means something else by the value, and nobody has fetched them since."""
        kept = {fact.name: fact for fact in facts}
        used = [(one, kept[one.fact]) for one in contract.inputs if one.fact in kept]
        older = {(f.category, f.category_version) for _, f in used if f.category_version != self._current[f.category].version}
        if not older:
            return ()
        schemas = queries.schemas(older)
        return tuple(
            one.fact
            for one, fact in used
            if (at := (fact.category, fact.category_version)) in older
            and (
                fact.category_version < self._current[fact.category].binding_since
                or not _reads(one, schemas[at]["properties"].get(fact.key))
            )
        )

    def _check_result(self, contract: Contract) -> None:
        """Only the owner whom the vocabulary names fills a kind of data, so that nobody's result passes for another's."""
        if derived.owners().get(contract.result) != contract.owner or contract.result not in self._current:
            raise UnfitResult(f"{UnfitResult.sentence} ({contract.result}: not this owner's)")
        facts = self._current[contract.result].schema["properties"]
        for output in contract.outputs:
            if facts.get(output.code, {}).get("x-unit") != PROBABILITY:
                raise UnfitResult(f"{UnfitResult.sentence} ({contract.result}.{output.code})")

    def _check_outcomes(self, contract: Contract, outcomes: Outcomes) -> None:
        wanted = {outcomes.happened: ("boolean", ""), outcomes.months: ("integer", "months")}
        wanted |= {o.outcome: ("boolean", "") for o in contract.outputs if o.outcome}
        facts = self._current[outcomes.category].schema["properties"] if outcomes.category in self._current else {}
        for fact, (kind, unit) in wanted.items():
            found = facts.get(fact.rpartition(".")[2], {})
            if (found.get("type"), found.get("x-unit", "")) != (kind, unit):
                raise UnfitOutcomes(f"{UnfitOutcomes.sentence} ({fact})")
        needed = [*contract.categories, outcomes.category]
        if purposes.fitting(OUTCOMES, needed) != needed:
            raise UnfitOutcomes(f"{UnfitOutcomes.sentence} (citizens cannot consent to it)")

    @cached_property
    def _current(self) -> dict[str, DataCategoryVersion]:
        return {version.category_id: version for version in queries.current_categories()}

    @cached_property
    def _purposes(self) -> frozenset[str]:
        return frozenset(Purpose.objects.filter(kind=Purpose.Kind.CONNECT).values_list("pk", flat=True))

    def _check_purpose(self, contract: Contract) -> None:
        """A purpose of models only: what a citizen allowed for suggestions, say, must not be run through a model that names it."""
        if contract.purpose not in purposes.of_models() or contract.purpose not in self._purposes:
            raise UnknownPurpose()
        if purposes.fitting(contract.purpose, contract.categories) != list(contract.categories):
            raise UnfitPurpose()


def check(contract: Contract) -> None:
    """Raises `ContractUnfit` with the first thing that does not fit."""
    Today().check(contract)


def fault_of(one: Input, schema: Schema) -> str:
    """What does not fit, in a few words; "" if it fits."""
    if schema.get("type") not in KINDS[one.kind]:
        return f"it is of type {schema.get('type')}"
    if one.kind == "number":
        return _fault_of_number(one, schema)
    if one.kind == "word":
        return _fault_of_words(one, schema)
    return ""


def _reads(one: Input, schema: Schema | None) -> bool:
    """Whether a value of this schema is to the input what one of today's is. Narrower bounds, or fewer words, change no value's meaning."""
    return schema is not None and schema.get("type") in KINDS[one.kind] and (one.kind != "number" or one.unit == schema.get("x-unit", ""))


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
