"""A model on disk: one LightGBM text file a programme and `metadata.json`, which holds the SHA-256 over the texts.

Nothing is unpickled. A file that was changed, cut short or exchanged is refused when it is loaded.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from recommender.boosting import lgb
from recommender.errors import ArtefactError
from recommender.facts import PROGRAMMES
from recommender.ranking.model import Ranker

COMMITTED = Path(__file__).parent / "models"
METADATA = "metadata.json"
LARGEST_TEXT = 20_000_000  # bytes; ours have about 200,000


@dataclass(frozen=True, slots=True, eq=False)
class Artefact:
    """`texts`: LightGBM model text by programme; `metadata`: hashes, parameters, versions and metrics, JSON values."""

    texts: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        """The model's version."""
        return str(self.metadata["sha256"])

    def ranker(self) -> Ranker:
        return ranker_of(self.sha256, self.texts)


def sha256_of(texts: Mapping[str, str]) -> str:
    """Hex SHA-256 over programme name, length and text of each booster, in the order of PROGRAMMES."""
    digest = hashlib.sha256()
    for programme in PROGRAMMES:
        text = texts[programme].encode()
        digest.update(f"{programme} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def ranker_of(version: str, texts: Mapping[str, str]) -> Ranker:
    """Raises `ArtefactError` when a text is no LightGBM model, or a model of other facts."""
    try:
        boosters = {programme: lgb.Booster(model_str=texts[programme]) for programme in PROGRAMMES}
    except lgb.basic.LightGBMError as error:
        raise ArtefactError("The model's files do not hold a LightGBM model.") from error
    return Ranker(version, boosters)


def model_directory() -> Path:
    """The folder named by AURORA_MODEL_DIR, else the one that is committed with the code."""
    return Path(os.environ.get("AURORA_MODEL_DIR") or COMMITTED)


def write(artefact: Artefact, directory: Path) -> None:
    """Writes the texts first and the metadata last, each by renaming, so that a crash in between is refused on reading."""
    directory.mkdir(parents=True, exist_ok=True)
    for programme, text in artefact.texts.items():
        _replace(directory / f"{programme}.txt", text)
    _replace(directory / METADATA, json.dumps(artefact.metadata, indent=1, ensure_ascii=False) + "\n")


def read(directory: Path) -> Artefact:
    """The model in `directory`. Raises `ArtefactError` when it is incomplete, unreadable or not what its metadata says."""
    metadata = _metadata(directory / METADATA)
    texts = {programme: _text(directory / f"{programme}.txt") for programme in PROGRAMMES}
    if not hmac.compare_digest(sha256_of(texts).encode(), str(metadata.get("sha256")).encode()):
        raise ArtefactError(
            f"The model in {directory} is not the one that its metadata describes. Run `manage.py train --out` with that folder."
        )
    return Artefact(texts, metadata)


def current() -> Ranker:
    """The model in use, read and verified once a process and folder (about 0.1 s)."""
    return _ranker(model_directory())


@cache
def _ranker(directory: Path) -> Ranker:
    return read(directory).ranker()


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(path.suffix + ".new")
    beside.write_text(text, encoding="utf-8", newline="")
    beside.replace(path)


def _metadata(path: Path) -> dict[str, Any]:
    try:
        metadata = json.loads(_text(path))
    except ValueError as error:
        raise ArtefactError(f"The model's metadata in {path.parent} cannot be read.") from error
    if not isinstance(metadata, dict) or metadata.get("format") != 1:
        raise ArtefactError(f"The model's metadata in {path.parent} has a format that this version does not know.")
    return metadata


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise ArtefactError(f"The model file {path.name} is too large.")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ArtefactError(f"The model file {path} is missing or unreadable. Run `manage.py train --out` with that folder.") from error
    except UnicodeDecodeError as error:
        raise ArtefactError(f"The model file {path.name} is damaged.") from error
