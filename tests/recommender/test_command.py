"""`manage.py train` writes a model, its metadata and its card, or says why not."""

from __future__ import annotations

import gzip
import json

import pytest
from django.core.management import CommandError, call_command

from recommender.registry import COMMITTED, read
from recommender.training import households, train
from recommender.training.card import card
from recommender.training.experiment import RESULTS


@pytest.fixture
def extract(tmp_path):
    """The first households of the extract: enough to train on, soon done."""
    lines = gzip.decompress(households.EXTRACT.read_bytes()).splitlines(keepends=True)

    def first(count: int):
        path = tmp_path / f"{count}.csv.gz"
        path.write_bytes(gzip.compress(b"".join(lines[: count + 1]), mtime=0))
        return path

    return first


def test_it_trains_and_writes(tmp_path, extract, capsys, monkeypatch) -> None:
    monkeypatch.setattr(train, "ROUNDS", 5)
    call_command("train", extract=extract(2000), out=tmp_path / "model")
    found = read(tmp_path / "model")
    assert found.metadata["split"] == {"seed": train.SEED, "trained_on": 1500, "held_out": 500}
    assert found.metadata["parameters"]["rounds"] == 5
    said = capsys.readouterr().out
    assert found.sha256 in said and str(found.metadata["metrics"]["ndcg3"]) in said
    assert found.sha256 in (tmp_path / "model" / "MODEL_CARD.md").read_text("utf-8")


def test_an_extract_that_is_too_small_is_refused(tmp_path, extract) -> None:
    with pytest.raises(CommandError, match="too small"):
        call_command("train", extract=extract(20), out=tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("train", extract=tmp_path / "absent.csv.gz", out=tmp_path / "model")


def test_the_committed_card_is_that_of_the_committed_model() -> None:
    experiment = json.loads(RESULTS.read_text("utf-8"))
    assert (COMMITTED / "MODEL_CARD.md").read_text("utf-8") == card(read(COMMITTED).metadata, experiment)
    assert experiment["dataset_sha256"] == households.extract_sha256()
