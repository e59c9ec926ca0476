"""The hospital's assessments, its made-up patients, and the models that it trains on them, as it would hand them over."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from aurora.sandbox import jose, personas, vocabulary
from aurora.sandbox.hospital import assessments, package, patients, training
from aurora.sandbox.hospital.patients import INPUTS, OUTCOMES, Patients
from aurora.sandbox.hospital.training import Trained
from recommender.training import households

SCHEMAS = Path(__file__).resolve().parents[2] / "recommender" / "evaluators"
FACTS = vocabulary.categories()[assessments.CATEGORY].schema


@dataclass(frozen=True)
class Made:
    people: Patients
    trained: dict[str, Trained]
    files: dict[str, bytes]

    @property
    def contract(self) -> dict[str, Any]:
        return dict(json.loads(self.files["contract.json"]))

    def risks(self, facts: dict[str, Any]) -> dict[str, float]:
        row = np.array([[_number(name, facts[name]) for name in INPUTS]], dtype=np.float32)
        return {outcome: float(one.risk(row)[0]) for outcome, one in self.trained.items()}


def _number(name: str, value: Any) -> float:
    return float(patients.WORDS[name][value]) if name in patients.WORDS else float(value)


@pytest.fixture(scope="module")
def made() -> Made:
    """All of it, as the hospital builds it."""
    people = patients.make()
    trained = training.train(people)
    return Made(people, trained, package.files(people, trained, version=3))


# Assessments


@given(st.integers(0, households.count() - 1))
def test_an_assessment_is_the_same_each_time_and_fits_the_vocabulary(index: int) -> None:
    facts = assessments.facts_of(index)
    assert facts == assessments.facts_of(index)
    if facts is not None:
        Draft202012Validator(dict(FACTS)).validate(facts)
        assert facts["age"] == households.facts_of(index)["population.person"]["age"]


def test_the_old_are_assessed_more_often_than_the_young_and_some_without_a_blood_value() -> None:
    seen: dict[bool, list[dict[str, Any] | None]] = {True: [], False: []}
    for index in range(0, households.count(), 7):
        seen[int(households.facts_of(index)["population.person"]["age"]) >= 60].append(assessments.facts_of(index))
    share = {old: sum(facts is not None for facts in found) / len(found) for old, found in seen.items()}
    assert 0.8 < share[True] < 0.97 and 0.1 < share[False] < 0.5
    assessed = [facts for found in seen.values() for facts in found if facts is not None]
    assert 0 < sum("haemoglobin" not in facts for facts in assessed) / len(assessed) < 0.1
    for name, words in patients.WORDS.items():
        assert {facts[name] for facts in assessed} == set(words)


def test_the_personas_show_a_hip_a_knee_a_missing_value_one_beyond_the_range_and_nobody() -> None:
    chosen = personas.choose()
    facts = {one.key: assessments.facts_of(one.index, chosen) for one in chosen}
    assert [key for key, found in facts.items() if found is None] == ["aino", "cecilia", "eero"]
    held = {key: found for key, found in facts.items() if found is not None}
    assert (held["bertil"]["joint"], held["frans"]["joint"]) == ("hip", "knee")
    assert "haemoglobin" not in held["gunvor"] and held["henrik"]["bmi"] > patients.RANGES["bmi"][2]
    assert held["dagny"]["operation"] == "revision" and held["dagny"]["earlier_joint_infection"]
    for found in held.values():
        Draft202012Validator(dict(FACTS)).validate(found)


# Patients and outcomes


def test_the_patients_outcomes_are_about_as_frequent_as_published(made: Made) -> None:
    """The figures of the sources named in patients.py, with room for chance and for who the patients are."""
    inputs, happened = made.people.inputs, made.people.outcomes
    first, knee, old = inputs[:, 1] == 0, inputs[:, 0] == 1, inputs[:, 2] >= 75
    assert 0.008 < happened["infection"][first & ~knee].mean() < 0.015
    assert 0.009 < happened["infection"][first & knee].mean() < 0.016
    assert 3 < happened["infection"][~first].mean() / happened["infection"][first].mean() < 6
    assert 0.02 < happened["revision"][first].mean() < 0.033
    assert 0.013 < happened["death"].mean() < 0.025 and 0.03 < happened["death"][old].mean() < 0.055
    for name, (_, low, high) in patients.RANGES.items():
        column = inputs[:, INPUTS.index(name)]
        assert low <= column.min() and column.max() <= high


def test_same_seed_same_patients_and_models_to_the_last_byte() -> None:
    once, again, other = patients.make(3000), patients.make(3000), patients.make(3000, seed=1)
    assert (once.inputs == again.inputs).all() and not (once.inputs == other.inputs).all()
    zips = {package.zipped(package.files(people, training.train(people), version=1)) for people in (once, again)}
    assert len(zips) == 1


# Models


def test_no_direction_is_absurd(made: Made) -> None:
    """Whatever else somebody has: smoking never lowers a risk of infection, age never one of death."""
    rows = made.people.inputs[:2000]
    for outcome, one in made.trained.items():
        signs = {**dict.fromkeys(training.RISING[outcome], 1), **dict.fromkeys(training.FALLING[outcome], -1)}
        for name, sign in signs.items():
            column = INPUTS.index(name)
            low, high = rows.copy(), rows.copy()
            low[:, column], high[:, column] = (
                np.minimum(rows[:, column], rows[::-1, column]),
                np.maximum(rows[:, column], rows[::-1, column]),
            )
            assert (sign * (one.risk(high) - one.risk(low)) >= 0).all(), (outcome, name)


def test_models_tell_patients_apart_and_their_numbers_are_about_right(made: Made) -> None:
    learned, held_out = training.split(made.people)
    assert not set(learned) & set(held_out) and len(learned) + len(held_out) == len(made.people.inputs)
    for outcome, one in made.trained.items():
        told = one.performance
        assert 0.58 < told["auc_low"] < told["auc"] < told["auc_high"] < 0.85
        assert told["n"] == len(held_out) and told["events"] == made.people.outcomes[outcome][held_out].sum()
        predicted = sum(b["predicted"] * b["n"] for b in told["calibration"]) / told["n"]
        assert 0.8 < predicted / (told["events"] / told["n"]) < 1.25 and sum(b["n"] for b in told["calibration"]) == told["n"]


def test_what_the_personas_are_told_is_plausible(made: Made) -> None:
    chosen = personas.choose()
    facts = {one.key: assessments.facts_of(one.index, chosen) for one in chosen}
    bertil, frans, dagny = (made.risks(facts[key] or {}) for key in ("bertil", "frans", "dagny"))
    assert 0.01 < bertil["infection"] < 0.04 and 0.015 < bertil["revision"] < 0.05 and 0.015 < bertil["death"] < 0.06
    assert 0.003 < frans["infection"] < 0.015 and frans["death"] < 0.006 < frans["revision"]
    assert dagny["infection"] > 3 * bertil["infection"] and dagny["revision"] > 3 * bertil["revision"]


def test_measures_are_those_of_counting_by_hand() -> None:
    dice = np.random.default_rng(5)
    risk, happened = np.round(dice.random(160), 2), (dice.random(160) < 0.3).astype(np.int8)
    ill, well = risk[happened == 1], risk[happened == 0]
    wins = (ill[:, None] > well[None, :]) + 0.5 * (ill[:, None] == well[None, :])
    told = training.performance(risk, happened)
    assert told["auc"] == pytest.approx(wins.mean(), abs=1e-4) and (told["n"], told["events"]) == (160, len(ill))
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / len(ill) + wins.mean(axis=0).var(ddof=1) / len(well))
    assert told["auc_high"] - told["auc_low"] == pytest.approx(2 * 1.959964 * error, abs=2e-4)
    for point in told["roc"][1:-1]:
        assert any(
            abs((well >= t).mean() - point["fpr"]) < 1e-4 and abs((ill >= t).mean() - point["tpr"]) < 1e-4
            for t in np.quantile(well, np.linspace(0, 1, 51))
        )


# What is handed over


def test_contract_and_vectors_have_the_published_form(made: Made) -> None:
    for name in ("contract", "vectors"):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(json.loads(made.files[f"{name}.json"]))
    assert made.contract["version"] == 3 and made.contract["synthetic"] is True
    for language, word in {"fi": "keksittyä", "sv": "påhittade", "en": "made-up"}.items():
        assert word in made.contract["population"][language] and "{" not in made.contract["population"][language]
        assert word[:6] in made.contract["limits"][language]


def test_inputs_are_facts_of_the_vocabulary_with_its_units_words_and_bounds(made: Made) -> None:
    assert [entry["fact"] for entry in made.contract["inputs"]] == [f"{assessments.CATEGORY}.{name}" for name in INPUTS]
    assert set(INPUTS) == set(FACTS["properties"])
    for entry in made.contract["inputs"]:
        fact = FACTS["properties"][entry["fact"].rpartition(".")[2]]
        if entry["kind"] == "word":
            assert set(entry["values"]) == set(fact["enum"]) == set(fact["x-values"])
        elif entry["kind"] == "number":
            assert entry["unit"] == fact.get("x-unit", "") and fact["minimum"] <= entry["minimum"] < entry["maximum"] <= fact["maximum"]
        else:
            assert fact["type"] == "boolean"


def test_the_converted_models_give_what_xgboost_gave(made: Made) -> None:
    import onnxruntime

    vectors = [vector for vector in json.loads(made.files["vectors.json"])["vectors"] if "values" in vector]
    assert len(vectors) >= 50 and max(v["values"]["infection"] for v in vectors) > 0.1
    names = [f"{assessments.CATEGORY}.{name}" for name in INPUTS]
    rows = np.array([[_number(n.rpartition(".")[2], v["facts"][n]) for n in names] for v in vectors], dtype=np.float32)
    for outcome in OUTCOMES:
        session = onnxruntime.InferenceSession(made.files[f"models/{outcome}.onnx"])
        answer = session.run(["probabilities"], {"input": rows})[0][:, 1]
        assert np.abs(answer - [v["values"][outcome] for v in vectors]).max() < 1e-6


def test_the_signature_is_over_every_file_and_breaks_with_any(made: Made, tmp_path: Path) -> None:
    from model_signing import verifying

    private, public = jose.new_pem()
    (tmp_path / "signature.json").write_bytes(package.signed(made.files, private))
    (tmp_path / "key.pem").write_text(public)
    folder = tmp_path / "package"
    with zipfile.ZipFile(BytesIO(package.zipped(made.files))) as archive:
        assert sorted(archive.namelist()) == sorted(made.files)
        archive.extractall(folder)

    def verify() -> None:
        verifying.Config().use_elliptic_key_verifier(public_key=tmp_path / "key.pem").verify(folder, tmp_path / "signature.json")

    verify()
    for name in made.files:
        (folder / name).write_bytes(made.files[name] + b" ")
        with pytest.raises(ValueError):
            verify()
        (folder / name).write_bytes(made.files[name])
    (folder / "more.txt").write_text("unsigned")
    with pytest.raises(ValueError):
        verify()
