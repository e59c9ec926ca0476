"""Other hands' recommenders on the same households, in an environment of their own (requirements-bench.txt). Knows nothing of Aurora.

    python recommend.py IN.npz OUT.npz [--quick]

IN: `train_rows` float[n, facts] without programmes, NaN for unknown; `train_labels` bool[n, programmes]; `rows`, `seen` the same of households with one programme
hidden; `segment` float[m, programmes], for households of which nothing is seen. OUT: `<name>` float[m, programmes] scores; `tried`: settings tried; `chosen`: text.

Each model's settings (at most SETTINGS) are chosen by nDCG@3 with one programme hidden on a fifth of the training households; then it learns from all of them.
"""

from __future__ import annotations

import argparse
import warnings
from itertools import product

import numpy as np
from scipy import sparse

SETTINGS = 8
BINS = 16
THREADS = 1


def hide_one(labels):
    who, which = np.nonzero(labels)
    seen = labels[who].copy()
    seen[np.arange(len(who)), which] = False
    return who, which, seen


def quality(scores, seen, who, which):
    open_ = np.where(seen, -np.inf, scores)
    rank = (open_ > open_[np.arange(len(who)), which][:, None]).sum(axis=1)
    gained = np.where(rank < 3, 1 / np.log2(rank + 2), 0)
    weight = 1 / np.bincount(who)[who]
    return float((gained * weight).sum() / weight.sum())


class Columns:
    """Every fact as columns of ones: equally full bins, and one for unknown. Programmes that are seen, and that are not, follow."""

    def __init__(self, rows):
        shares = np.linspace(0, 1, BINS + 1)[1:-1]
        self.edges = [np.unique(np.nanquantile(column, shares)) for column in rows.T]

    def of(self, rows, seen):
        parts, width = [], 0
        for column, edges in zip(rows.T, self.edges, strict=True):
            parts.append(width + np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column, side="right")))
            width += len(edges) + 2
        for column in seen.T:
            parts.append(width + column.astype(int))
            width += 2
        places = np.column_stack(parts)
        start = np.arange(0, places.size + 1, places.shape[1])
        return sparse.csr_matrix((np.ones(places.size, dtype=np.float32), places.reshape(-1), start), shape=(len(rows), width))


def from_items(similarity):
    """Scores by what is seen, times how alike programmes are."""
    return lambda rows, seen: np.asarray(seen @ similarity, dtype=float)


def item_knn(rows, labels, kind, k):
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

    model = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}[kind](K=k, num_threads=THREADS)
    model.fit(sparse.csr_matrix(labels, dtype=np.float32), show_progress=False)
    similarity = model.similarity.toarray()
    np.fill_diagonal(similarity, 0)
    return from_items(similarity)


def bm25(rows, labels, k1, b):
    from implicit.nearest_neighbours import BM25Recommender

    model = BM25Recommender(K=labels.shape[1], K1=k1, B=b, num_threads=THREADS)
    model.fit(sparse.csr_matrix(labels, dtype=np.float32), show_progress=False)
    similarity = model.similarity.toarray()
    np.fill_diagonal(similarity, 0)
    return from_items(similarity)


def als(rows, labels, factors, regularization):
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=factors, regularization=regularization, num_threads=THREADS, random_state=1)
    model.fit(sparse.csr_matrix(labels, dtype=np.float32), show_progress=False)

    def scores(rows, seen):
        # Households with the same programmes have the same factors: each set is folded in once.
        sets, which = np.unique(seen, axis=0, return_inverse=True)
        folded = model.recalculate_user(np.arange(len(sets)), sparse.csr_matrix(sets, dtype=np.float32))
        return np.asarray(folded @ model.item_factors.T, dtype=float)[which.reshape(-1)]

    return scores


def _rectools(labels):
    import pandas as pd
    from rectools.dataset import Dataset

    who, which = np.nonzero(labels)
    table = pd.DataFrame({"user_id": who, "item_id": which, "weight": 1, "datetime": pd.Timestamp("2014-01-01")})
    found = Dataset.construct(table)
    # Its own numbers of programmes go back to ours.
    return found, found.item_id_map.convert_to_internal(np.arange(labels.shape[1]))


