"""The hospital's second model: who stays longer than a week. Among its inputs is what the first one works out, the risk of an infection.

It shows how one model reads another's result. Made of the same invented patients; how long they stay is assumed throughout, after nothing but
the order of things: longer with age, with illness and with the risk of an infection. Imported by the build's process only (`build.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from aurora.sandbox.config import HOSPITAL
from aurora.sandbox.hospital import package
from aurora.sandbox.hospital.assessments import CATEGORY
from aurora.sandbox.hospital.patients import INPUTS, RANGES, Patients
from aurora.sandbox.hospital.training import Trained, performance, split, spread

IDENTIFIER = "hospital-stay"
# Whose models it is made from: the others need not be trained for it.
OF_OUTCOMES = ("infection",)
RESULT, OUTPUT, FILE = "derived.hospital_stay", "long_stay", "models/long_stay.onnx"
# The columns, in their order: fact, unit, least and most.
COLUMNS = (
    (f"{package.RESULT}.infection", "probability", 0.0, 1.0),
    *((f"{CATEGORY}.{name}", *RANGES[name]) for name in ("age", "asa_class")),
)
TEXTS = Path(__file__).with_name("stay_texts.json")
ROUNDS = 60
Rows = npt.NDArray[np.float32]


def files(patients: Patients, trained: Mapping[str, Trained], *, version: int) -> dict[str, bytes]:
    """The package's files by name."""
    rows, stays = _rows(patients, trained["infection"]), _stays(patients, trained["infection"])
    learned, held_out = split(patients)
    model = xgboost.XGBClassifier(
        n_estimators=ROUNDS, max_depth=2, learning_rate=0.1, min_child_weight=8, tree_method="hist", n_jobs=1, random_state=11,
        base_score=float(stays[learned].mean()), monotone_constraints=(1, 1, 1),
    )  # fmt: skip
    model.fit(rows[learned], stays[learned])
    said = _said(model, rows[held_out])
    converted = convert_xgboost(model, OUTPUT, initial_types=[("input", FloatTensorType([None, len(COLUMNS)]))], target_opset=package.OPSET)
    return {
        "contract.json": package.plain(_contract(performance(said, stays[held_out]), spread(said), len(rows), version)),
        "vectors.json": package.plain({"format": 1, "vectors": _vectors(model, rows[held_out])}),
        FILE: converted.SerializeToString(),
    }


def _rows(patients: Patients, infection: Trained) -> Rows:
    columns: list[Any] = [infection.risk(patients.inputs), *(patients.inputs[:, INPUTS.index(name)] for name in ("age", "asa_class"))]
    rows: Rows = np.column_stack(columns).astype(np.float32)
    return rows


def _stays(patients: Patients, infection: Trained) -> npt.NDArray[np.int8]:
    """About one of thirteen stays longer than a week."""
    risk, age, asa = _rows(patients, infection).astype(np.float64).T
    chance = 1 / (1 + np.exp(-(-3.0 + 12 * np.minimum(risk, 0.2) + 0.045 * (age - 68) + 0.5 * (asa - 2))))
    drawn: npt.NDArray[np.int8] = (np.random.Generator(np.random.PCG64(20261127)).random(len(chance)) < chance).astype(np.int8)
    return drawn


def _said(model: Any, rows: Rows) -> npt.NDArray[np.float64]:
    said: npt.NDArray[np.float64] = model.predict_proba(rows)[:, 1].astype(np.float64)
    return said


def _contract(measured: dict[str, Any], reference: dict[str, Any], number: int, version: int) -> dict[str, Any]:
    texts = json.loads(TEXTS.read_text(encoding="utf-8"))
    return {
        "format": 1,
        "identifier": IDENTIFIER,
        "version": version,
        "owner": HOSPITAL,
        "purpose": package.PURPOSE,
        "synthetic": True,
        **{name: texts[name] for name in ("name", "intended_use", "meaning", "limits")},
        "population": {language: text.format(number=number) for language, text in texts["population"].items()},
        "responsible": package.RESPONSIBLE,
        "result": RESULT,
        "inputs": [
            {"fact": fact, "feature": fact.rpartition(".")[2], "kind": "number", "unit": unit, "minimum": low, "maximum": high}
            for fact, unit, low, high in COLUMNS
        ],
        "outputs": [
            {
                "code": OUTPUT, "model": FILE, "tensor": "probabilities", "column": 1, "name": texts["output"], "horizon_months": 1,
                "performance": measured, "reference": reference,
            }
        ],
    }  # fmt: skip


def _vectors(model: Any, rows: Rows) -> list[dict[str, Any]]:
    """From the least to the greatest, and one whose first result is not there."""
    chosen = rows[np.argsort(_said(model, rows), kind="stable")[np.linspace(0, len(rows) - 1, 40).astype(int)]]
    found: list[dict[str, Any]] = [
        {"facts": _facts(row), "values": {OUTPUT: float(said)}} for row, said in zip(chosen, _said(model, chosen), strict=True)
    ]
    facts = _facts(chosen[0])
    infection = COLUMNS[0][0]
    without = {name: value for name, value in facts.items() if name != infection}
    return [*found, {"facts": without, "not_applicable": [{"fact": infection, "why": "missing"}]}]


def _facts(row: Any) -> dict[str, Any]:
    risk, age, asa = (fact for fact, *_ in COLUMNS)
    return {risk: float(row[0]), age: int(row[1]), asa: int(row[2])}
