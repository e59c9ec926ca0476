"""Trains one gradient-boosted model an outcome, and measures it on patients that it has never seen.

One thread and fixed seeds: the same patients give the same models. Imported by the build's process only (`build.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from aurora.sandbox.hospital.patients import INPUTS, OUTCOMES, Patients

HELD_OUT = 0.35
ROUNDS = 150
BINS = 8
QUANTILES = 40
ROC_STEPS = 50
# A direction that would be absurd the other way: who smokes is never told a lower risk for it.
RISING: Mapping[str, tuple[str, ...]] = {
    "infection": ("operation", "bmi", "asa_class", "smoker", "diabetes", "rheumatoid_arthritis", "earlier_joint_infection"),
    "revision": ("operation", "bmi", "asa_class", "smoker", "rheumatoid_arthritis", "earlier_joint_infection"),
    "death": ("operation", "age", "asa_class", "smoker", "diabetes"),
}
FALLING: Mapping[str, tuple[str, ...]] = {"infection": ("haemoglobin",), "revision": (), "death": ("haemoglobin",)}

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """One model. `performance` and `reference` as the contract wants them; `n` and `events` of the held-out patients."""

    outcome: str
    model: Any
    performance: dict[str, Any]
    reference: dict[str, Any]

    def risk(self, inputs: npt.NDArray[np.float32]) -> Values:
        """The probability for each row, by XGBoost itself."""
        risk: Values = self.model.predict_proba(inputs)[:, 1].astype(np.float64)
        return risk


def split(patients: Patients, *, seed: int = 7) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The rows to learn from and the rows held out."""
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(patients.inputs))
    held_out = int(len(order) * HELD_OUT)
    return order[held_out:], order[:held_out]


def train(patients: Patients, outcomes: Sequence[str] = OUTCOMES) -> dict[str, Trained]:
    """A model for each of the outcomes, in their order. None of them depends on another."""
    learned, held_out = split(patients)
    return {outcome: _train(outcome, patients, learned, held_out) for outcome in outcomes}


def _train(outcome: str, patients: Patients, learned: npt.NDArray[np.intp], held_out: npt.NDArray[np.intp]) -> Trained:
    happened = patients.outcomes[outcome]
    signs = {**dict.fromkeys(RISING[outcome], 1), **dict.fromkeys(FALLING[outcome], -1)}
    model = xgboost.XGBClassifier(
        n_estimators=ROUNDS, max_depth=3, learning_rate=0.06, min_child_weight=8, reg_lambda=4, subsample=0.8, colsample_bytree=0.8,
        tree_method="hist", n_jobs=1, random_state=11, base_score=float(happened[learned].mean()),
        monotone_constraints=tuple(signs.get(name, 0) for name in INPUTS),
    )  # fmt: skip
    model.fit(patients.inputs[learned], happened[learned])
    risk: Values = model.predict_proba(patients.inputs[held_out])[:, 1].astype(np.float64)
    return Trained(outcome, model, performance(risk, happened[held_out]), spread(risk))


def performance(risk: Values, happened: npt.NDArray[np.int8]) -> dict[str, Any]:
    """AUC with its 95 % interval (DeLong et al., Biometrics 1988;44:837), points of the ROC curve, calibration by bins of equal size."""
    ill, well = risk[happened == 1], risk[happened == 0]
    # How many of the others each one lies above, ties half: the mean of either is the AUC.
    above = _share_below(ill, np.sort(well))
    under = 1 - _share_below(well, np.sort(ill))
    auc = float(above.mean())
    error = float(np.sqrt(above.var(ddof=1) / len(ill) + under.var(ddof=1) / len(well)))
    reach = NormalDist().inv_cdf(0.975) * error
    return {
        "n": len(risk),
        "events": len(ill),
        "auc": round(auc, 4),
        "auc_low": round(max(0.0, auc - reach), 4),
        "auc_high": round(min(1.0, auc + reach), 4),
        "roc": _roc(ill, well),
        "calibration": _calibration(risk, happened),
    }


def _share_below(values: Values, others: Values) -> Values:
    low, high = np.searchsorted(others, values, "left"), np.searchsorted(others, values, "right")
    share: Values = (low + high) / 2 / len(others)
    return share


def _roc(ill: Values, well: Values) -> list[dict[str, float]]:
    """Thresholds at equal steps of the false positive rate."""
    thresholds = np.unique(np.quantile(well, np.linspace(1, 0, ROC_STEPS + 1)[1:-1]))[::-1]
    found = [{"fpr": round(float((well >= t).mean()), 4), "tpr": round(float((ill >= t).mean()), 4)} for t in thresholds]
    return [{"fpr": 0.0, "tpr": 0.0}, *found, {"fpr": 1.0, "tpr": 1.0}]


def _calibration(risk: Values, happened: npt.NDArray[np.int8]) -> list[dict[str, float]]:
    return [
        {"predicted": round(float(risk[rows].mean()), 5), "observed": round(float(happened[rows].mean()), 5), "n": len(rows)}
        for rows in np.array_split(np.argsort(risk, kind="stable"), BINS)
    ]


def spread(risk: Values) -> dict[str, Any]:
    """How the risk is spread among the hospital's patients (those held out)."""
    shares = np.linspace(0, 1, QUANTILES + 1)
    values = np.quantile(risk, shares)
    return {
        "n": len(risk),
        "quantiles": [{"p": round(float(p), 3), "value": round(float(v), 6)} for p, v in zip(shares, values, strict=True)],
    }
