"""Sound and deliberately damaged models, by the product's own recipe: what `gate_power` lets the gates judge. Same households, same models.

A damage harms one thing by a known dose. Where it harms one programme only that programme's classifier learns again: the eight are independent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from recommender.boosting import lgb
from recommender.facts import PROGRAMMES
from recommender.ranking.features import ATTRIBUTES, FEATURE_KEYS, Matrix
from recommender.training import dataset, metrics
from recommender.training.dataset import Dataset
from recommender.training.metrics import Floats, Labels, Places
from recommender.training.train import fit, learnt_here

Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Boosters: TypeAlias = dict[str, Any]

DOSES = (0.1, 0.25, 0.5, 1.0)
TAUGHT = (
    "labels shuffled",
    "fact removed",
    "group's facts shuffled",
    "learnt without the group",
    "half of the group's programmes not recorded",
)
ODDS = (0.1, 0.5, 0.7, 1.4, 2.0)
STRONGEST = 5
# What a fact must give of a classifier's gain for the classifier to learn again without it.
FELT = 0.01
# Two that many take part in, and two that few do.
MISTAUGHT = ("food_assistance", "senior_health_insurance", "mother_and_child_nutrition", "family_cash_assistance")
CHAMPION, TWIN = "champion", "seed 1"


@dataclass(frozen=True, slots=True, order=True)
class Damage:
    """`kind`: what was done; `to`: the programme, fact or group it was done to ("" for all); `dose`: how much of it, 0 to 1, or a factor."""

    kind: str
    to: str = ""
    dose: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Households to learn from and to judge on; `groups`: group -> bool[all households] for the groups that are harmed.

    `mistaught`: whether models also learn from damaged groups, all eight classifiers anew each time.
    """

    data: Dataset
    kept: Places
    held_out: Places
    groups: Mapping[str, Flags] = field(repr=False)
    mistaught: bool = True

    @property
    def shown(self) -> Matrix:
        """Rows of those held out as a trial sees them."""
        return dataset.without_history(self.data.rows[self.held_out])


def _random() -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(7))


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a model learns from, and which programmes' classifiers learn it."""

    rows: Matrix
    labels: Labels
    seed: int = 1
    only: tuple[str, ...] = PROGRAMMES


def learn(lesson: Lesson) -> Boosters:
    """Classifiers of `only`. The order of the rows is the seed's too, and so is which categories of which household are blanked."""
    order = np.random.Generator(np.random.PCG64(lesson.seed)).permutation(len(lesson.rows))
    turn = iter(PROGRAMMES)

    def boost(parameters: Mapping[str, Any], *given: Any, **named: Any) -> str:
        return learnt_here({**parameters, "seed": lesson.seed}, *given, **named) if next(turn) in lesson.only else ""

    texts = fit(lesson.rows[order], lesson.labels[order], boost=boost)
    return {programme: lgb.Booster(model_str=text) for programme, text in texts.items() if text}


def chances(boosters: Boosters, rows: Matrix, others: Floats | None = None) -> Floats:
    """float64[n, programmes], columns as PROGRAMMES; of programmes without a booster those of `others`."""
    found = np.empty((len(rows), len(PROGRAMMES))) if others is None else others.copy()
    for programme, booster in boosters.items():
        found[:, PROGRAMMES.index(programme)] = booster.predict(rows, num_threads=1)
    return found


def sound(part: Part) -> Iterator[tuple[str, Lesson]]:
    """The recipe as it is: other seeds, households drawn anew with replacement, half of them. The first is the champion."""
    rows, labels = part.data.rows[part.kept], part.data.labels[part.kept]
    for seed, name in enumerate((CHAMPION, TWIN, "seed 2")):
        yield name, Lesson(rows, labels, seed)
    for seed in (3, 4):
        drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, len(rows), len(rows))
        yield f"bootstrap {seed}", Lesson(rows[drawn], labels[drawn], seed)
    half = np.random.Generator(np.random.PCG64(5)).permutation(len(rows))[: len(rows) // 2]
    yield "half", Lesson(rows[half], labels[half], 5)


def damaged(part: Part, felt: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Damage, Lesson]]:
    """What damaged models learn from. `felt`: facts to take away, and the programmes that feel it. What a damage does not touch is the sound twin's."""
    rows, labels = part.data.rows[part.kept], part.data.labels[part.kept]
    for programme in MISTAUGHT:
        column = PROGRAMMES.index(programme)
        for dose in DOSES:
            wrong = labels.copy()
            wrong[:, column] = shuffled(labels[:, column], np.ones(len(rows), bool), dose, _random())
            yield Damage("labels shuffled", programme, dose), Lesson(rows, wrong, only=(programme,))
    for fact, programmes in felt.items():
        blind = rows.copy()
        blind[:, FEATURE_KEYS.index(fact)] = np.nan
        yield Damage("fact removed", fact), Lesson(blind, labels, only=programmes)
    for group, everyone in part.groups.items() if part.mistaught else ():
        yield from _of_group(rows, labels, everyone[part.kept], group)


