"""A model looked at without being run: only operators that compute, on one row, from the file itself.

Runs in a child process (`child`), which alone imports onnx. Sources: ONNX IR specification (IR.md), ONNX security notes on external data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recommender.errors import EvaluatorRefused

MOST_NODES = 2000
MOST_TENSORS = 5000
LONGEST_NAME = 300
IR_VERSIONS = range(4, 14)  # below 4 every weight is an input as well
OPSETS = {"": range(9, 25), "ai.onnx": range(9, 25), "ai.onnx.ml": range(1, 6)}
RANDOM = frozenset(["Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"])
# What trained models are made of. None loops, calls, repeats by a number it is given, reads a file, makes text or answers by chance.
ALLOWED = {
    "": frozenset(
        [
            "Abs",
            "Add",
            "And",
            "ArgMax",
            "ArgMin",
            "BatchNormalization",
            "Cast",
            "Clip",
            "Concat",
            "Constant",
            "Div",
            "Elu",
            "Equal",
            "Erf",
            "Exp",
            "Flatten",
            "Floor",
            "Gather",
            "Gelu",
            "Gemm",
            "Greater",
            "GreaterOrEqual",
            "Identity",
            "LayerNormalization",
            "LeakyRelu",
            "Less",
            "LessOrEqual",
            "Log",
            "MatMul",
            "Max",
            "Mean",
            "Min",
            "Mul",
            "Neg",
            "Not",
            "Or",
            "Pow",
            "Reciprocal",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceSum",
            "Relu",
            "Reshape",
            "Round",
            "Selu",
            "Shape",
            "Sigmoid",
            "Sign",
            "Slice",
            "Softmax",
            "Softplus",
            "Split",
            "Sqrt",
            "Squeeze",
            "Sub",
            "Sum",
            "Tanh",
            "Transpose",
            "Unsqueeze",
            "Where",
        ]
    ),
    "ai.onnx.ml": frozenset(
        [
            "ArrayFeatureExtractor",
            "Binarizer",
            "FeatureVectorizer",
            "Imputer",
            "LinearClassifier",
            "LinearRegressor",
            "Normalizer",
            "SVMClassifier",
            "SVMRegressor",
            "Scaler",
            "TreeEnsemble",
            "TreeEnsembleClassifier",
            "TreeEnsembleRegressor",
        ]
    ),
}
ALLOWED["ai.onnx"] = ALLOWED[""]


def check(content: bytes, *, width: int, asks: Iterable[Mapping[str, Any]]) -> None:
    """`width`: the contract's inputs; `asks`: the outputs taken from this model, each with `tensor` and `column`.

    Raises `EvaluatorRefused`: model_unreadable, model_too_large, external_data, custom_operator, not_deterministic, model_shape.
    """
    import onnx

    try:
        model = onnx.ModelProto.FromString(content)
    except Exception:  # protobuf's own errors, which are not of one family
        raise EvaluatorRefused("model_unreadable") from None
    _is_one_graph(model)
    _data_is_inside(onnx, model)
    _operators(onnx, model)
    _input(onnx, model.graph, width)
    for ask in asks:
        _output(onnx, model.graph, ask["tensor"], ask["column"])
    try:
        onnx.checker.check_model(model, full_check=True)
    except Exception:  # C++ errors arrive as RuntimeError, ValidationError, InferenceError
        raise EvaluatorRefused("model_unreadable", "A model is not valid ONNX.") from None


def _is_one_graph(model: Any) -> None:
    if model.ir_version not in IR_VERSIONS or not model.graph.node:
        raise EvaluatorRefused("model_unreadable")
    if len(model.graph.node) > MOST_NODES or len(model.graph.initializer) > MOST_TENSORS:
        raise EvaluatorRefused("model_too_large")
    # A function may take the name of an operator; training information is run by nobody here.
    if model.functions or model.training_info or model.graph.sparse_initializer or model.graph.quantization_annotation:
        raise EvaluatorRefused("custom_operator", "A model has functions, training information, or sparse or quantised weights.")
    names = [n for v in (*model.graph.input, *model.graph.output) for n in (v.name,)]
    names += [n for node in model.graph.node for n in (*node.input, *node.output)]
    if any(len(name) > LONGEST_NAME for name in names):
        raise EvaluatorRefused("model_too_large")


def _data_is_inside(onnx: Any, model: Any) -> None:
    tensors = [*model.graph.initializer]
    for node in model.graph.node:
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
    if any(t.data_location == onnx.TensorProto.EXTERNAL or t.external_data for t in tensors):
        raise EvaluatorRefused("external_data")
    if any(t.data_type == onnx.TensorProto.STRING for t in tensors):
        raise EvaluatorRefused("model_shape", "A model has weights that are text.")


def _operators(onnx: Any, model: Any) -> None:
    for opset in model.opset_import:
        if opset.version not in OPSETS.get(opset.domain, ()):
            raise EvaluatorRefused(
                "custom_operator", f"A model needs operators of {_name(opset.domain)} {opset.version}, which are not on the list."
            )
    kinds = onnx.AttributeProto
    inner = (kinds.GRAPH, kinds.GRAPHS, kinds.SPARSE_TENSOR, kinds.SPARSE_TENSORS, kinds.TYPE_PROTO, kinds.TYPE_PROTOS)
    for node in model.graph.node:
        if node.domain in ("", "ai.onnx") and node.op_type in RANDOM:
            raise EvaluatorRefused("not_deterministic", f"A model uses {node.op_type}, which answers by chance.")
        if node.op_type not in ALLOWED.get(node.domain, ()) or node.overload:
            raise EvaluatorRefused("custom_operator", f"A model uses {_name(node.domain)} {_name(node.op_type)}, which is not on the list.")
        # What an attribute holds counts, whatever type it says it has.
        if any(
            a.type in inner or a.HasField("g") or a.graphs or a.HasField("sparse_tensor") or a.sparse_tensors or a.ref_attr_name
            for a in node.attribute
        ):
            raise EvaluatorRefused("custom_operator", f"A model has a graph inside {node.op_type}.")


def _input(onnx: Any, graph: Any, width: int) -> None:
    if len(graph.input) != 1:
        raise EvaluatorRefused("model_shape", "A model must have exactly one input.")
    dims = _dims(onnx, graph.input[0], (onnx.TensorProto.FLOAT,))
    if dims is None or len(dims) != 2 or dims[0] not in (0, 1) or dims[1] != width:
        raise EvaluatorRefused(
            "model_shape", f"A model's input must be float32 of [N, {width}], a column for each of the contract's inputs."
        )


def _output(onnx: Any, graph: Any, tensor: str, column: int) -> None:
    found = [o for o in graph.output if o.name == tensor]
    dims = _dims(onnx, found[0], (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)) if len(found) == 1 else None
    if dims is None or len(dims) not in (1, 2) or column >= (1 if len(dims) == 1 else dims[1] or column + 1):
        raise EvaluatorRefused("model_shape", "A model has no output of floats with the tensor and column that the contract names.")


def _dims(onnx: Any, value: Any, types: Sequence[int]) -> list[int] | None:
    """The sizes of a tensor of one of these types, 0 for one that is left open; None for anything else."""
    if (
        not value.type.HasField("tensor_type")
        or value.type.tensor_type.elem_type not in types
        or not value.type.tensor_type.HasField("shape")
    ):
        return None
    return [max(d.dim_value, 0) for d in value.type.tensor_type.shape.dim]


def _name(text: str) -> str:
    """An operator's or domain's name as it may stand in a sentence."""
    shown = "".join(c for c in text[:60] if c.isascii() and (c.isalnum() or c in "._-"))
    return shown or "ai.onnx"
