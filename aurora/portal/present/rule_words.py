"""An eligibility rule in words: which facts it compares with what, as nested lists. The rule itself decides, not these words."""

from __future__ import annotations

from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import catalogue_words, formats
from aurora.ui.contexts import Clause
from recommender.eligibility import Rule
from recommender.eligibility.syntax import Condition, Node, Not, tokens
from recommender.facts import FACTS, Kind

_COMPARISONS = frozenset({">=", "<=", ">", "<", "==", "!=", "in"})
_UNITS = {Kind.AMOUNT: "crowns_per_year", Kind.AGE: "years", Kind.COUNT: "persons", Kind.METER: "of_10"}
_SIGNS = {"*": "×", "-": "−"}


def in_words(rule: Rule, vocabulary: Vocabulary, language: str) -> Clause:
    """The whole rule; a single condition stands alone."""
    return _clause(rule.tree, vocabulary, language)


def _clause(node: Node, vocabulary: Vocabulary, language: str) -> Clause:
    if isinstance(node, Condition):
        return Clause("condition", text=_condition(node.source, vocabulary, language))
    if isinstance(node, Not):
        return Clause("not", parts=(_clause(node.inner, vocabulary, language),))
    kind = "all" if node.kind == "and" else "any"
    return Clause(kind, parts=tuple(_clause(part, vocabulary, language) for part in node.parts))


def _condition(source: str, vocabulary: Vocabulary, language: str) -> str:
    found = list(tokens(source))
    at = next((place for place, (_, text) in enumerate(found) if text in _COMPARISONS), None)
    if at is None:
        return catalogue_words.compared("==", _side(found, vocabulary, language), catalogue_words.yes_or_no(truth=True))
    left, operator, right = found[:at], found[at][1], found[at + 1 :]
    facts = [text for kind, text in (*left, *right) if kind == "name" and text in FACTS]
    # Of persons, "more than 0" is one at least.
    if operator == ">" and [text for _, text in right] == ["0"] and len(facts) == 1 and FACTS[facts[0]].kind is Kind.COUNT:
        operator, right = ">=", [("number", "1")]
    if (said := _measured(right, facts)) is not None:
        return catalogue_words.compared(operator, _side(left, vocabulary, language), said)
    choices = facts[0] if facts and FACTS[facts[0]].kind is Kind.CHOICE else ""
    return catalogue_words.compared(operator, _side(left, vocabulary, language, choices), _side(right, vocabulary, language, choices))


def _measured(right: list[tuple[str, str]], facts: list[str]) -> str | None:
    """The number that one fact is compared with, in the fact's own unit; None where it is no such comparison."""
    if len(facts) != 1 or len(right) != 1 or right[0][0] != "number" or FACTS[facts[0]].kind not in _UNITS:
        return None
    return formats.quantity(int(right[0][1]), _UNITS[FACTS[facts[0]].kind])


def _side(found: list[tuple[str, str]], vocabulary: Vocabulary, language: str, choices: str = "") -> str:
    said = " ".join(_word(kind, text, vocabulary, language, choices) for kind, text in found)
    return said.replace("( ", "(").replace(" )", ")").replace("[ ", "").replace(" ]", "").replace(" ,", ",")


def _word(kind: str, text: str, vocabulary: Vocabulary, language: str, choices: str) -> str:
    if kind == "number":
        return formats.number(int(text))
    if kind == "text":
        return _value(choices, text[1:-1], vocabulary, language)
    if text in FACTS:
        category, _, key = text.rpartition(".")
        return str(vocabulary.fact_schema(category, key)["x-label"][language])
    return catalogue_words.yes_or_no(truth=text == "true") if text in ("true", "false") else _SIGNS.get(text, text)


def _value(fact: str, value: str, vocabulary: Vocabulary, language: str) -> str:
    category, _, key = fact.rpartition(".")
    values = vocabulary.fact_schema(category, key).get("x-values", {}) if fact else {}
    return str(values[value][language]) if value in values else value
