"""Learns the model of meters from labelled services: `python -m recommender.meters.learn services.csv`. Never part of a running service.

Little is labelled, so much is taken from texts without labels: which pieces are rare, and which go together (latent semantic analysis, by
singular values, over labelled and unlabelled texts). Then one logistic regression a meter, both answers weighed alike, on a kernel of the
topics and of the pieces themselves. All of it is linear in the pieces, and is written as a weight for each.

What is chosen (how many topics and so on) is chosen by cross-validation inside what is learnt from. See MODEL_CARD.md for the data.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.errors import DatasetError
from recommender.facts import METERS
from recommender.meters.model import FILE, FORMAT, METADATA, PARTS
from recommender.meters.text import weighed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

SEED = 20261126
LEAST_TEXTS = 3  # a piece that fewer texts have is left out
TOPICS = 200
INNER = 4  # folds within which is chosen


@dataclass(frozen=True, slots=True)
class Choice:
    """`flat`: 0 weighs topics alike, 1 by how much of the texts they are; `plain`: the pieces' own share; `penalty`: on large weights."""

    flat: float = 0.25
    plain: float = 0.2
    penalty: float = 0.5


GRID = tuple(Choice(*one) for one in itertools.product((0.0, 0.25, 0.5), (0.1, 0.2, 0.4), (0.25, 0.5, 1.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Services:
    """`texts`: (name, summary), the labelled ones first; `labels`: bool[labelled, 10]; `names`: of the labelled, for groups."""

    texts: tuple[tuple[str, str], ...]
    labels: Flags
    sha256: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name.casefold().strip() for name, _ in self.texts[: len(self.labels)])


def read(path: Path) -> Services:
    """The labelled and unlabelled services of a CSV file (columns: name_fi, summary_fi, METERS, labelled). Raises `DatasetError`."""
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8").splitlines(keepends=True)))
        rows.sort(key=lambda row: row["labelled"] != "True")
        texts = tuple((row["name_fi"], row["summary_fi"]) for row in rows)
        labels = np.array([[row[meter] == "1" for meter in METERS] for row in rows if row["labelled"] == "True"], dtype=bool)
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"The services of {path.name} cannot be read.") from error
    if len(labels) < 2 * INNER:
        raise DatasetError(f"There are too few labelled services in {path.name}.")
    return Services(texts, labels, hashlib.sha256(content).hexdigest())


class Space:
    """Texts as vectors of pieces and of topics. Nothing of it knows a label; `seen` are the rows from which it is made."""

    def __init__(self, corpus: sparse.csr_matrix, seen: Ints, labelled: int) -> None:
        self.common = np.asarray((corpus[seen] > 0).sum(axis=0)).ravel()
        self.kept = np.flatnonzero(self.common >= LEAST_TEXTS)
        rarity = np.log((1 + len(seen)) / (1 + self.common[self.kept])) + 1
        rows = corpus[:, self.kept].multiply(rarity).tocsr()
        length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        self.rows = (sparse.diags(1 / np.where(length > 0, length, 1)) @ rows).tocsr()
        alike = (self.rows @ self.rows.T).toarray()
        values, vectors = np.linalg.eigh(alike[np.ix_(seen, seen)])
        size = min(TOPICS, len(seen) - 1)
        self.seen, self.labelled = seen, labelled
        self.spread = np.sqrt(np.maximum(values[::-1][:size], 1e-12))
        self.vectors = vectors[:, ::-1][:, :size]
        self.pieces_alike = alike[:labelled, :labelled]
        self.topics = alike[:labelled][:, seen] @ self.vectors / self.spread

    def kernel(self, choice: Choice, learnt: Ints) -> tuple[Floats, float]:
        """float64[labelled, labelled], and what the topics' part was scaled by: so that it is 1 on average where it is learnt from."""
        topics = self.topics * self.spread ** (choice.flat - 1)
        alike = topics @ topics.T
        scale = (1 - choice.plain) / float(np.mean(np.diag(alike)[learnt]))
        found: Floats = scale * alike + choice.plain * self.pieces_alike
        return found, scale

    def weights(self, choice: Choice, scale: float, learnt: Ints, duals: Floats) -> Floats:
        """float64[kept, 10]: the same as linear weights of the pieces."""
        topics = self.topics[learnt] * self.spread ** (2 * choice.flat - 2)
        directions = self.rows[self.seen].T @ (self.vectors / self.spread)
        found: Floats = scale * (directions @ (topics.T @ duals)) + choice.plain * (self.rows[learnt].T @ duals)
        return found


def corpus(services: Services) -> tuple[sparse.csr_matrix, tuple[str, ...]]:
    """Row a text, column a piece, and the pieces."""
    places: dict[str, int] = {}
    rows, columns, values = [], [], []
    for row, (name, summary) in enumerate(services.texts):
        for piece, weight in weighed(name, summary).items():
            rows.append(row)
            columns.append(places.setdefault(piece, len(places)))
            values.append(weight)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(services.texts), len(places))), tuple(places)


def logistic(alike: Floats, labels: Flags, penalty: float) -> tuple[Floats, float]:
    """Kernel logistic regression, both answers weighed alike, by Newton's method: dual weights (float64[n]) and bias."""
    count, yes = len(labels), int(labels.sum())
    weight = np.where(labels, count / (2 * max(1, yes)), count / (2 * max(1, count - yes)))
    dual, bias = np.zeros(count), 0.0
    for _ in range(25):
        chance = 1 / (1 + np.exp(-np.clip(alike @ dual + bias, -30, 30)))
        bend = np.maximum(weight * chance * (1 - chance), 1e-8)
        target = alike @ dual + bias - weight * (chance - labels) / bend
        solved = np.linalg.solve(alike + penalty * np.diag(1 / bend), np.column_stack([target, np.ones(count)]))
        newer_bias = solved[:, 0].sum() / solved[:, 1].sum()
        newer = solved[:, 0] - newer_bias * solved[:, 1]
        moved = float(np.abs(newer - dual).max())
        dual, bias = newer, float(newer_bias)
        if moved < 1e-6:
            break
    return dual, bias


