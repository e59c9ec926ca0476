"""Splits that are measured already, so that what takes hours can be stopped and goes on. Kept in `.venv/bench-large`, which is never committed."""

from __future__ import annotations

import hashlib
import pickle
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench.results import ROOT
from recommender.training.dataset import Dataset

if TYPE_CHECKING:
    from bench.quality import Measured

FOLDER = ROOT / ".venv" / "bench-large" / "splits"
# What a split's figures come from: with one letter changed in any of it, it is measured again.
SOURCES = (
    "bench/contenders.py", "bench/cps.py", "bench/peers/recommend.py", "bench/quality.py", "recommender/facts.py", "recommender/ranking/features.py",
    "recommender/ranking/model.py", "recommender/training/build_extract.py", "recommender/training/constraints.py", "recommender/training/dataset.py",
    "recommender/training/households.py", "recommender/training/metrics.py", "recommender/training/train.py", "requirements-bench.txt",
)  # fmt: skip
PACKAGES = ("lightgbm", "numpy", "scikit-learn")


def load(data: Dataset, seed: int) -> Measured | None:
    """None where this split was not measured yet. The file is our own, in our own environment: it is trusted as code is."""
    path = _path(data, seed)
    return pickle.loads(path.read_bytes()) if path.exists() else None


def save(data: Dataset, seed: int, split: Measured) -> None:
    path = _path(data, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_bytes(pickle.dumps(split))
    half.replace(path)


def _path(data: Dataset, seed: int) -> Path:
    digest = hashlib.sha256(data.sha256.encode())
    for source in SOURCES:
        digest.update((ROOT / source).read_bytes())
    digest.update(" ".join(version(one) for one in PACKAGES).encode())
    return FOLDER / f"{digest.hexdigest()[:24]}-{seed}.pickle"
