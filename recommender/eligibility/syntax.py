"""Splits a CEL rule at its connectives, leaving each condition between them to the CEL engine.

Only the engine decides whether a condition holds. The split is there to say which unknown facts still matter, which the
engine does not tell: it names the first one that it stumbles on. Grammar (a subset of CEL): conditions joined by `||` and
`&&`, negated by `!` before a parenthesis or a fact, grouped by parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from recommender.errors import RuleError
from recommender.facts import FACTS, Kind

# CEL has no loops but its macros (all, exists, map), which are calls and refused. What is left costs time by its length alone: these bound it.
LONGEST_RULE = 2000  # characters
DEEPEST_NESTING = 20  # parentheses within parentheses
MOST_CONDITIONS = 100  # between the connectives
LONGEST_CONDITION = 60  # words and signs

_TOKEN = re.compile(
    r"\s*(?:(?P<connective>&&|\|\||!(?!=))|(?P<operator>==|!=|<=|>=|[<>+\-*,])|(?P<bracket>[()\[\]])"
    r"|(?P<number>[0-9]+)(?![\w.])|(?P<text>'[^'\\\n]*'|\"[^\"\\\n]*\")|(?P<name>[A-Za-z_][\w.]*))"
)
_WORDS = frozenset({"true", "false", "in"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of the rule without connectives, for example `tax.income.wages <= 20000`."""

    source: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    inner: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """All of the parts (`and`) or any of them (`or`)."""

    kind: Literal["and", "or"]
    parts: tuple[Node, ...]


Node: TypeAlias = Condition | Not | Junction
_Token: TypeAlias = tuple[str, str]


def tokens(rule: str) -> Iterator[_Token]:
    """(kind, text) of each token. Raises `RuleError` for what the subset leaves out: calls, `?:`, unknown facts."""
    if len(rule) > LONGEST_RULE:
        raise RuleError(f"A rule may have at most {LONGEST_RULE} characters.")
    position, end = 0, len(rule.rstrip())
    while position < end:
        match = _TOKEN.match(rule, position)
        if match is None or match.lastgroup is None:
            raise RuleError(f"The rule cannot be read from character {position + 1} on: {rule[position : position + 20]!r}.")
        kind, text = match.lastgroup, match.group(match.lastgroup)
        if kind == "name" and text not in _WORDS and text not in FACTS:
            raise RuleError(f"The rule names {text!r}, which is not a fact.")
        yield kind, text
        position = match.end()


def parse(rule: str) -> Node:
    """The rule as a tree of connectives over conditions. Raises `RuleError`."""
    found = list(tokens(rule))
    node, position = _any(found, 0, 0)
    if position != len(found):
        raise RuleError(f"The rule has a stray {found[position][1]!r}.")
    if sum(1 for _ in conditions(node)) > MOST_CONDITIONS:
        raise RuleError(f"A rule may have at most {MOST_CONDITIONS} conditions.")
    return node


def conditions(node: Node) -> Iterator[Condition]:
    """Every condition of the tree, left to right."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Not):
        yield from conditions(node.inner)
    else:
        for part in node.parts:
            yield from conditions(part)


def _any(found: list[_Token], position: int, depth: int) -> tuple[Node, int]:
    return _joined(found, position, depth, "or")


def _joined(found: list[_Token], position: int, depth: int, kind: Literal["and", "or"]) -> tuple[Node, int]:
    sign = "||" if kind == "or" else "&&"
    parts: list[Node] = []
    while True:
        part, position = _joined(found, position, depth, "and") if kind == "or" else _single(found, position, depth)
        parts.append(part)
        if position == len(found) or found[position][1] != sign:
            return (parts[0] if len(parts) == 1 else Junction(kind, tuple(parts))), position
        position += 1


def _single(found: list[_Token], position: int, depth: int) -> tuple[Node, int]:
    if depth > DEEPEST_NESTING:
        raise RuleError("The rule is nested too deeply.")
    if position < len(found) and found[position] == ("connective", "!"):
        inner, after = _single(found, position + 1, depth + 1)
        # In CEL `!` binds tighter than a comparison: `!a > 3` would negate a number.
        if isinstance(inner, Condition) and found[position + 1][1] != "(" and after != position + 2:
            raise RuleError("A rule may use ! only before a parenthesis or a fact that is true or false.")
        return Not(inner), after
    if position < len(found) and found[position][1] == "(" and _groups(found, position):
        inner, position = _any(found, position + 1, depth + 1)
        if position == len(found) or found[position][1] != ")":
            raise RuleError("The rule has a parenthesis that is not closed.")
        return inner, position + 1
    return _condition(found, position)


def _groups(found: list[_Token], start: int) -> bool:
    """Whether the parenthesis at `start` groups conditions, rather than numbers as in `(a + b) * 2 < c`."""
    depth = 0
    for index in range(start, len(found)):
        depth += {"(": 1, ")": -1}.get(found[index][1], 0)
        if depth == 0:
            follower = found[index + 1] if index + 1 < len(found) else ("connective", "")
            return follower[0] == "connective" or follower[1] == ")"
    raise RuleError("The rule has a parenthesis that is not closed.")


def _condition(found: list[_Token], position: int) -> tuple[Condition, int]:
    start, depth = position, 0
    while position < len(found):
        kind, text = found[position]
        if kind == "connective" or (text == ")" and depth == 0):
            break
        before = found[position - 1] if position > start else ("", "")
        if text == "(" and before[0] in ("name", "number", "text") and before[1] not in _WORDS:
            raise RuleError("A rule may not call anything.")
        depth += {"(": 1, ")": -1}.get(text, 0)
        position += 1
    if position == start:
        raise RuleError("The rule lacks a condition.")
    piece = found[start:position]
    if len(piece) > LONGEST_CONDITION:
        raise RuleError(f"A condition may have at most {LONGEST_CONDITION} words and signs.")
    facts = tuple(dict.fromkeys(text for kind, text in piece if text in FACTS))
    _refuse_words_that_no_fact_takes(facts, [text[1:-1] for kind, text in piece if kind == "text"])
    return Condition(" ".join(text for _, text in piece), facts), position


def _refuse_words_that_no_fact_takes(facts: tuple[str, ...], words: list[str]) -> None:
    """A misspelt choice would compile and never hold."""
    if not words:
        return
    for key in facts:
        definition = FACTS[key]
        if definition.kind not in (Kind.CHOICE, Kind.REGION):
            raise RuleError(f"The rule compares {key} with text.")
        if definition.kind is Kind.CHOICE and not set(words) <= set(definition.choices):
            raise RuleError(f"The rule compares {key} with a word that it never takes.")
    if not facts:
        raise RuleError("The rule compares text with text.")
