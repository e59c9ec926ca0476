"""How well the trained way of ranking ranks: households held out, five splits."""

from __future__ import annotations

from statistics import mean

from bench.harness import Scale
from bench.place import Place
from bench.results import Results
from recommender.registry.artefact import ranker_of, sha256_of
from recommender.training import dataset, train

SEEDS = (1, 2, 3, 4, 5)


def measure(results: Results, place: Place, scale: Scale) -> None:
    data = dataset.load()
    ours, by_segment = [], []
    for seed in SEEDS[: scale.pick(5, 1)]:
        kept, held_out = dataset.split(len(data.rows), seed)
        texts = train.fit(data.rows[kept], data.labels[kept])
        found = train.measure(ranker_of(sha256_of(texts), texts), data, kept, held_out)
        ours.append(found["ndcg3"])
        by_segment.append(found["ndcg3_segment_popularity"])
    results.number("ndcg3_attributes", ours, centre=mean)
    results.number("ndcg3_segment_popularity", by_segment, centre=mean)
