"""How well text tells a service's meters: cross-validated macro-F1 of ours and of TF-IDF with one logistic regression a meter.

Five times five folds, services of one name in one fold, the rarest meters spread evenly. Everything that is chosen (ours: topics, shares,
penalty; the peer: its penalty and whether answers are weighed alike) is chosen by four folds inside what is learnt from. The peer stands
twice: with words, which is what TF-IDF usually counts, and with pieces of words, which Finnish needs. Intervals are over services, by bootstrap
of names: what other services of this kind would have given.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from statistics import mean

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bench.harness import Scale
from bench.place import Place
from bench.results import ROOT, Results
from recommender.meters import learn
from recommender.meters.learn import Flags, Ints, Services

DATA = ROOT.parent / "shared" / "data" / "ptv" / "services.csv"
FOLDS = 5
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
NAMES = ("ptv_macro_f1", "ptv_macro_f1_tfidf", "ptv_macro_f1_tfidf_pieces", "ptv_macro_f1_gain", "ptv_macro_f1_gain_over_pieces")
Predict = Callable[[Ints, Ints], Flags]


def measure(results: Results, place: Place, scale: Scale) -> None:
    if not DATA.exists():
        results.absent(NAMES, f"there is no {DATA.name} beside the project")
        return
    found = compare(learn.read(DATA), repeats=scale.pick(5, 1), quick=scale.quick)
    labels, names = found.pop("labels")[0], learn.read(DATA).names
    by_name = dict(zip(NAMES[:3], ("ours", "words", "pieces"), strict=True))
    for figure, who in by_name.items():
        results.number(figure, [learn.macro_f1(labels, said) for said in found[who]], centre=mean)
    for figure, peer in zip(NAMES[3:], ("words", "pieces"), strict=True):
        results.number(figure, gain(labels, names, found["ours"], found[peer], draws=scale.pick(2000, 50)))


def compare(services: Services, *, repeats: int, quick: bool = False) -> dict[str, list[Flags]]:
    """For each contender what it said of every labelled service when it was left out, once a repeat; and `labels`."""
    grid = learn.GRID[:2] if quick else learn.GRID
    texts, _ = learn.corpus(services)
    count = len(services.labels)
    found: dict[str, list[Flags]] = {"ours": [], "words": [], "pieces": [], "labels": [services.labels]}
    for repeat in range(repeats):
        fold = learn.folds(services, np.arange(count), FOLDS, seed=repeat)
        said = {who: np.zeros_like(services.labels) for who in ("ours", "words", "pieces")}
        for left_out in range(FOLDS):
            learnt, asked = np.flatnonzero(fold != left_out), np.flatnonzero(fold == left_out)
            seen = np.concatenate([learnt, np.arange(count, len(services.texts))])
            space = learn.Space(texts, seen, count)
            choice, _ = learn.choose(space, services, learnt, grid, seed=repeat)
            said["ours"][asked] = learn.fit(space, services.labels, learnt, choice)[0][asked] > 0
            said["words"][asked] = _tfidf(services, learnt, asked, repeat, pieces=False, quick=quick)
            said["pieces"][asked] = _tfidf(services, learnt, asked, repeat, pieces=True, quick=quick)
        for who, answers in said.items():
            found[who].append(answers)
    return found


def _tfidf(services: Services, learnt: Ints, asked: Ints, seed: int, *, pieces: bool, quick: bool) -> Flags:
    """The peer, its two settings chosen inside `learnt`."""
    settings = list(itertools.product(PENALTIES[:1] if quick else PENALTIES, ("balanced", None)))
    fold = learn.folds(services, learnt, learn.INNER, seed)

    def score(setting: tuple[float, str | None]) -> float:
        said = np.zeros((len(learnt), services.labels.shape[1]), dtype=bool)
        for left_out in range(learn.INNER):
            here, there = learnt[fold != left_out], learnt[fold == left_out]
            said[fold == left_out] = _answers(services, here, there, setting, pieces)
        return learn.macro_f1(services.labels[learnt], said)

    return _answers(services, learnt, asked, max(settings, key=score), pieces)


def _answers(services: Services, learnt: Ints, asked: Ints, setting: tuple[float, str | None], pieces: bool) -> Flags:
    whole = [f"{name} {summary}" for name, summary in services.texts[: len(services.labels)]]
    vectors = TfidfVectorizer(sublinear_tf=True, **({"analyzer": "char_wb", "ngram_range": (3, 5), "min_df": 2} if pieces else {}))
    rows = vectors.fit_transform([whole[at] for at in learnt])
    models = [
        LogisticRegression(C=setting[0], class_weight=setting[1], solver="liblinear").fit(rows, services.labels[learnt, meter])
        for meter in range(services.labels.shape[1])
    ]
    questions = vectors.transform([whole[at] for at in asked])
    return np.column_stack([model.predict(questions) for model in models])


def gain(labels: Flags, names: tuple[str, ...], ours: list[Flags], other: list[Flags], *, draws: int) -> list[float]:
    """The 2.5th, 50th and 97.5th percentile of how much more ours has, over draws of names with replacement."""
    rows: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        rows.setdefault(name, []).append(at)
    groups, random = list(rows.values()), np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        at = np.concatenate([groups[one] for one in random.integers(0, len(groups), len(groups))])
        pairs = zip(ours, other, strict=True)
        drawn.append(mean(learn.macro_f1(labels[at], a[at]) - learn.macro_f1(labels[at], b[at]) for a, b in pairs))
    return [float(one) for one in np.percentile(drawn, [2.5, 50, 97.5])]
