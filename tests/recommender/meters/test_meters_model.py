"""The model of meters: committed as text, checked when it is read, and quiet about what it cannot read."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue import catalogue
from recommender.errors import ArtefactError, DatasetError
from recommender.facts import METERS
from recommender.meters import QUESTIONS, learn, of_texts, predict, ship
from recommender.meters.model import FILE, LARGEST, METADATA, current, load, of_json
from recommender.meters.text import MOST_LETTERS, grams, weighed

ROOT = Path(__file__).resolve().parents[3]
DEBTS = ("Talous- ja velkaneuvonta", "Neuvomme, jos et pysty maksamaan velkojasi tai laskujasi.")


def highest(name: str, summary: str = "") -> str:
    found = predict(name, summary)
    assert found is not None
    return METERS[found.index(max(found))]


@pytest.mark.parametrize(
    ("name", "summary", "meter"),
    [
        ("Lääkärin vastaanotto", "Lääkäri tutkii ja hoitaa sairauksia.", "health"),
        ("Vuokra-asunnot", "Kunta vuokraa asuntoja ja auttaa asunnon hakemisessa.", "housing"),
        ("Työnhaun tuki", "Autamme löytämään työtä.", "working_studying"),
        ("Toimeentulotuki", "Taloudellista tukea välttämättömiin menoihin.", "finance"),
        ("Perheneuvola", "Apua perheille ja vanhemmille.", "family"),
    ],
)
def test_plain_services_get_the_meter_that_they_are_for(name, summary, meter) -> None:
    assert highest(name, summary) == meter


def test_ten_numbers_from_0_to_1_the_same_each_time() -> None:
    found = predict(*DEBTS)
    assert found is not None and len(found) == len(METERS) and all(0 <= one <= 1 for one in found)
    assert predict(*DEBTS) == found


def test_a_bent_word_is_read_as_the_word() -> None:
    one, other = predict("Asunto", ""), predict("Asunnon", "")
    assert one is not None and other is not None
    assert METERS[one.index(max(one))] == METERS[other.index(max(other))] == "housing"


@pytest.mark.parametrize("text", ["", "???", "\x00", "zzqq xxyy", "Thorough nothing whatsoever", "Ξένη γλώσσα", "住宅"])
def test_of_what_is_not_finnish_nothing_is_said(text) -> None:
    assert predict(text) is None


def test_only_the_finnish_text_of_a_service_is_read() -> None:
    assert of_texts({"sv": "Bostäder", "en": "Housing"}, {"en": "We let flats."}) is None
    assert of_texts({"fi": "  "}, {"fi": "Asuntoja"}) is None
    assert of_texts({"fi": DEBTS[0], "en": "Debts"}, {"fi": DEBTS[1]}) == predict(*DEBTS)


def test_a_flood_of_text_is_cut() -> None:
    assert len(weighed("asunto", "velka " * 10**6)) <= len(weighed("asunto", "velka")) + 12
    assert sum(grams("a" * (2 * MOST_LETTERS)).values()) < 4 * MOST_LETTERS


def test_the_committed_file_is_text_of_bounded_size_and_the_one_that_is_named() -> None:
    content = FILE.read_bytes()
    assert len(content) < LARGEST
    assert json.loads(METADATA.read_text())["sha256"] == hashlib.sha256(content).hexdigest() == current().version
    card = (FILE.parent / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert current().version in card


@pytest.fixture
def copy(tmp_path) -> tuple[Path, Path]:
    file, told = tmp_path / "pieces.json", tmp_path / "metadata.json"
    file.write_bytes(FILE.read_bytes())
    told.write_bytes(METADATA.read_bytes())
    return file, told


def test_a_changed_cut_large_or_missing_file_is_refused(copy, tmp_path) -> None:
    file, told = copy
    assert load(file, told).predict(*DEBTS) == predict(*DEBTS)
    whole = file.read_bytes()
    for content in (whole.replace(b'"texts": 1693', b'"texts": 1694'), whole[:-100], b"", whole + b" " * LARGEST):
        file.write_bytes(content)
        with pytest.raises(ArtefactError):
            load(file, told)
    with pytest.raises(ArtefactError):
        load(tmp_path / "none.json", told)


@pytest.mark.parametrize(
    "change",
    [
        {"meters": list(METERS[:9])},
        {"format": 2},
        {"bias": [0] * 9},
        {"pieces": {}},
        {"pieces": {"<as": [3, 1]}},
        {"pieces": {"<as": [0, *[1] * 10]}},
        {"pieces": {"<as": [3, *[float("nan")] * 10]}},
    ],
    ids=["nine meters", "format", "bias", "no pieces", "short row", "in no text", "not a number"],
)
def test_a_model_of_another_form_is_refused(change) -> None:
    small = {"format": 1, "meters": list(METERS), "texts": 9, "slope": 1.0, "bias": [0] * 10, "pieces": {"<as": [3, *[1] * 10]}}
    assert of_json(small, "x").pieces == {"<as": 0}
    with pytest.raises(ArtefactError):
        of_json(small | change, "x")


def test_reading_a_text_needs_no_library_for_learning() -> None:
    code = (
        "import sys; from recommender.meters import predict; assert predict('Asumisneuvonta', 'Neuvoja asumiseen');"
        "print([name for name in ('scipy', 'sklearn', 'pandas', 'lightgbm', 'django') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_shipped_services_have_what_the_model_says_and_the_review() -> None:
    assert json.loads(ship.FILE.read_text()) == ship.shipped()
    assert {name: list(one.meters or ()) for name, one in catalogue().items()} == ship.shipped()


def test_every_question_is_asked_in_every_language() -> None:
    assert tuple(QUESTIONS) == METERS
    assert all(set(asked) == {"fi", "sv", "en"} and all(text.endswith("?") for text in asked.values()) for asked in QUESTIONS.values())


WORDS = {"health": "sairaala lääkäri hoito", "housing": "asunto vuokra talo"}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Sixty services of two kinds, told apart by their words, half of them labelled."""
    lines = ["id,area,name_fi,summary_fi," + ",".join(METERS) + ",labelled"]
    for number in range(60):
        meter = ("health", "housing")[number % 2]
        labels = ["1" if one == meter else "0" for one in METERS]
        lines.append(f"{number},491,Palvelu {number},{WORDS[meter]} {number % 7},{','.join(labels)},{number < 30}")
    path = tmp_path_factory.mktemp("services") / "services.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_is_learnt_is_what_the_file_says(small) -> None:
    services = learn.read(small)
    learnt = of_json(json.loads(learn.written(learn.learn(services, learn.GRID[:2]))), "x")
    found = np.array([learnt.logits(*services.texts[row]) for row in range(30)])
    for meter in ("health", "housing"):
        at = METERS.index(meter)
        assert ((found[:, at] > 0) == services.labels[:, at]).all(), meter


def test_learning_again_gives_the_same_file(small) -> None:
    services = learn.read(small)
    assert learn.written(learn.learn(services, learn.GRID[:1])) == learn.written(learn.learn(services, learn.GRID[:1]))


def test_folds_keep_services_of_one_name_together_and_spread_the_rare(small) -> None:
    services = learn.read(small)
    twice = learn.Services((services.texts[0], *services.texts[:29]), services.labels, "")
    fold = learn.folds(twice, np.arange(30), 5, seed=1)
    assert fold[0] == fold[1] and set(fold.tolist()) == set(range(5))
    held = [int(twice.labels[fold == one].sum()) for one in range(5)]
    assert max(held) - min(held) <= 2


def test_a_file_that_is_no_list_of_services_is_refused(tmp_path) -> None:
    path = tmp_path / "services.csv"
    for content in ("", "a,b\n1,2\n", "name_fi,summary_fi,labelled\nx,y,True\n"):
        path.write_text(content)
        with pytest.raises(DatasetError):
            learn.read(path)
    with pytest.raises(DatasetError):
        learn.read(tmp_path / "none.csv")
