"""The model that reads a service's meters from its Finnish text: a weight for each piece of a word and each meter, in a text file.

    weight of a piece in a text = log(1 + how often) * (log((1 + texts) / (1 + texts with it)) + 1), and the text's weights have length 1
    meter = 1 / (1 + exp(-slope * (bias + sum of the pieces' weights * the model's)))

0.5 is where the model says yes as soon as no. Nothing is unpickled: the file is JSON, its size is bounded, and its SHA-256 stands in
`metadata.json`. How it was learnt and how well it does is in MODEL_CARD.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.errors import ArtefactError
from recommender.facts import METERS
from recommender.meters.text import weighed

Floats = npt.NDArray[np.float64]

HERE = Path(__file__).parent / "model"
FILE, METADATA = HERE / "pieces.json", HERE / "metadata.json"
LARGEST = 2_000_000  # bytes
FORMAT = 1
# A weight is a whole number of so many parts.
PARTS = 1000
# Of a text that is not Finnish hardly any piece is known; below this share of its pieces nothing is said.
LEAST_KNOWN = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """`pieces`: for each its place in the rows of `weights` (float64[n, 10]) and `rarity` (float64[n])."""

    version: str
    slope: float
    bias: Floats = field(repr=False)
    pieces: Mapping[str, int] = field(repr=False)
    rarity: Floats = field(repr=False)
    weights: Floats = field(repr=False)

    def logits(self, name: str, summary: str = "") -> Floats | None:
        """float64[10], above 0 for yes. None where too little of the text is known for an answer."""
        found = weighed(name, summary)
        known = [(self.pieces[piece], weight) for piece, weight in found.items() if piece in self.pieces]
        if not known or len(known) < LEAST_KNOWN * len(found):
            return None
        at = np.array([place for place, _ in known])
        vector = np.array([weight for _, weight in known]) * self.rarity[at]
        scores: Floats = self.bias + (vector / math.sqrt(float(vector @ vector))) @ self.weights[at]
        return scores

    def predict(self, name: str, summary: str = "") -> tuple[float, ...] | None:
        """Ten numbers from 0 to 1 as METERS, of three decimals. None where too little of the text is known."""
        scores = self.logits(name, summary)
        if scores is None:
            return None
        return tuple(round(1.0 / (1.0 + math.exp(-self.slope * score)), 3) for score in scores.tolist())


def predict(name: str, summary: str = "") -> tuple[float, ...] | None:
    """`Model.predict` of the committed model. Finnish text only. Raises `ArtefactError` where its files are missing or changed."""
    return current().predict(name, summary)


def of_texts(name: Mapping[str, str], description: Mapping[str, str]) -> tuple[float, ...] | None:
    """The meters of a service by its texts: by the Finnish ones, since the model knows no other language. None where there are none."""
    finnish = str(name.get("fi") or "").strip()
    return predict(finnish, str(description.get("fi") or "")) if finnish else None


@cache
def current() -> Model:
    """The committed model, read and checked once a process."""
    return load(FILE, METADATA)


def load(file: Path, metadata: Path) -> Model:
    """Raises `ArtefactError` for a file that is missing, too large, changed or not of this form."""
    try:
        if file.stat().st_size > LARGEST:
            raise ArtefactError("The model of meters is larger than it may be.")
        content, told = file.read_bytes(), json.loads(metadata.read_text(encoding="utf-8"))
        digest = hashlib.sha256(content).hexdigest()
        if not hmac.compare_digest(digest, str(told["sha256"])):
            raise ArtefactError("The model of meters is not the one that its metadata names.")
        return of_json(json.loads(content), digest)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError("The model of meters cannot be read.") from error


def of_json(read: Mapping[str, Any], version: str) -> Model:
    """The file's content as a model. Raises `ArtefactError` when it is of another form."""
    texts, rows = read["texts"], read["pieces"]
    table = np.array(list(rows.values()), dtype=np.float64)
    fits = read["format"] == FORMAT and tuple(read["meters"]) == METERS and len(read["bias"]) == len(METERS)
    if not fits or not rows or table.shape != (len(rows), 1 + len(METERS)) or not np.isfinite(table).all() or (table[:, 0] < 1).any():
        raise ArtefactError("The model of meters is not of this form.")
    return Model(
        version=version,
        slope=float(read["slope"]),
        bias=np.array(read["bias"], dtype=np.float64) / PARTS,
        pieces={piece: place for place, piece in enumerate(rows)},
        rarity=np.log((1 + texts) / (1 + table[:, 0])) + 1,
        weights=table[:, 1:] / PARTS,
    )
