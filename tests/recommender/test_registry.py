"""A trained model is taken from disk only if it is the one that its metadata describes; training it again gives it again."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from recommender.errors import ArtefactError
from recommender.facts import PROGRAMMES
from recommender.registry import COMMITTED, artefact, current, model_directory, read, write
from recommender.training import dataset
from recommender.training.train import train


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(COMMITTED, tmp_path / "model")
    return tmp_path / "model"


def test_the_committed_model_is_small_and_whole() -> None:
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 2_000_000
    found = read(COMMITTED)
    assert found.sha256 == artefact.sha256_of(found.texts) == found.ranker().version


def test_reading_what_was_written_gives_the_same(tmp_path) -> None:
    found = read(COMMITTED)
    write(found, tmp_path / "new" / "folder")
    again = read(tmp_path / "new" / "folder")
    assert again.texts == found.texts and again.metadata == found.metadata


def test_one_changed_byte_is_refused(folder) -> None:
    path = folder / "food_assistance.txt"
    text = path.read_bytes()
    path.write_bytes(text.replace(b"1", b"2", 1))
    with pytest.raises(ArtefactError, match="not the one"):
        read(folder)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_a_shortened_absent_or_exchanged_file_is_refused(folder, programme) -> None:
    path = folder / f"{programme}.txt"
    text = path.read_bytes()
    other = folder / f"{PROGRAMMES[PROGRAMMES.index(programme) - 1]}.txt"
    for content in (text[:-1], b"", b"\xff\xfe", other.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(ArtefactError):
            read(folder)
    path.unlink()
    with pytest.raises(ArtefactError, match="missing"):
        read(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"format": 2}', '{"format": 1}', '{"format": 1, "sha256": "å"}'])
def test_metadata_that_cannot_be_trusted_is_refused(folder, content) -> None:
    (folder / "metadata.json").write_text(content, "utf-8")
    with pytest.raises(ArtefactError):
        read(folder)


def test_an_oversized_file_is_not_read(folder, monkeypatch) -> None:
    monkeypatch.setattr(artefact, "LARGEST_TEXT", 1000)
    with pytest.raises(ArtefactError, match="too large"):
        read(folder)


def test_a_text_that_is_no_model_is_refused_even_with_its_own_hash(folder) -> None:
    found = read(folder)
    texts = {**found.texts, "food_assistance": "no model"}
    forged = artefact.Artefact(texts, {**found.metadata, "sha256": artefact.sha256_of(texts)})
    write(forged, folder)
    with pytest.raises(ArtefactError):
        read(folder).ranker()


def test_the_folder_is_named_by_the_environment_and_read_once(folder, monkeypatch) -> None:
    monkeypatch.setenv("AURORA_MODEL_DIR", str(folder))
    assert model_directory() == folder
    first = current()
    shutil.rmtree(folder)
    assert current() is first
    monkeypatch.delenv("AURORA_MODEL_DIR")
    assert model_directory() == COMMITTED


def test_a_folder_without_a_model_is_an_error_that_says_what_to_do(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("AURORA_MODEL_DIR", str(tmp_path))
    with pytest.raises(ArtefactError, match=r"manage\.py train"):
        current()


def test_training_again_gives_the_committed_model() -> None:
    """With the same libraries on the same kind of machine: the boosters' hash and every figure. Elsewhere: the same to a hair."""
    again, committed = train(), read(COMMITTED)
    if again.metadata["created_with"] == committed.metadata["created_with"]:
        assert again.sha256 == committed.sha256
        assert json.loads(json.dumps(again.metadata)) == committed.metadata
    else:
        rows = dataset.load().rows[:2000]
        assert np.abs(again.ranker().scores(rows) - committed.ranker().scores(rows)).mean() < 0.005
        assert abs(again.metadata["metrics"]["ndcg3"] - committed.metadata["metrics"]["ndcg3"]) < 0.005
