"""What the hospital hands over: contract, test vectors and models, as a signed zip. Imported by the build's process only (`build.py`).

The form is that of `recommender/evaluators/contract.schema.json`, which is published to owners; the code behind it is not used here.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from model_signing import signing
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from aurora.sandbox.config import HOSPITAL
from aurora.sandbox.hospital.assessments import CATEGORY
from aurora.sandbox.hospital.patients import INPUTS, RANGES, WORDS, Patients
from aurora.sandbox.hospital.training import Trained, split

IDENTIFIER = "joint-surgery-risk"
PURPOSE = "surgery-risk"
# What a citizen may keep the figures as, and where it is told what followed. Deaths are not told: those who use Aurora are alive.
RESULT, FOLLOWED = "derived.surgery_risk", "hospital.surgery_outcome"
TOLD = ("infection", "revision")
RESPONSIBLE = {"name": "Aluesairaala, Regionsjukhuset, Regional Hospital", "contact": "models@regional-hospital.example"}
HORIZONS: Mapping[str, int] = {"infection": 12, "revision": 24, "death": 24}
VECTORS = 60
OPSET = 15
TEXTS = Path(__file__).with_name("contract_texts.json")
# A zip keeps times; the same files shall give the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def files(patients: Patients, trained: Mapping[str, Trained], *, version: int) -> dict[str, bytes]:
    """The package's files by name."""
    return {
        "contract.json": plain(contract(patients, trained, version=version)),
        "vectors.json": plain({"format": 1, "vectors": [*vectors(patients, trained), *not_applicable(patients)]}),
        **{f"models/{outcome}.onnx": _onnx(one) for outcome, one in trained.items()},
    }


def contract(patients: Patients, trained: Mapping[str, Trained], *, version: int) -> dict[str, Any]:
    """What the models take and answer, for whom, how well, and what their numbers do not mean."""
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    numbers = {"number": len(patients.inputs), "held_out": len(split(patients)[1])}
    return {
        "format": 1,
        "identifier": IDENTIFIER,
        "version": version,
        "owner": HOSPITAL,
        "purpose": PURPOSE,
        "synthetic": True,
        **{name: texts[name] for name in ("name", "intended_use", "meaning", "limits")},
        "population": {language: text.format(**numbers) for language, text in texts["population"].items()},
        "responsible": RESPONSIBLE,
        "result": RESULT,
        "outcomes": {"happened": f"{FOLLOWED}.operated", "months": f"{FOLLOWED}.months_followed"},
        "inputs": [_input(name) for name in INPUTS],
        "outputs": [
            {
                "code": outcome,
                "model": f"models/{outcome}.onnx",
                "tensor": "probabilities",
                "column": 1,
                "name": texts["outputs"][outcome],
                "horizon_months": HORIZONS[outcome],
                **({"outcome": f"{FOLLOWED}.{outcome}"} if outcome in TOLD else {}),
                "performance": one.performance,
                "reference": one.reference,
            }
            for outcome, one in trained.items()
        ],
    }


def _input(name: str) -> dict[str, Any]:
    known = {"fact": f"{CATEGORY}.{name}", "feature": name}
    if name in WORDS:
        return {**known, "kind": "word", "values": dict(WORDS[name])}
    if name in RANGES:
        unit, minimum, maximum = RANGES[name]
        return {**known, "kind": "number", "unit": unit, "minimum": minimum, "maximum": maximum}
    return {**known, "kind": "boolean"}


def vectors(patients: Patients, trained: Mapping[str, Trained]) -> list[dict[str, Any]]:
    """Patients that no model has seen, from the least to the greatest risk of each outcome, with what XGBoost itself answers."""
    unseen = patients.inputs[split(patients)[1]]
    each = VECTORS // len(trained)
    places = {outcome: np.argsort(one.risk(unseen), kind="stable") for outcome, one in trained.items()}
    chosen = [int(order[at]) for order in places.values() for at in np.linspace(0, len(unseen) - 1, each).astype(int)]
    rows = unseen[list(dict.fromkeys(chosen))]
    answers = {outcome: one.risk(rows) for outcome, one in trained.items()}
    return [
        {"facts": facts_of(row), "values": {outcome: float(risk[number]) for outcome, risk in answers.items()}}
        for number, row in enumerate(rows)
    ]


def not_applicable(patients: Patients) -> list[dict[str, Any]]:
    """What must give no number: a value that is missing, one beyond the range, a word that no model knows."""
    facts = facts_of(patients.inputs[0])
    blood, mass, joint = (f"{CATEGORY}.{name}" for name in ("haemoglobin", "bmi", "joint"))
    return [
        {"facts": {k: v for k, v in facts.items() if k != blood}, "not_applicable": [{"fact": blood, "why": "missing"}]},
        {"facts": {**facts, mass: RANGES["bmi"][2] + 0.1}, "not_applicable": [{"fact": mass, "why": "out_of_range"}]},
        {"facts": {**facts, joint: "shoulder"}, "not_applicable": [{"fact": joint, "why": "unknown_value"}]},
    ]


def facts_of(row: Any) -> dict[str, Any]:
    """A row of the models' inputs as the facts that an assessment would hold."""
    facts: dict[str, Any] = {}
    for name, value in zip(INPUTS, row, strict=True):
        if name in WORDS:
            facts[f"{CATEGORY}.{name}"] = next(word for word, number in WORDS[name].items() if number == value)
        elif name in RANGES:
            # As noted: a decimal of the body mass index, everything else whole.
            facts[f"{CATEGORY}.{name}"] = round(float(value), 1) if name == "bmi" else int(value)
        else:
            facts[f"{CATEGORY}.{name}"] = bool(value)
    return facts


def _onnx(one: Trained) -> bytes:
    """The converter reads columns from XGBoost's own names for them, f0, f1, ...: the models are trained on bare matrices."""
    names = one.model.get_booster().feature_names
    if names is not None and names != [f"f{number}" for number in range(len(INPUTS))]:
        raise ValueError("the model's columns have names that the converter does not understand")
    # A name, since the converter would make up another one each time.
    model = convert_xgboost(one.model, one.outcome, initial_types=[("input", FloatTensorType([None, len(INPUTS)]))], target_opset=OPSET)
    content: bytes = model.SerializeToString()
    return content


def zipped(contents: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, contents[name])
    return buffer.getvalue()


def signed(contents: Mapping[str, bytes], key: str) -> bytes:
    """The signature over exactly these files (OpenSSF Model Signing, P-256). `key`: private, PEM."""
    with tempfile.TemporaryDirectory() as place:
        folder, secret, signature = Path(place, "package"), Path(place, "key.pem"), Path(place, "signature.json")
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        secret.touch(mode=0o600)
        secret.write_text(key, encoding="ascii")
        # Beside the folder, not in it: a signature must not be among what it signs.
        signing.Config().use_elliptic_key_signer(private_key=secret).sign(folder, signature)
        return signature.read_bytes()


def plain(content: Any) -> bytes:
    """As JSON, always in one form."""
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")