def fit(space: Space, labels: Flags, learnt: Ints, choice: Choice) -> tuple[Floats, Floats, Floats]:
    """Learns from the rows `learnt`: logits of every labelled text (float64[labelled, 10]), dual weights and biases."""
    alike, _ = space.kernel(choice, learnt)
    solved = [logistic(alike[np.ix_(learnt, learnt)], labels[learnt, meter], choice.penalty) for meter in range(labels.shape[1])]
    duals, biases = np.column_stack([dual for dual, _ in solved]), np.array([bias for _, bias in solved])
    return alike[:, learnt] @ duals + biases, duals, biases


def folds(services: Services, rows: Ints, count: int, seed: int) -> Ints:
    """For each of the rows its fold: services of one name together, the rarest meters spread evenly."""
    labels, names = services.labels, services.names
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows.tolist()):
        groups.setdefault(names[row], []).append(place)
    order = np.random.default_rng(seed).permutation(len(groups))
    shuffled = [list(groups.values())[at] for at in order]
    chosen, sizes, held = np.zeros(len(rows), dtype=np.intp), np.zeros(count), np.zeros((count, labels.shape[1]))
    waiting = set(range(len(shuffled)))
    for meter in [*np.argsort(labels[rows].sum(axis=0)).tolist(), None]:
        for at in sorted(waiting):
            told = labels[rows[shuffled[at]]].sum(axis=0)
            if meter is not None and told[meter] == 0:
                continue
            best = min(range(count), key=lambda fold, m=meter: (held[fold, m] if m is not None else 0, sizes[fold]))  # type: ignore[misc]
            chosen[shuffled[at]], held[best], sizes[best] = best, held[best] + told, sizes[best] + len(shuffled[at])
            waiting.discard(at)
    return chosen


def macro_f1(labels: Flags, said: Flags) -> float:
    """The mean over meters of 2 * right / (labelled + said)."""
    right, both = (labels & said).sum(axis=0), labels.sum(axis=0) + said.sum(axis=0)
    return float(np.mean(2 * right / np.maximum(1, both)))


def choose(space: Space, services: Services, learnt: Ints, grid: Sequence[Choice] = GRID, seed: int = SEED) -> tuple[Choice, Floats]:
    """The choice with the best macro-F1 within `learnt`, and the logits that it gave to rows left out (float64[len(learnt), 10])."""
    fold = folds(services, learnt, INNER, seed)
    best: tuple[float, Choice, Floats] | None = None
    for choice in grid:
        logits = np.zeros((len(learnt), services.labels.shape[1]))
        for left_out in range(INNER):
            inside = learnt[fold != left_out]
            logits[fold == left_out] = fit(space, services.labels, inside, choice)[0][learnt[fold == left_out]]
        score = macro_f1(services.labels[learnt], logits > 0)
        if best is None or score > best[0]:
            best = (score, choice, logits)
    assert best is not None
    return best[1], best[2]


def slope_of(logits: Floats, labels: Flags) -> float:
    """By how much logits are to be stretched so that they say how sure they are, both answers weighed alike: one number for all meters."""
    weight = np.where(labels, 0.5 / np.maximum(1, labels.sum(axis=0)), 0.5 / np.maximum(1, (~labels).sum(axis=0)))
    signed = np.where(labels, logits, -logits)
    tried = np.linspace(0.25, 6, 116)
    return float(min(tried, key=lambda slope: float((weight * np.logaddexp(0, -slope * signed)).sum())))


def learn(services: Services, grid: Sequence[Choice] = GRID) -> dict[str, Any]:
    """The model's file as JSON values, learnt from all that is labelled."""
    texts, pieces = corpus(services)
    learnt = np.arange(len(services.labels))
    space = Space(texts, np.arange(len(services.texts)), len(services.labels))
    choice, left_out = choose(space, services, learnt, grid)
    _, duals, biases = fit(space, services.labels, learnt, choice)
    scale = space.kernel(choice, learnt)[1]
    weights = np.round(space.weights(choice, scale, learnt, duals) * PARTS).astype(int)
    named = sorted((pieces[column], at) for at, column in enumerate(space.kept))
    return {
        "format": FORMAT,
        "meters": list(METERS),
        "texts": len(services.texts),
        "slope": slope_of(left_out, services.labels),
        "bias": [round(float(one) * PARTS) for one in biases],
        "choice": {"flat": choice.flat, "plain": choice.plain, "penalty": choice.penalty, "topics": TOPICS},
        "pieces": {piece: [int(space.common[space.kept[at]]), *weights[at].tolist()] for piece, at in named},
    }


def written(model: dict[str, Any]) -> str:
    """JSON with a piece a line, so that two models can be compared by eye."""
    head = json.dumps({name: value for name, value in model.items() if name != "pieces"}, ensure_ascii=False)[:-1]
    lines = ",\n".join(
        f"{json.dumps(piece, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}" for piece, row in model["pieces"].items()
    )
    return f'{head}, "pieces": {{\n{lines}\n}}}}\n'


def main(arguments: Sequence[str]) -> None:
    services = read(Path(arguments[0]))
    text = written(learn(services))
    FILE.write_text(text, encoding="utf-8")
    told = {
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "data_sha256": services.sha256,
        "labelled": len(services.labels),
        "texts": len(services.texts),
    }
    METADATA.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE}: {len(text)} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
