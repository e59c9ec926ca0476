"""A rule over many households at once: the same three answers as `Rule.answer`, as arrays over rows of numbers.

CEL answers one household in some microseconds; a batch has a million. Conditions are read a second time here, as sums and products of facts compared with one another,
which is all that the catalogue's rules of programmes are. Whatever goes beyond that is refused and left to CEL. A test holds both readings to the same answers.

Numbers are float64 as in `features.matrix`: exact, because amounts are below 10^15 and no whole number below 2^53 is rounded. Where a condition could reach it, it is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommender.eligibility.rule import Rule
from recommender.eligibility.syntax import Condition, Node, Not
from recommender.errors import RuleError
from recommender.facts import FACTS, Kind

Floats: TypeAlias = npt.NDArray[np.float64]
Truths: TypeAlias = npt.NDArray[np.bool_]
# float64[n] of a fact, NaN where unknown; a choice is its place in the fact's list.
Column: TypeAlias = Callable[[str], Floats]
EXACT = 2**53

_COMPARED: Mapping[type, Callable[..., Truths]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_COUNTED: Mapping[type, Callable[..., Floats]] = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply}


def answers(rule: Rule, column: Column) -> tuple[Truths, Truths]:
    """(yes, no), each bool[n]; neither is unknown. Raises `RuleError` where the rule goes beyond sums, products and comparisons."""
    return _node(rule.tree, column)


def _node(node: Node, column: Column) -> tuple[Truths, Truths]:
    if isinstance(node, Condition):
        return _condition(node, column)
    if isinstance(node, Not):
        yes, no = _node(node.inner, column)
        return no, yes
    parts = [_node(part, column) for part in node.parts]
    every, some = (0, 1) if node.kind == "and" else (1, 0)
    # All parts of an `and` must say yes, one no settles it; for an `or` the other way round.
    settled = np.logical_and.reduce([part[every] for part in parts]), np.logical_or.reduce([part[some] for part in parts])
    return settled if node.kind == "and" else (settled[1], settled[0])


def _condition(condition: Condition, column: Column) -> tuple[Truths, Truths]:
    try:
        # CEL's sums and comparisons are written as Python's: the tree is read, never run.
        read = ast.parse(condition.source, mode="eval").body
    except SyntaxError:
        raise RuleError(f"The condition {condition.source!r} has no form over columns.") from None
    values = {key: column(key) for key in condition.facts}
    unknown = np.logical_or.reduce([np.isnan(value) for value in values.values()])
    if isinstance(read, ast.Compare) and len(read.ops) == 1 and type(read.ops[0]) in _COMPARED:
        truth = _COMPARED[type(read.ops[0])](*_sides(read, condition, values))
    elif (key := _key(read)) in values and FACTS[key].kind is Kind.FLAG:
        truth = values[key] > 0
    else:
        raise RuleError(f"The condition {condition.source!r} has no form over columns.")
    return truth & ~unknown, ~truth & ~unknown


def _sides(read: ast.Compare, condition: Condition, values: Mapping[str, Floats]) -> tuple[Floats | float, Floats | float]:
    left, right = read.left, read.comparators[0]
    for one, other in ((left, right), (right, left)):
        key = _key(one)
        kind = FACTS[key].kind if key in values else None
        if kind is Kind.CHOICE:
            if isinstance(other, ast.Constant) and isinstance(other.value, str) and isinstance(read.ops[0], ast.Eq | ast.NotEq):
                return values[key], float(FACTS[key].choices.index(other.value))
            raise RuleError(f"The condition {condition.source!r} has no form over columns.")
        if kind is Kind.FLAG:
            if isinstance(other, ast.Name) and other.id in ("true", "false"):
                return values[key], float(other.id == "true")
            raise RuleError(f"The condition {condition.source!r} has no form over columns.")
    for side in (left, right):
        if _largest(side, condition) >= EXACT:
            raise RuleError(f"The condition {condition.source!r} counts beyond what columns hold exactly.")
    return _number(left, values), _number(right, values)


def _largest(read: ast.expr, condition: Condition) -> int:
    """What the expression cannot exceed in size, all facts within their bounds."""
    if isinstance(read, ast.BinOp) and type(read.op) in _COUNTED:
        one, other = _largest(read.left, condition), _largest(read.right, condition)
        return one * other if isinstance(read.op, ast.Mult) else one + other
    if isinstance(read, ast.UnaryOp) and isinstance(read.op, ast.USub):
        return _largest(read.operand, condition)
    if isinstance(read, ast.Constant) and type(read.value) is int:
        return read.value
    fact = FACTS.get(_key(read))
    if fact is None or fact.kind not in (Kind.AMOUNT, Kind.COUNT, Kind.AGE, Kind.METER):
        raise RuleError(f"The condition {condition.source!r} has no form over columns.")
    return max(abs(fact.minimum), fact.maximum)


def _number(read: ast.expr, values: Mapping[str, Floats]) -> Floats | float:
    if isinstance(read, ast.BinOp):
        return _COUNTED[type(read.op)](_number(read.left, values), _number(read.right, values))
    if isinstance(read, ast.UnaryOp):
        return np.negative(_number(read.operand, values))
    if isinstance(read, ast.Constant):
        return float(read.value)  # type: ignore[arg-type]
    return values[_key(read)]


def _key(read: ast.expr) -> str:
    """`tax.income.wages` of its tree, or nothing."""
    if isinstance(read, ast.Name):
        return read.id
    if isinstance(read, ast.Attribute) and (before := _key(read.value)):
        return f"{before}.{read.attr}"
    return ""
