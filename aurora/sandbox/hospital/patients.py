"""The hospital's own patients, all of them made up: hip and knee replacements, and what became of them.

No patient is real. How often something happens is taken from publications; where none gives a figure, the comment says "assumed".

[1] Venäläinen et al. 2021, doi 10.2106/JBJS.OA.20.00091 (Finnish Arthroplasty Register, 25,919 primary hips): within six months 1.1 % revised
    for infection, 0.7 % for dislocation, 0.5 % for a fracture; 0.7 % died.
[2] Thompson et al. 2021, doi 10.1080/17453674.2021.1977532 (45,438 primary knees, Sweden): 1.45 % infected within two years, 73 % of them within
    90 days.
[3] Lenguerrand et al. 2017, doi 10.1302/2046-3758.66.BJR-2017-0003.R1 (National Joint Registry): revised for infection 0.4 of 100 primary and 1.6
    of 100 revised hips.
[4] Labek et al. 2011, doi 10.1302/0301-620X.93B3.25467: 1.29 (hip) and 1.26 (knee) revisions in 100 observed component years.
[5] Kunutsor et al. 2016, doi 10.1371/journal.pone.0150866: infection, men 1.36, smokers 1.83.
[6] Zhong et al. 2020, doi 10.21037/atm.2020.03.112: infection, ASA class 3 or more 2.29, diabetes 1.70; it grows with body mass index, ever faster.
[7] Ren et al. 2021, doi 10.1186/s12891-021-04647-1: infection, high body mass index 2.40, rheumatoid arthritis 1.37, anaemia of iron deficiency 1.15.
[8] Dyrhovden et al. 2017, PMC5449334 (Norway, knees): revision, men 1.1, younger than 65 years 1.7.
[9] Jämsen et al. 2013, doi 10.3109/17453674.2012.752691 (Coxa, 1,998 patients of 75 years or more): 1.6 % dead at one year, 7.6 % at three; more
    with age, in men, with ASA class 3 or more and with anaemia.
[10] Herrick et al. 2016, doi 10.4236/ojanes.2016.66015 (3,247 primary hips and knees): 7.4 deaths in 1,000 patient years; 13.5 % were anaemic.
[11] Deere et al. 2022, PMC9647039 (National Joint Registry): revised hips are revised again more often, and the younger the patient the more so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]

# The order of the models' columns.
INPUTS = (
    *("joint", "operation", "age", "sex", "bmi", "asa_class", "haemoglobin"),
    *("smoker", "diabetes", "rheumatoid_arthritis", "earlier_joint_infection"),
)
# How words become numbers.
WORDS: Mapping[str, Mapping[str, int]] = {
    "joint": {"hip": 0, "knee": 1},
    "operation": {"primary": 0, "revision": 1},
    "sex": {"female": 0, "male": 1},
}
# What is measured: unit of the vocabulary, and from where to where the hospital has seen patients.
RANGES: Mapping[str, tuple[str, float, float]] = {
    "age": ("years", 18, 100),
    "bmi": ("kg_per_m2", 15, 55),
    "asa_class": ("", 1, 4),
    "haemoglobin": ("g_per_l", 80, 190),
}
OUTCOMES = ("infection", "revision", "death")
NUMBER = 40_000  # about ten years of a large hospital


@dataclass(frozen=True)
class Patients:
    """One row a patient: `inputs` has the columns of INPUTS, `outcomes` one column of 0 and 1 for each of OUTCOMES."""

    inputs: npt.NDArray[np.float32]
    outcomes: Mapping[str, npt.NDArray[np.int8]]


def make(number: int = NUMBER, *, seed: int = 20261126) -> Patients:
    """The same patients for the same seed (and the same NumPy)."""
    dice = np.random.Generator(np.random.PCG64(seed))
    drawn = _people(number, dice)
    outcomes = {name: (dice.random(number) < risk(drawn)).astype(np.int8) for name, risk in _RISKS.items()}
    return Patients(np.column_stack([drawn[name] for name in INPUTS]).astype(np.float32), outcomes)


def _people(number: int, dice: np.random.Generator) -> dict[str, Column]:
    """Who comes for a replacement. Assumed but for: anaemia in about one of seven [10], women in the majority, every tenth a revision."""
    male = dice.random(number) < 0.42
    age = np.round(np.clip(dice.normal(68.5, 10.5, number), 18, 100))
    bmi = np.round(np.clip(dice.gamma(32, 0.9, number), 15, 55), 1)
    ill = dice.random(number) < 0.2 + 0.012 * np.clip(age - 60, 0, 30)
    asa = np.clip(1 + (dice.random(number) < 0.75) + (ill | (bmi > 38)) + (dice.random(number) < 0.025), 1, 4)
    haemoglobin = np.round(np.clip(dice.normal(np.where(male, 146, 134) - 5 * ill, 12, number), 80, 190))
    operation = dice.random(number) < 0.1
    return {
        "joint": (dice.random(number) < 0.53).astype(float),
        "operation": operation.astype(float),
        "age": age,
        "sex": male.astype(float),
        "bmi": bmi,
        "asa_class": asa.astype(float),
        "haemoglobin": haemoglobin,
        "smoker": (dice.random(number) < 0.11).astype(float),
        "diabetes": (dice.random(number) < 0.11 + 0.008 * np.clip(bmi - 27, 0, 20)).astype(float),
        "rheumatoid_arthritis": (dice.random(number) < 0.03).astype(float),
        "earlier_joint_infection": (dice.random(number) < np.where(operation, 0.15, 0.004)).astype(float),
    }


def _infection(p: Mapping[str, Column]) -> Column:
    """Within one year. About 1.1 % of primary hips [1] and 1.2 % of primary knees [2], a revision four times as often [3]."""
    base = np.where(p["joint"] == 1, 0.0054, 0.0048)
    obese = np.clip(p["bmi"] - 30, 0, None)
    times = (
        4.0 ** p["operation"]
        * 1.36 ** p["sex"]  # [5]
        * 1.83 ** p["smoker"]  # [5]
        * 2.29 ** (p["asa_class"] >= 3)  # [6]
        * 1.70 ** p["diabetes"]  # [6]
        * 1.37 ** p["rheumatoid_arthritis"]  # [7]
        * 1.15 ** _anaemic(p)  # [7]
        * np.exp(0.045 * obese + 0.0022 * obese**2)  # [6], [7]: 2.4 at about 38
        * 2.5 ** p["earlier_joint_infection"]  # assumed
    )
    return np.minimum(base * times, 0.5)


def _revision(p: Mapping[str, Column]) -> Column:
    """Within two years. About 2.6 % of primary replacements [4], which fits 2.3 % of hips within half a year [1]; a revision three times as often (assumed after [11])."""
    base = np.where(p["joint"] == 1, 0.0163, 0.0168)
    times = (
        3.0 ** p["operation"]
        * 1.1 ** p["sex"]  # [8]
        * 1.7 ** (p["age"] < 65)  # [8]
        * 1.3 ** p["smoker"]  # assumed, as the next ones: what leads to infection leads to revision
        * 1.3 ** (p["asa_class"] >= 3)
        * 1.25 ** p["rheumatoid_arthritis"]
        * np.exp(0.03 * np.clip(p["bmi"] - 30, 0, None))
        * 2.0 ** p["earlier_joint_infection"]
    )
    return np.minimum(base * times, 0.6)


def _death(p: Mapping[str, Column]) -> Column:
    """Within two years. About 4 % of those of 75 and more [9], nearer 1.5 % of all [10]; doubling in eight years of age (assumed)."""
    times = (
        2.0 ** ((p["age"] - 79) / 8)
        * 1.5 ** p["sex"]  # [9], size assumed, as the next ones
        * 2.1 ** (p["asa_class"] >= 3)  # [9]
        * 1.8 ** (p["asa_class"] >= 4)
        * 1.9 ** _anaemic(p)  # [9]
        * 1.6 ** p["smoker"]
        * 1.25 ** p["diabetes"]
        * 1.4 ** p["operation"]
    )
    return np.minimum(0.0138 * times, 0.7)


def _anaemic(p: Mapping[str, Column]) -> npt.NDArray[np.bool_]:
    """By the World Health Organization: below 130 g/l in men, below 120 g/l in women."""
    below: npt.NDArray[np.bool_] = p["haemoglobin"] < np.where(p["sex"] == 1, 130, 120)
    return below


_RISKS = {"infection": _infection, "revision": _revision, "death": _death}