def ease(rows, labels, regularization):
    from rectools.models import EASEModel

    data, place = _rectools(labels)
    model = EASEModel(regularization=regularization).fit(data)
    return from_items(np.asarray(model.weight)[np.ix_(place, place)])


def pure_svd(rows, labels, factors):
    from rectools.models import PureSVDModel

    data, place = _rectools(labels)
    # Its seed does not go with the scipy of today. It converges to the same factors but for their sign, which cancels.
    model = PureSVDModel(factors=factors).fit(data)
    items = np.asarray(model.item_factors)[place]
    return from_items(items @ items.T)


def lightfm(rows, labels, loss, components, epochs, alpha):
    """Each programme of each household is one interaction, of a household with that one hidden: as it is asked afterwards."""
    from lightfm import LightFM

    columns = Columns(rows)
    who, which, seen = hide_one(labels)
    features = columns.of(rows[who], seen)
    # A household's number is not a feature: those that are asked for are new.
    interactions = sparse.coo_matrix((np.ones(len(who), dtype=np.float32), (np.arange(len(who)), which)), shape=(len(who), labels.shape[1]))
    model = LightFM(loss=loss, no_components=components, user_alpha=alpha, learning_rate=0.03, random_state=1)
    model.fit(interactions, user_features=features, epochs=epochs, num_threads=THREADS)

    def scores(rows, seen):
        _, users = model.get_user_representations(columns.of(rows, seen))
        item_bias, items = model.get_item_representations()
        return np.asarray(users @ items.T + item_bias, dtype=float)

    return scores


MODELS = {
    "item_knn": (item_knn, list(product(("cosine", "tfidf"), (2, 4, 8)))),
    "bm25": (bm25, list(product((0.5, 1.2, 5, 100), (0.2, 0.75)))),
    "als": (als, list(product((2, 3, 4, 6), (0.01, 1.0)))),
    "rectools_ease": (ease, [(value,) for value in (1, 10, 50, 100, 250, 500, 1000, 5000)]),
    "rectools_pure_svd": (pure_svd, [(value,) for value in (1, 2, 3, 4, 5, 6, 7)]),
    "lightfm": (lightfm, list(product(("warp", "logistic"), (8, 24), (10, 30), (1e-6,)))),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("given")
    parser.add_argument("out")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--settings", action="append", default=[], help="name=number of its setting, instead of choosing")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    fixed = {name: int(number) for name, _, number in (one.partition("=") for one in options.settings)}
    given = np.load(options.given)
    rows, labels = given["train_rows"], given["train_labels"]
    order = np.random.Generator(np.random.PCG64(1)).permutation(len(rows))
    cut = len(rows) // 5
    kept, valid = order[cut:], order[:cut]
    who, which, seen = hide_one(labels[valid])
    common = labels[kept].mean(axis=0)
    out = {}
    for name, (make, settings) in MODELS.items():
        assert len(settings) <= SETTINGS, name
        if name in fixed:
            best = fixed[name]
        else:
            found = []
            for setting in settings[: 1 if options.quick else None]:
                scores = make(rows[kept], labels[kept], *setting)(rows[valid][who], seen)
                if name != "lightfm":
                    scores = np.where(seen.any(axis=1)[:, None], scores, common)
                found.append(quality(scores, seen, who, which))
            best = int(np.argmax(found))
            print(f"{name}={best} {settings[best]} {found[best]:.4f} of {len(found)}", flush=True)
        scores = make(rows, labels, *settings[best])(given["rows"], given["seen"])
        # A model that knows programmes only has nothing to say where none is seen: popularity by age and children says it.
        out[name] = scores if name == "lightfm" else np.where(given["seen"].any(axis=1)[:, None], scores, given["segment"])
    np.savez(options.out, **out)


if __name__ == "__main__":
    main()
