"""The extract: every household fits the vocabulary, and small processes can read it without a data frame."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

from recommender.errors import DatasetError
from recommender.facts import PROGRAMMES
from recommender.profile import Profile
from recommender.training import build_extract, households

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = ROOT / "consent" / "vocabulary" / "categories"


@pytest.fixture(scope="module")
def every_household():
    return [households.facts_of(index) for index in range(households.count())]


def test_every_household_validates_against_the_vocabulary(every_household) -> None:
    """Each distinct value against its property, each distinct set of keys against the object: the same as every object, sooner."""
    entries = [json.loads(path.read_text("utf-8")) for path in VOCABULARY.glob("*.json")]
    of_households = [entry for entry in entries if entry["code"] in every_household[0]]
    # What is said of people, not of households: by the register whose guardian, whose administrator; by the hospital how fit for surgery.
    assert {entry["code"] for entry in entries} - {entry["code"] for entry in of_households} == {
        "population.guardianship",
        "population.estate",
        "hospital.surgery",
        "hospital.surgery_outcome",
        # What models work out, if somebody keeps it.
        "derived.surgery_risk",
        "derived.hospital_stay",
        # Nobody has said yet how it goes, where they live, or with whom.
        "life.situation",
        "life.home",
        "life.household",
        # A health centre's records, and what an office has decided.
        "health.patient",
        "health.conditions",
        "health.measurements",
        "health.procedures",
        "benefits.decisions",
    }
    for entry in of_households:
        schema, answers = entry["schema"], [found[entry["code"]] for found in every_household]
        assert set(schema) == {"$schema", "title", "type", "properties", "additionalProperties", "minProperties"}
        whole = jsonschema.Draft202012Validator(schema)
        for answer in {tuple(sorted(answer)): answer for answer in answers}.values():
            whole.validate(answer)
        for key, rule in schema["properties"].items():
            single = jsonschema.Draft202012Validator(rule)
            for kind, value in {(type(answer[key]), answer[key]) for answer in answers if key in answer}:
                assert single.is_valid(value), (key, kind)


def test_every_household_is_a_profile(every_household) -> None:
    for found in every_household:
        Profile.of_categories(found)


def test_there_are_about_twenty_thousand_households_and_each_programme_has_some(every_household) -> None:
    assert len(every_household) == 20_000
    for programme in PROGRAMMES:
        taking_part = sum(found["social.programmes"][programme] for found in every_household)
        assert 200 < taking_part < 6000, programme


def test_who_has_no_spouse_has_no_facts_of_a_spouse(every_household) -> None:
    for found in every_household:
        if found["population.person"]["marital_status"] != "married":
            assert "spouse_age" not in found["population.household"]
            assert "spouse_visual_impairment" not in found["social.disability"]


def test_the_table_and_the_single_household_agree(every_household) -> None:
    table = households.load()
    for index in range(0, len(table), 97):
        assert households.household_facts(table.iloc[index]) == every_household[index]


@pytest.mark.parametrize("index", [-1, 20_000])
def test_a_household_that_is_not_there_is_an_error(index) -> None:
    with pytest.raises(DatasetError):
        households.facts_of(index)


def test_single_households_are_read_without_libraries() -> None:
    code = (
        "import sys; from recommender.training.households import facts_of; facts_of(3); "
        "print([name for name in ('pandas', 'numpy', 'lightgbm', 'cel', 'django') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_extract_is_packed_without_time_or_name() -> None:
    packed = households.EXTRACT.read_bytes()
    assert len(packed) < 1_500_000
    assert packed[3] == 0 and packed[4:8] == b"\0\0\0\0"
    assert packed == gzip.compress(gzip.decompress(packed), compresslevel=9, mtime=0)


def test_a_file_that_is_no_extract_is_refused(tmp_path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "broken.csv.gz").write_bytes(b"no gzip")
    for name in ("other.csv", "broken.csv.gz", "absent.csv"):
        with pytest.raises((DatasetError, ValueError)):
            households.load(tmp_path / name)


def units(**changes) -> pd.DataFrame:
    """Two households: a couple with a lodger (two tax units), and a person alone."""
    columns = [*build_extract.SUMMED.values(), *build_extract.LABELS.values()]
    table = pd.DataFrame({column: [0.0, 0.0, 0.0] for column in columns})
    table["FLPDYR"], table["h_seq"], table["RECID"] = [2013, 2013, 2012], [7, 7, 7], [2, 1, 3]
    table["a_lineno"], table["MARS"], table["fips"] = [3, 1, 1], [1, 2, 4], [6, 6, 36]
    table["age_head"], table["age_spouse"] = [24, 41, 67], [0, 39, 0]
    table["blind_head"] = table["blind_spouse"] = [0, 0, 1]
    table["XTOT"], table["e00200"], table["snap_ben"] = [1, 2, 1], [1000.4, 2000.2, 0], [5.0, 0, 0]
    return table.assign(**changes)


def test_a_household_is_its_tax_units_together_seen_from_its_head() -> None:
    alone, couple = build_extract.households(units()).to_dict("records")
    assert (couple["age"], couple["spouse_age"], couple["marital_status"], couple["region"]) == (41, 39, "married", "R06")
    assert (couple["wages"], couple["household_size"], couple["food_assistance"]) == (3001, 3, 1)
    # Nobody under 21 at home: no single parent, whatever the filing status.
    assert (alone["age"], alone["marital_status"], alone["visual_impairment"]) == (67, "single", 1)
    assert pd.isna(alone["spouse_age"])


def test_households_outside_the_vocabulary_are_left_out() -> None:
    assert len(build_extract.households(units(age_head=[24, 41, 15]))) == 1
    assert len(build_extract.households(units(e00300=[0, 0, -5]))) == 1


def test_the_archive_may_be_sdist_or_wheel_and_the_bytes_repeat(tmp_path) -> None:
    many = pd.concat([units(h_seq=number) for number in range(30)])
    raw = gzip.compress(many.to_csv(index=False).encode())
    with zipfile.ZipFile(tmp_path / "t.whl", "w") as wheel:
        wheel.writestr("taxcalc/cps.csv.gz", raw)
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as sdist:
        member = tarfile.TarInfo("taxcalc-1/taxcalc/cps.csv.gz")
        member.size = len(raw)
        sdist.addfile(member, io.BytesIO(raw))
    written = []
    for name in ("t.whl", "t.tar.gz"):
        found = build_extract.households(build_extract.read_cps(tmp_path / name))
        build_extract.write(build_extract.sample(found, size=20), tmp_path / "out.csv.gz")
        written.append((tmp_path / "out.csv.gz").read_bytes())
    assert written[0] == written[1]
    assert np.array_equal(households.load(tmp_path / "out.csv.gz")["household"], np.arange(20))


def test_an_archive_without_the_file_is_refused(tmp_path) -> None:
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz"):
        pass
    with pytest.raises(DatasetError):
        build_extract.read_cps(tmp_path / "t.tar.gz")
