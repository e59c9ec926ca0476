"""The contract: what is taken, and everything else refused."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.errors import EvaluatorRefused
from recommender.evaluators import documents
from recommender.evaluators.contract import Contract, Reference, of, parse
from recommender.evaluators.fit import NotApplicable, Unfit, fit
from tests.support.evaluators import FIT, document, output, texts

AGE, SEX, DIABETES = "hospital.surgery.age", "hospital.surgery.sex", "hospital.surgery.diabetes"
Refused = Callable[[str], pytest.RaisesExc[EvaluatorRefused]]


def contract(**changes: Any) -> Contract:
    return parse(json.dumps(document(**changes)).encode())[0]


def test_a_whole_contract_is_read() -> None:
    found = contract()
    assert (found.owner, found.identifier, found.version, found.synthetic) == ("hospital", "hip-risk", 1, True)
    assert (found.categories, found.models) == (("hospital.surgery",), ("models/infection.onnx",))
    assert [(i.fact, i.kind) for i in found.inputs] == [(AGE, "number"), (SEX, "word"), (DIABETES, "boolean")]
    assert (found.inputs[0].unit, found.inputs[0].minimum, found.inputs[0].maximum, found.inputs[1].values["male"]) == ("years", 18, 100, 1)
    assert [found.name.of(language) for language in ("fi", "sv", "en", "de")] == [
        f"Risk after hip surgery ({x})" for x in ("fi", "sv", "en", "en")
    ]
    assert found.outputs[0].performance.roc == ((0, 0), (0.2, 0.6), (1, 1))
    assert of(json.loads(json.dumps(document()))) == found


def test_a_whole_number_may_be_written_as_a_float() -> None:
    found = contract(version=2.0)
    assert found.version == 2
    assert isinstance(found.version, int)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"\xff{}",
        b"[" * 100_000,
        b'{"format": NaN}',
        b'{"format": 1e999}',
        b'{"format": 1' + b"0" * 5000 + b"}",
        b"{" + b" " * 300_000 + b"}",
        json.dumps(document()).replace('"version": 1,', '"version": 1, "version": 2,').encode(),
    ],
    ids=["nothing", "list", "cut", "not utf-8", "deep", "nan", "infinite", "endless", "large", "twice"],
)
def test_what_is_no_contract_is_refused(content: bytes, refused: Refused) -> None:
    with refused("contract_invalid"):
        parse(content)


@pytest.mark.parametrize(
    ("schema", "content"),
    [
        ("contract", {"inputs": [{}] * 400}),
        ("contract", document(inputs=[{"kind": "word", "fact": "a.b", "feature": "a", "values": {f"w{i}": "" for i in range(4000)}}])),
        ("vectors", {"vectors": [{}] * 400}),
    ],
    ids=["inputs", "words of one input", "vectors"],
)
def test_a_document_of_faults_costs_no_more_than_its_first(schema: str, content: Any) -> None:
    """An error is kilobytes; a document has room for a hundred thousand."""
    documents.read(json.dumps(document()).encode(), schema="contract.schema.json", largest=10_000)  # the libraries are loaded
    raw = json.dumps(content).encode()
    tracemalloc.start()
    with pytest.raises(documents.Malformed):
        documents.read(raw, schema=f"{schema}.schema.json", largest=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * len(raw) + 500_000


def bad_input(**changes: Any) -> dict[str, Any]:
    return {"inputs": [{**document()["inputs"][0], **changes}, *document()["inputs"][1:]]}


def measured(**changes: Any) -> dict[str, Any]:
    return {"outputs": [output(performance={**output()["performance"], **changes})]}


def spread(*quantiles: tuple[float, float]) -> dict[str, Any]:
    return {"outputs": [output(reference={"n": 10, "quantiles": [{"p": p, "value": v} for p, v in quantiles]})]}


WRONG: dict[str, dict[str, Any]] = {
    "an unknown field": {"callback": "https://example.org"},
    "another format": {"format": 2},
    "version 0": {"version": 0},
    "version as text": {"version": "1"},
    "version true": {"version": True},
    "an identifier that climbs": {"identifier": "../../etc"},
    "an identifier that ends in a new line": {"identifier": "hip-risk\n"},
    "an owner in capitals": {"owner": "HOSPITAL"},
    "a language missing": {"name": {"fi": "a", "en": "b"}},
    "a language too many": {"name": {**texts("a"), "de": "b"}},
    "blanks": {"name": {**texts("a"), "sv": "  "}},
    "a long name": {"name": texts("a" * 130)},
    "a name of two lines": {"name": texts("a\nb")},
    "text that turns about": {"meaning": texts("safe \u202etxet")},
    "a name of no width": {"name": {**texts("a"), "sv": "\u200b"}},
    "a name of a filler": {"name": {**texts("a"), "sv": "\u3164"}},
    "a name of marks": {"name": {**texts("a"), "sv": "\u0301"}},
    "a break that is not seen": {"name": texts("safe\u00adty")},
    "a tag that is not seen": {"meaning": texts("a\U000e0041")},
    "a letter of nobody's": {"meaning": texts("a\ue000")},
    "a letter that does not exist": {"meaning": texts("a\u0378")},
    "a heap of marks": {"name": texts("a" + 3 * "\u0301")},
    "a NUL": {"limits": texts("a\x00b")},
    "an escape": {"limits": texts("a\x1b[31mb")},
    "nobody responsible": {"responsible": {"name": "a"}},
    "no inputs": {"inputs": []},
    "too many inputs": {"inputs": [{"fact": f"a.b{i}", "feature": f"f{i}", "kind": "boolean"} for i in range(65)]},
    "no outputs": {"outputs": []},
    "an unknown kind": bad_input(kind="date"),
    "a number with words": bad_input(values={"a": 1, "b": 2}),
    "a number without range": {"inputs": [{"fact": AGE, "feature": "age", "kind": "number", "unit": "years"}]},
    "a range turned round": bad_input(minimum=100, maximum=18),
    "a range of one": bad_input(minimum=18, maximum=18),
    "a huge range": bad_input(maximum=1e30),
    "a fact that is no fact": bad_input(fact="age"),
    "the same fact twice": bad_input(fact=SEX),
    "the same feature twice": bad_input(feature="sex"),
    "one word": {"inputs": [{"fact": SEX, "feature": "sex", "kind": "word", "values": {"female": 0}}]},
    "two words of one number": {"inputs": [{"fact": SEX, "feature": "sex", "kind": "word", "values": {"female": 1, "male": 1}}]},
    "a word of two lines": {"inputs": [{"fact": SEX, "feature": "sex", "kind": "word", "values": {"female": 0, "male\n": 1}}]},
    "a model elsewhere": {"outputs": [output(model="models/../vectors.json")]},
    "a model that ends in a new line": {"outputs": [output(model="models/infection.onnx\n")]},
    "an output twice": {"outputs": [output(), output()]},
    "a column below": {"outputs": [output(column=-1)]},
    "no horizon": {"outputs": [output(horizon_months=0)]},
    "more events than people": measured(events=1001),
    "an event in everybody": measured(events=1000),
    "an event in nobody": measured(events=0),
    "no people": measured(n=0, events=0),
    "nobody to compare with": {"outputs": [output(reference={**output()["reference"], "n": 0})]},
    "an AUC out of its interval": measured(auc=0.9),
    "an AUC above one": measured(auc_high=1.2),
    "ROC points that fall": measured(roc=[{"fpr": 0, "tpr": 0}, {"fpr": 0.5, "tpr": 0.9}, {"fpr": 0.6, "tpr": 0.8}, {"fpr": 1, "tpr": 1}]),
    "ROC points that do not begin": measured(roc=[{"fpr": 0.1, "tpr": 0}, {"fpr": 0.5, "tpr": 0.9}, {"fpr": 1, "tpr": 1}]),
    "calibration that falls": measured(
        calibration=[{"predicted": 0.2, "observed": 0.1, "n": 500}, {"predicted": 0.1, "observed": 0.1, "n": 500}]
    ),
    "calibration of more than were measured": measured(n=999),
    "calibration of fewer than were measured": measured(n=1001),
    "a bin of nobody": measured(calibration=[{"predicted": 0.1, "observed": 0.1, "n": 1000}, {"predicted": 0.2, "observed": 0.1, "n": 0}]),
    "quantiles that fall": spread((0, 0.1), (0.5, 0.05), (1, 0.9)),
    "quantiles that stop": spread((0, 0.1), (0.5, 0.2), (0.9, 0.9)),
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_a_contract_is_refused(changes: dict[str, Any], refused: Refused) -> None:
    with refused("contract_invalid"):
        contract(**changes)


@pytest.mark.parametrize("name", sorted(document()))
def test_every_field_is_required(name: str, refused: Refused) -> None:
    found = document()
    del found[name]
    with refused("contract_invalid"):
        parse(json.dumps(found).encode())


def test_a_refusal_says_where_and_no_value() -> None:
    with pytest.raises(EvaluatorRefused) as caught:
        contract(**bad_input(minimum="sekrit"))
    assert "/inputs/0" in caught.value.sentence
    assert "sekrit" not in caught.value.sentence


def test_long_texts_may_have_lines() -> None:
    assert contract(meaning=texts("a\nb")).meaning.en == "a\nb (en)"


@pytest.mark.parametrize("text", ["Å, ä; ö – 5 %", "A\u030a a\u0308", "e\u0302\u0301", "≥ 3 × 10⁹/l", "”niin”"])
def test_plain_text_stays_as_it_was_written(text: str) -> None:
    assert contract(name={"fi": text, "sv": text, "en": text}).name.fi == text


def test_where_a_value_stands_among_the_owners_people() -> None:
    reference = Reference(10, ((0, 0.1), (0.25, 0.2), (0.5, 0.2), (1.0, 0.6)))
    assert [reference.share_at_or_below(v) for v in (0, 0.1, 0.15, 0.2, 0.4, 0.6, 1)] == pytest.approx([0, 0, 0.125, 0.5, 0.75, 1, 1])


def test_facts_become_the_row_in_the_order_of_columns() -> None:
    assert fit(contract(), {DIABETES: True, SEX: "male", AGE: 67, "tax.income.wages": 1}) == (67.0, 1.0, 1.0)
    assert fit(contract(), {**FIT, AGE: 18}) == (18.0, 0.0, 1.0)
    assert fit(contract(), {**FIT, AGE: 100.0}) == (100.0, 0.0, 1.0)


def test_every_reason_is_told() -> None:
    assert fit(contract(), {AGE: 17, SEX: "other"}) == NotApplicable(
        (Unfit(AGE, "out_of_range"), Unfit(SEX, "unknown_value"), Unfit(DIABETES, "missing"))
    )


@pytest.mark.parametrize(
    ("fact", "value", "why"),
    [
        (AGE, None, "missing"),
        (AGE, 17.999, "out_of_range"),
        (AGE, 100.001, "out_of_range"),
        (AGE, 10**400, "out_of_range"),
        (AGE, math.nan, "unknown_value"),
        (AGE, math.inf, "unknown_value"),
        (AGE, True, "unknown_value"),
        (AGE, "67", "unknown_value"),
        (AGE, [67], "unknown_value"),
        (SEX, "Female", "unknown_value"),
        (SEX, 0, "unknown_value"),
        (SEX, ["female"], "unknown_value"),
        (DIABETES, 1, "unknown_value"),
        (DIABETES, "true", "unknown_value"),
        (DIABETES, None, "missing"),
    ],
)
def test_what_does_not_fit_gives_a_reason_and_no_row(fact: str, value: Any, why: str) -> None:
    assert fit(contract(), {**FIT, fact: value}) == NotApplicable((Unfit(fact, why),))


@given(
    st.dictionaries(st.sampled_from([AGE, SEX, DIABETES]), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8))
)
def test_whatever_the_facts_a_row_is_within_the_contract(facts: dict[str, Any]) -> None:
    row = fit(contract(), facts)
    if not isinstance(row, NotApplicable):
        assert 18 <= row[0] <= 100
        assert row[1] in (0, 1)
        assert row[2] in (0, 1)
