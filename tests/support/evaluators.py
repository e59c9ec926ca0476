"""An owner of evaluators for tests: real ONNX models, real packages, real signatures.

The model is a logistic function of the inputs, so that what it must answer can be told with `math` alone.
"""

from __future__ import annotations

import copy
import io
import json
import math
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ASKER, APPROVER = UUID(int=1), UUID(int=2)
WEIGHTS, BIAS = (0.03125, 0.5, 1.25), -4.0
FIT = {"hospital.surgery.age": 67, "hospital.surgery.sex": "female", "hospital.surgery.diabetes": True}


def texts(text: str) -> dict[str, str]:
    return {language: f"{text} ({language})" for language in ("fi", "sv", "en")}


def document(**changes: Any) -> dict[str, Any]:
    """A contract, every required field filled."""
    found: dict[str, Any] = {
        "format": 1,
        "identifier": "hip-risk",
        "version": 1,
        "owner": "hospital",
        "purpose": "surgery-risk",
        "synthetic": True,
        "name": texts("Risk after hip surgery"),
        "intended_use": texts("Talking about surgery"),
        "meaning": texts("How many of a hundred like you"),
        "limits": texts("It does not say whether you should be operated on"),
        "population": texts("Invented adults before a first hip replacement"),
        "responsible": {"name": "Hospital", "contact": "models@hospital.example"},
        "inputs": [
            {"fact": "hospital.surgery.age", "feature": "age", "kind": "number", "unit": "years", "minimum": 18, "maximum": 100},
            {"fact": "hospital.surgery.sex", "feature": "sex", "kind": "word", "values": {"female": 0, "male": 1}},
            {"fact": "hospital.surgery.diabetes", "feature": "diabetes", "kind": "boolean"},
        ],
        "outputs": [output()],
    }
    return copy.deepcopy({**found, **changes})


def output(**changes: Any) -> dict[str, Any]:
    return {
        "code": "infection",
        "model": "models/infection.onnx",
        "tensor": "risk",
        "column": 0,
        "name": texts("Infection"),
        "horizon_months": 12,
        "performance": {
            "n": 1000,
            "events": 40,
            "auc": 0.71,
            "auc_low": 0.66,
            "auc_high": 0.76,
            "roc": [{"fpr": 0, "tpr": 0}, {"fpr": 0.2, "tpr": 0.6}, {"fpr": 1, "tpr": 1}],
            "calibration": [{"predicted": 0.02, "observed": 0.03, "n": 500}, {"predicted": 0.06, "observed": 0.05, "n": 500}],
        },
        "reference": {"n": 1000, "quantiles": [{"p": 0, "value": 0.01}, {"p": 0.5, "value": 0.04}, {"p": 1, "value": 0.9}]},
        **changes,
    }


def model(
    *,
    weights: Sequence[float] = WEIGHTS,
    bias: float = BIAS,
    ends: Sequence[str] = ("Sigmoid",),
    width: int | None = None,
    shape: Any = None,
) -> bytes:
    """ONNX: x [N, width] by `weights` and `bias`, then the operators of `ends`; the output is `risk` [N, 1]."""
    from onnx import TensorProto, helper

    width = width or len(weights)
    names = ["linear", *(f"after{i}" for i in range(len(ends) - 1)), "risk"]
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], [names[0]])]
    nodes += [helper.make_node(op, [names[i]], [names[i + 1]]) for i, op in enumerate(ends)]
    graph = helper.make_graph(
        nodes,
        "risk",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape or [None, width])],
        [helper.make_tensor_value_info("risk", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("w", TensorProto.FLOAT, [len(weights), 1], weights), helper.make_tensor("b", TensorProto.FLOAT, [1], [bias])],
    )
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


def answer(facts: Mapping[str, Any], *, weights: Sequence[float] = WEIGHTS, bias: float = BIAS) -> float:
    """What `model` must answer, by another way than ONNX."""
    row = (facts["hospital.surgery.age"], float(facts["hospital.surgery.sex"] == "male"), float(facts["hospital.surgery.diabetes"]))
    return 1 / (1 + math.exp(-(sum(w * x for w, x in zip(weights, row, strict=True)) + bias)))


