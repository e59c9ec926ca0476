"""An eligibility rule in CEL (Common Expression Language), compiled once, answered yes, no or unknown.

CEL gives the three answers: an unknown fact raises KeyError, and `||` and `&&` absorb it where the other side decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import cel

from recommender.eligibility.facts import Facts
from recommender.eligibility.outcome import Answer, Outcome
from recommender.eligibility.syntax import Condition, Node, Not, conditions, parse
from recommender.errors import RuleError
from recommender.facts import FACTS, FactValue, Kind
from recommender.profile import Profile


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A node under a profile: truth (None is unknown), the facts that settled it, the unknown facts that matter."""

    truth: bool | None
    facts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A compiled rule. Raises `RuleError` when made from text that is not a rule over known facts."""

    source: str
    _whole: cel.Program = field(init=False, repr=False)
    _tree: Node = field(init=False, repr=False)
    _programs: dict[str, cel.Program] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tree, programs, whole = _compiled(self.source)
        object.__setattr__(self, "_tree", tree)
        object.__setattr__(self, "_programs", programs)
        object.__setattr__(self, "_whole", whole)

    @property
    def tree(self) -> Node:
        """Its conditions under their connectives."""
        return self._tree

    @property
    def facts(self) -> tuple[str, ...]:
        """Keys of all facts that the rule names, in the order it names them."""
        return _merged(part.facts for part in conditions(self._tree))

    def answer(self, facts: Facts) -> Answer:
        """The answer alone: one evaluation of the whole rule."""
        try:
            return Answer.YES if self._whole.execute(facts.context) else Answer.NO
        except KeyError:
            return Answer.UNKNOWN

    def outcome(self, facts: Facts) -> Outcome:
        """The answer with the facts that settled it, or with the unknown facts that would."""
        verdict = self._judge(self._tree, facts)
        if verdict.truth is None:
            return Outcome(Answer.UNKNOWN, missing=verdict.missing)
        return Outcome(Answer.YES if verdict.truth else Answer.NO, decided_by=verdict.facts)

    def _judge(self, node: Node, facts: Facts) -> _Verdict:
        if isinstance(node, Condition):
            try:
                return _Verdict(bool(self._programs[node.source].execute(facts.context)), facts=node.facts)
            except KeyError:
                return _Verdict(None, missing=facts.profile.unknown(node.facts))
        if isinstance(node, Not):
            inner = self._judge(node.inner, facts)
            return _Verdict(None if inner.truth is None else not inner.truth, inner.facts, inner.missing)
        decisive = node.kind == "or"  # one true part settles an `or`, one false part an `and`
        parts = [self._judge(part, facts) for part in node.parts]
        settling = [part for part in parts if part.truth is decisive]
        if settling:
            return _Verdict(decisive, facts=_merged(part.facts for part in settling))
        unknown = [part for part in parts if part.truth is None]
        if unknown:
            return _Verdict(None, missing=_merged(part.missing for part in unknown))
        return _Verdict(not decisive, facts=_merged(part.facts for part in parts))


# A catalogue is made of texts again at each import and each search index, and many services of one have the same conditions.
@lru_cache(maxsize=4096)
def _compiled(source: str) -> tuple[Node, dict[str, cel.Program], cel.Program]:
    """Its tree, its conditions by their text, and the whole; nobody changes any of them. Raises `RuleError`."""
    tree = parse(source)
    try:
        programs = {part.source: cel.compile(part.source) for part in conditions(tree)}
        whole = cel.compile(source)
    except ValueError as error:
        raise RuleError(f"The rule does not compile: {source!r}.") from error
    _refuse_what_is_no_condition({**programs, source: whole}, _merged(part.facts for part in conditions(tree)))
    return tree, programs, whole


def _merged(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for group in groups for key in group))


def _refuse_what_is_no_condition(programs: dict[str, cel.Program], keys: tuple[str, ...]) -> None:
    """Tries every condition on example values and on the largest, so that a wrong type, or a product beyond 64 bits, fails when the catalogue loads and not later."""
    for largest in (False, True):
        example = Facts(Profile({key: _example(key, largest=largest) for key in keys}))
        for source, program in programs.items():
            try:
                truth = program.execute(example.context)
            except Exception as error:
                fault = "grows beyond what can be counted" if largest else "mixes values of different types"
                raise RuleError(f"The condition {source!r} {fault}.") from error
            if not isinstance(truth, bool):
                raise RuleError(f"The condition {source!r} is neither true nor false.")


def _example(key: str, *, largest: bool) -> FactValue:
    definition = FACTS[key]
    if definition.kind is Kind.FLAG:
        return False
    if definition.kind is Kind.CHOICE:
        return definition.choices[0]
    examples = {Kind.REGION: "R00", Kind.MUNICIPALITY: "000"}
    return examples.get(definition.kind, definition.maximum if largest else max(0, definition.minimum))