def _of_group(rows: Matrix, labels: Labels, mine: Flags, group: str) -> Iterator[tuple[Damage, Lesson]]:
    yield Damage("group's facts shuffled", group), Lesson(shuffled(rows, mine, 1.0, _random()), labels)
    yield Damage("learnt without the group", group), Lesson(rows[~mine], labels[~mine])
    unrecorded = labels.copy()
    unrecorded[mine] &= _random().random((int(mine.sum()), labels.shape[1])) < 0.5
    yield Damage("half of the group's programmes not recorded", group), Lesson(rows, unrecorded)


def shuffled(values: Any, mine: Flags, dose: float, random: np.random.Generator) -> Any:
    """`values` with those of a share `dose` of `mine` given to others of that share, rows kept whole."""
    at = np.flatnonzero(mine)
    at = random.permutation(at)[: round(len(at) * dose)]
    moved = values.copy()
    moved[at] = values[random.permutation(at)]
    return moved


def strongest(boosters: Boosters) -> dict[str, tuple[str, ...]]:
    """The facts that give most over all programmes, each with the programmes that feel it: at least 1 % of their gain."""
    gain = {programme: booster.feature_importance("gain") for programme, booster in boosters.items()}
    share = {programme: one / one.sum() for programme, one in gain.items()}
    total = sum(share.values())[: len(ATTRIBUTES)]
    best = np.argsort(-total, kind="stable")[:STRONGEST].tolist()
    return {FEATURE_KEYS[at]: tuple(programme for programme in PROGRAMMES if share[programme][at] >= FELT) for at in best}


def scored(part: Part, twin: Floats) -> Iterator[tuple[Damage, Floats]]:
    """Chances of the sound twin, damaged afterwards: a dose can be set finely, and nothing need learn."""
    random = np.random.Generator(np.random.PCG64(8))
    by_segment = of_segments(part)
    everyone = np.ones(len(twin), bool)
    yield Damage("segment popularity"), by_segment
    for dose in (0.02, 0.05, 0.1, 0.2):
        mixed = twin.copy()
        at = random.permutation(len(twin))[: round(len(twin) * dose)]
        mixed[at] = by_segment[at]
        yield Damage("some by segment popularity", "", dose), mixed
    for factor in ODDS:
        yield Damage("odds", "", factor), odds(twin, everyone, slice(None), factor)
        for column, programme in enumerate(PROGRAMMES):
            yield Damage("odds of a programme", programme, factor), odds(twin, everyone, slice(column, column + 1), factor)
        for group, mine in part.groups.items():
            yield Damage("odds of a group", group, factor), odds(twin, mine[part.held_out], slice(None), factor)
    for group, mine in part.groups.items():
        for dose in DOSES:
            yield Damage("group's chances shuffled", group, dose), shuffled(twin, mine[part.held_out], dose, random)


def odds(of: Floats, who: Flags, columns: slice, factor: float) -> Floats:
    """Chances with the odds of some households and programmes times `factor`."""
    changed = of.copy()
    chance = of[who, columns]
    changed[who, columns] = factor * chance / (1 - chance + factor * chance)
    return changed


def of_segments(part: Part) -> Floats:
    """Popularity by age and children, learnt from those kept, for those held out."""
    data = part.data
    segment = metrics.segments(data.column("population.person.age"), data.column("population.household.children_under_18"))
    return metrics.segment_popularity(segment[part.kept], data.labels[part.kept], segment[part.held_out])