def vectors(count: int = 12, **outputs: tuple[Sequence[float], float]) -> dict[str, Any]:
    """Vectors with values for people of many ages, and one for whom the evaluator says nothing. `outputs`: weights and bias by code."""
    outputs = outputs or {"infection": (WEIGHTS, BIAS)}
    people = [{**FIT, "hospital.surgery.age": 20 + 5 * i, "hospital.surgery.sex": ("female", "male")[i % 2]} for i in range(count)]
    found: list[dict[str, Any]] = [
        {"facts": p, "values": {code: answer(p, weights=w, bias=b) for code, (w, b) in outputs.items()}} for p in people
    ]
    return {
        "format": 1,
        "vectors": [*found, {"facts": {"hospital.surgery.age": 17}, "not_applicable": copy.deepcopy(_UNFIT)}],
    }


_UNFIT = [
    {"fact": "hospital.surgery.age", "why": "out_of_range"},
    {"fact": "hospital.surgery.sex", "why": "missing"},
    {"fact": "hospital.surgery.diabetes", "why": "missing"},
]


def package(
    contract: Mapping[str, Any] | bytes | None = None,
    *,
    tests: Mapping[str, Any] | bytes | None = None,
    models: Mapping[str, bytes] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """The zip. `extra`: further files by name, good or bad."""
    files = {"contract.json": contract if contract is not None else document(), "vectors.json": tests if tests is not None else vectors()}
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
            for name, data in {**(models if models is not None else {"models/infection.onnx": model()}), **(extra or {})}.items():
                archive.writestr(name, data)
        return out.getvalue()


@cache
def key(number: int = 0) -> tuple[str, str]:
    """A private and a public key in PEM; one pair a number."""
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1())
    private = made.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    return private.decode(), made.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo).decode()


def sign(content: bytes, private: str | None = None, *, leave_out: Sequence[str] = ()) -> bytes:
    """The signature over the files of a zip, by model_signing as an owner would call it. `leave_out`: names that it is not over."""
    import model_signing.hashing
    import model_signing.signing

    with tempfile.TemporaryDirectory() as place:
        folder, out, pem = Path(place, "package"), Path(place, "signature"), Path(place, "key.pem")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
        pem.write_text(private or key()[0])
        signing = model_signing.signing.Config().use_elliptic_key_signer(private_key=pem)
        if leave_out:
            hashing = model_signing.hashing.Config().set_ignored_paths(paths=[folder / name for name in leave_out])
            signing.set_hashing_config(hashing)
        signing.sign(folder, out)
        return out.read_bytes()


def allowed(agency: str = "hospital", *, public: str | None = None) -> Any:
    """The agency's key on the allow list, asked for and approved by two."""
    from recommender.evaluators import registry

    asked = registry.ask_owner(agency=agency, public_key=public or key()[1], by=ASKER, now=NOW)
    return registry.approve_owner(owner_id=asked.pk, by=APPROVER, now=NOW)


def registered(
    contract: Mapping[str, Any] | None = None, *, models: Mapping[str, bytes] | None = None, owner: Any = None, signature: bytes = b"{}"
) -> Any:
    """A version that can run, put into the table without the seconds that its examination takes: for tests of what comes after."""
    from recommender.evaluators import artefacts
    from recommender.evaluators.package import read
    from recommender.models import EvaluatorOwner, EvaluatorVersion

    contract = contract or document()
    content = package(contract, models=models)
    found, agency = read(content), contract["owner"]
    for data in found.contents.values():
        artefacts.keep(data)
    return EvaluatorVersion.objects.create(
        owner=owner or EvaluatorOwner.objects.filter(agency=agency, state="approved").first() or allowed(agency),
        agency=agency,
        identifier=contract["identifier"],
        version=contract["version"],
        purpose=contract["purpose"],
        contract_json=contract,
        package_sha256=found.sha256,
        files=found.files,
        signature=signature,
        vectors_run=12,
        vectors_difference=0.0,
        registered_at=NOW,
    )


def released(contract: Mapping[str, Any] | None = None, *, models: Mapping[str, bytes] | None = None) -> Any:
    """The same, released by two, its signature not verified again."""
    version = registered(contract, models=models)
    rows = type(version).objects.filter(pk=version.pk)
    rows.update(state="asked", asked_by=ASKER, asked_at=NOW)
    rows.update(state="released", released_by=APPROVER, released_at=NOW)
    version.refresh_from_db()
    return version
