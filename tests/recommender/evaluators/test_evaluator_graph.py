"""Models that are looked at and refused unrun, each by its own code; and the owner's vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from recommender.errors import EvaluatorRefused
from recommender.evaluators import graph
from recommender.evaluators.contract import parse as parse_contract
from recommender.evaluators.vectors import TOLERANCE, Vectors, judge, parse
from tests.support import evaluators as owner

Refused = Callable[[str], pytest.RaisesExc[EvaluatorRefused]]
ASKS = [{"tensor": "risk", "column": 0}]


def check(content: bytes, *, width: int = 3, asks: Sequence[dict[str, Any]] = ASKS) -> None:
    graph.check(content, width=width, asks=asks)


def changed(change: Callable[[ModelProto], object]) -> bytes:
    """Our good model with a change."""
    found = ModelProto.FromString(owner.model())
    change(found)
    return bytes(found.SerializeToString())


def with_node(op: str, *, domain: str = "", opset: int = 1, **attributes: Any) -> bytes:
    """Our good model with one node more before its end."""

    def change(m: ModelProto) -> None:
        m.graph.node[0].output[0] = "before"
        m.graph.node.insert(1, helper.make_node(op, ["before"], ["linear"], domain=domain, **attributes))
        if domain:
            m.opset_import.append(helper.make_opsetid(domain, opset))

    return changed(change)


def value(name: str, kind: int, shape: Sequence[Any]) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def replaced(field: str, *values: Any) -> Callable[[ModelProto], None]:
    def change(m: ModelProto) -> None:
        del getattr(m.graph, field)[:]
        getattr(m.graph, field).extend(values)

    return change


def test_a_good_model_is_taken() -> None:
    check(owner.model())
    check(owner.model(shape=[1, 3]))
    check(with_node("Identity"))


@pytest.mark.parametrize("model", ["gradient boosting", "logistic regression", "neural network", "random forest"])
def test_what_owners_tools_make_is_taken(model: str) -> None:
    """Converted as docs/agency/evaluators.md says."""
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    made = {
        "gradient boosting": GradientBoostingClassifier(n_estimators=5),
        "logistic regression": LogisticRegression(),
        "neural network": MLPClassifier((4,), max_iter=20),
        "random forest": RandomForestClassifier(5),
    }[model]
    rows = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32)
    with pytest.warns() if model == "neural network" else pytest.MonkeyPatch.context():
        made.fit(rows, rows[:, 0] > 0)
    content = to_onnx(made, rows[:1], options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3}).SerializeToString()
    check(content, asks=[{"tensor": "probabilities", "column": 1}])


def test_xgboost_as_the_hospital_converts_it_is_taken() -> None:
    import xgboost
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    rows = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32)
    made = xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(rows, rows[:, 0] > 0)
    content = convert_xgboost(made, initial_types=[("input", FloatTensorType([None, 3]))], target_opset=15).SerializeToString()
    check(content, asks=[{"tensor": "probabilities", "column": 1}])


def external(m: ModelProto) -> None:
    tensor = m.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def external_in_attribute(m: ModelProto) -> None:
    tensor = helper.make_tensor("c", TensorProto.FLOAT, [1], [1.0])
    tensor.external_data.add(key="location", value="../other")
    m.graph.node.append(helper.make_node("Constant", [], ["unused"], value=tensor))


def with_function(m: ModelProto) -> None:
    m.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    m.functions.append(
        helper.make_function("ai.onnx.ml", "Scaler", ["x"], ["y"], [helper.make_node("Identity", ["x"], ["y"])], m.opset_import)
    )


INNER = helper.make_graph([helper.make_node("Identity", ["linear"], ["in"])], "inner", [], [value("in", TensorProto.FLOAT, None)])


def hidden_graph(m: ModelProto) -> None:
    """An attribute that says it is a number and holds a graph."""
    attribute = m.graph.node[0].attribute.add(name="alpha", f=1.0, type=1)
    attribute.g.CopyFrom(INNER)


def sparse(m: ModelProto) -> None:
    values, indices = numpy_helper.from_array(np.ones(1, np.float32), "s"), numpy_helper.from_array(np.zeros(1, np.int64), "i")
    m.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [10**9]))


BAD: dict[str, tuple[str, bytes]] = {
    "nothing": ("model_unreadable", b""),
    "text": ("model_unreadable", b"this is no model"),
    "cut": ("model_unreadable", owner.model()[:-20]),
    "an empty graph": ("model_unreadable", changed(replaced("node"))),
    "a node that reads nothing": ("model_unreadable", changed(lambda m: m.graph.node[0].input.__setitem__(0, "nowhere"))),
    "an old form": ("model_unreadable", changed(lambda m: setattr(m, "ir_version", 3))),
    "a form of the future": ("model_unreadable", changed(lambda m: setattr(m, "ir_version", 99))),
    "weights of another size": ("model_unreadable", changed(lambda m: m.graph.initializer[0].dims.__setitem__(0, 4))),
    "many nodes": (
        "model_too_large",
        changed(lambda m: m.graph.node.extend([helper.make_node("Identity", ["x"], [f"n{i}"]) for i in range(2001)])),
    ),
    "many tensors": (
        "model_too_large",
        changed(lambda m: m.graph.initializer.extend([helper.make_tensor(f"t{i}", TensorProto.FLOAT, [1], [0]) for i in range(5001)])),
    ),
    "a long name": ("model_too_large", changed(lambda m: m.graph.node[0].output.append("n" * 301))),
    "external weights": ("external_data", changed(external)),
    "an external constant": ("external_data", changed(external_in_attribute)),
    "weights of text": (
        "model_shape",
        changed(lambda m: m.graph.initializer.append(helper.make_tensor("s", TensorProto.STRING, [1], [b"a"]))),
    ),
    "a custom domain": ("custom_operator", with_node("Steal", domain="com.example")),
    "a vendor's domain": ("custom_operator", with_node("Gelu", domain="com.microsoft")),
    "an unknown operator": ("custom_operator", with_node("Steal")),
    "a loop": ("custom_operator", with_node("Loop", body=INNER)),
    "a choice": ("custom_operator", with_node("If", then_branch=INNER, else_branch=INNER)),
    "a scan": ("custom_operator", with_node("Scan", body=INNER, num_scan_inputs=1)),
    "an operator that repeats": ("custom_operator", with_node("Tile")),
    "an operator that expands": ("custom_operator", with_node("ConstantOfShape")),
    "a map": ("custom_operator", with_node("ZipMap", domain="ai.onnx.ml", classlabels_int64s=[0, 1])),
    "operators of the future": ("custom_operator", changed(lambda m: setattr(m.opset_import[0], "version", 999))),
    "a domain that nobody uses": ("custom_operator", changed(lambda m: m.opset_import.append(helper.make_opsetid("evil", 1)))),
    "a function by an operator's name": ("custom_operator", changed(with_function)),
    "a graph in a number": ("custom_operator", changed(hidden_graph)),
    "training information": ("custom_operator", changed(lambda m: m.training_info.add())),
    "sparse weights": ("custom_operator", changed(sparse)),
    "chance": ("not_deterministic", with_node("RandomNormalLike")),
    "dice": ("not_deterministic", with_node("Bernoulli")),
    "two inputs": (
        "model_shape",
        changed(replaced("input", value("x", TensorProto.FLOAT, [None, 3]), value("y", TensorProto.FLOAT, [None, 3]))),
    ),
    "no input": ("model_shape", changed(replaced("input"))),
    "an input of another width": ("model_shape", changed(replaced("input", value("x", TensorProto.FLOAT, [None, 4])))),
    "an input of open width": ("model_shape", changed(replaced("input", value("x", TensorProto.FLOAT, [None, None])))),
    "an input of many rows": ("model_shape", changed(replaced("input", value("x", TensorProto.FLOAT, [2, 3])))),
    "an input of three dimensions": ("model_shape", changed(replaced("input", value("x", TensorProto.FLOAT, [None, 1, 3])))),
    "an input without shape": ("model_shape", changed(replaced("input", value("x", TensorProto.FLOAT, None)))),
    "an input of doubles": ("model_shape", changed(replaced("input", value("x", TensorProto.DOUBLE, [None, 3])))),
    "an input of text": ("model_shape", changed(replaced("input", value("x", TensorProto.STRING, [None, 3])))),
    "no such output": ("model_shape", changed(replaced("output", value("linear", TensorProto.FLOAT, [None, 1])))),
    "an output of numbers": ("model_shape", changed(replaced("output", value("risk", TensorProto.INT64, [None, 1])))),
    "an output of three dimensions": ("model_shape", changed(replaced("output", value("risk", TensorProto.FLOAT, [None, 1, 1])))),
}


@pytest.mark.parametrize(("code", "content"), BAD.values(), ids=BAD)
def test_a_bad_model_is_refused_unrun(code: str, content: bytes, refused: Refused) -> None:
    with refused(code):
        check(content)


def test_columns_that_are_not_there_are_refused(refused: Refused) -> None:
    with refused("model_shape"):
        check(owner.model(), asks=[*ASKS, {"tensor": "risk", "column": 1}])
    flat = changed(replaced("output", value("risk", TensorProto.FLOAT, [None])))
    with refused("model_shape"):
        check(flat, asks=[{"tensor": "risk", "column": 1}])
    checker.check_model(ModelProto.FromString(owner.model()), full_check=True)  # what is refused above is valid ONNX


def test_a_name_in_a_refusal_is_plain() -> None:
    with pytest.raises(EvaluatorRefused) as caught:
        check(with_node("<script>\u202e", domain="evil\n"))
    assert caught.value.sentence.isprintable()
    assert "<" not in caught.value.sentence


CONTRACT = parse_contract(json.dumps(owner.document()).encode())[0]


def vectors(change: Callable[[dict[str, Any]], object] = lambda v: None) -> Vectors:
    found = owner.vectors()
    change(found)
    return parse(json.dumps(found).encode(), CONTRACT)


def test_vectors_are_read() -> None:
    found = vectors()
    assert len(found.rows) == len(found.expected) == 12
    assert (found.rows[1], found.expected[0]) == ((25, 1, 1), (owner.vectors()["vectors"][0]["values"]["infection"],))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("vectors_invalid", lambda v: v["vectors"].pop(0) and v["vectors"].pop(0) and v["vectors"].pop(0)),
        ("vectors_invalid", lambda v: v["vectors"][0].update(note="a")),
        ("vectors_invalid", lambda v: v["vectors"][0]["facts"].update({"tax.income.wages": 1})),
        ("vectors_invalid", lambda v: v["vectors"][0]["facts"].update({"hospital.surgery.age": 17})),
        ("vectors_invalid", lambda v: v["vectors"][0]["values"].update(death=0.1)),
        ("vectors_invalid", lambda v: v["vectors"][0].update(values={})),
        ("vectors_invalid", lambda v: v["vectors"][0]["values"].update(infection=1.5)),
        ("vectors_invalid", lambda v: v["vectors"][0].update(not_applicable=[{"fact": "a", "why": "missing"}])),
        ("vectors_invalid", lambda v: v["vectors"][0].pop("values")),
        ("vectors_invalid", lambda v: v.update(vectors=v["vectors"] * 100)),
        ("vectors_differ", lambda v: v["vectors"][-1]["not_applicable"].pop()),
        ("vectors_differ", lambda v: v["vectors"][-1].update(facts=owner.FIT)),
    ],
    ids=["few", "field", "fact", "unfit", "output", "empty", "bound", "both", "neither", "many", "reasons", "applicable"],
)
def test_bad_vectors_are_refused(code: str, change: Callable[[dict[str, Any]], object], refused: Refused) -> None:
    with refused(code):
        vectors(change)


def test_vectors_are_judged_by_two_runs(refused: Refused) -> None:
    wanted = Vectors(((1.0,), (2.0,)), ((0.25, 0.5), (0.5, 0.75)))
    good = [[0.25, 0.5], [0.5, 0.75]]
    near = [[0.25, 0.5], [0.5, 0.75 - 9e-6]]
    assert judge(wanted, good, good) == 0
    assert judge(wanted, near, near) == pytest.approx(9e-6)
    for code, first, second in (
        ("vectors_differ", [[0.25, 0.5], [0.5, 0.75 - 2 * TOLERANCE]], None),
        ("not_deterministic", good, near),
        ("model_not_finite", [[0.25, float("nan")], [0.5, 0.75]], None),
        ("model_not_finite", [[0.25, float("inf")], [0.5, 0.75]], None),
        ("model_out_of_bounds", [[0.25, -1e-9], [0.5, 0.75]], None),
        ("model_out_of_bounds", good, [[0.25, 0.5], [0.5, 1.0000001]]),
    ):
        with refused(code):
            judge(wanted, first, second or first)
