"""Citizens who never were, and what they make of their lists: with a truth that is known, estimates and what learns from feedback can be held against it.

    python -m recommender.training.simulated_feedback

The households are the extract's, each with random categories connected; lists are made by the present policy with its exploration and shown as people see
them: the first five places, and all ten to three of ten. How much a service is worth to a household is stated here and in no file of the catalogue: its score
times a figure of its thematic area (`WORTH`), so that points which editors gave misjudge some kinds, and a little taste of each household's own.
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from recommender.catalogue import Catalogue, PublicService
from recommender.catalogue import catalogue as shipped
from recommender.facts import CATEGORIES, PROGRAMME_CATEGORY
from recommender.policy import PRESENT, distribution, place
from recommender.policy.estimates import Estimate, Method, gain
from recommender.policy.rewards import Usual, graded
from recommender.profile import Profile
from recommender.ranking.model import Ranker
from recommender.registry import current
from recommender.registry.offline import MOST_UNSEEN
from recommender.suggesting.candidates import Candidates, candidates
from recommender.suggesting.logged import Lines
from recommender.suggesting.slate import MOST_SEEDS, Options
from recommender.training import households
from recommender.training.rows import ItemShown, Row, Said, SlateShown

DAY = date(2026, 11, 2)
PLACES, FIRST, WHOLE = 10, 5, 0.3
# What a service of a thematic area is worth, times its score: what feedback could teach.
WORTH: Mapping[str, float] = {"education": 0.35, "families": 0.7, "health": 1.5, "housing": 1.7, "ageing": 1.3, "finance": 1.8}
# Of what is worth something: who applies, says so, or only opens it; of what is not, who says that.
APPLY, SAY, LOOK, ASIDE = 0.25, 0.35, 0.40, 0.1
# By programme, in log-odds: a model that knows a little less, one that misses four programmes, one that finds none.
CANDIDATES: Mapping[str, Sequence[float]] = {
    "a little other": (0.1, -0.1) * 4,
    "misses four": (-2.0, 0.0) * 4,
    "finds none": (-3.0,) * 8,
}
EARNS = APPLY * 1.0 + SAY * 0.8 + LOOK * 0.3  # the mean grade of what is worth something


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A household, its candidates by the model that the truth is stated by, and how far it reads. `taste`: its own, by thematic area."""

    profile: Profile = field(repr=False)
    options: Options
    found: Candidates = field(repr=False)
    upto: int
    taste: Mapping[str, float] = field(repr=False)

    def likes(self, service: PublicService, position: int) -> float:
        """The chance that it is worth something to them in this place; `EARNS` of it is the mean reward."""
        score = float(self.found.scores[self.found.catalogue.place[service.identifier]])
        fade = 1 / math.log2(position + 1) ** 0.5
        return min(1.0, score * WORTH.get(service.thematic_area, 1.0) * self.taste.get(service.thematic_area, 1.0)) * fade

    def earns(self, chances: Sequence[Mapping[str, float]]) -> float:
        """The mean reward of all shown places together, were they filled by these chances."""
        services, at = self.found.catalogue.services, self.found.catalogue.place
        return EARNS * sum(
            chance * self.likes(services[at[name]], position)
            for position, here in enumerate(chances[: self.upto], start=1)
            for name, chance in here.items()
        )


def people(count: int, *, seed: int, catalogue: Catalogue, ranker: Ranker) -> Iterator[Person]:
    """So many, the same for the same seed."""
    draws = np.random.Generator(np.random.PCG64(seed))
    areas = sorted({service.thematic_area for service in catalogue.values()})
    for _ in range(count):
        whole = Profile.of_categories(households.facts_of(int(draws.integers(households.count()))))
        profile = whole.without([one for one in CATEGORIES if draws.random() < 0.25])
        options = Options(seed=int(draws.integers(MOST_SEEDS)), today=DAY, limit=PLACES)
        found = candidates(profile, catalogue=catalogue, ranker=ranker, options=options)
        taste = dict(zip(areas, draws.uniform(0.7, 1.3, len(areas)).tolist(), strict=True))
        yield Person(profile, options, found, PLACES if draws.random() < WHOLE else FIRST, taste)


def row(person: Person, *, catalogue: Catalogue, ranker: Ranker, draws: np.random.Generator) -> Row:
    """Their training row: the list as the policy made it by this model, and what they made of it."""
    found = candidates(person.profile, catalogue=catalogue, ranker=ranker, options=person.options)
    placed = place(found.scored(PLACES + PRESENT.pool), places=PLACES, seed=person.options.seed)
    at, scores = found.catalogue.place, found.scores
    items = tuple(
        ItemShown(one.identifier, position, float(scores[at[one.identifier]]), one.propensity, one.explored)
        for position, one in enumerate(placed, start=1)
    )
    said = [said for item in items[: person.upto] for said in _said(person, item, draws)]
    facts, prefix = person.profile.facts, f"{PROGRAMME_CATEGORY}."
    return Row(
        {key: value for key, value in facts.items() if not key.startswith(prefix)},
        {key.removeprefix(prefix): bool(value) for key, value in facts.items() if key.startswith(prefix)},
        (SlateShown(DAY, ranker.version, catalogue.version, person.options.seed, items),),
        tuple(said),
    )


def _said(person: Person, item: ItemShown, draws: np.random.Generator) -> Iterator[Said]:
    yield Said(0, item.service, "shown", "", DAY)
    liked = person.likes(person.found.catalogue.services[person.found.catalogue.place[item.service]], item.position)
    worth, which = draws.random() < liked, draws.random()
    if worth:
        kind = "applied" if which < APPLY else "helpful" if which < APPLY + SAY else "opened"
        yield Said(0, item.service, kind, "", DAY + timedelta(days=1))
    elif which < ASIDE:
        yield Said(0, item.service, "not_for_me", "not_useful", DAY + timedelta(days=1))


@dataclass(frozen=True, slots=True, eq=False)
class Tilted:
    """A model whose chances of each programme are moved by so many units of log-odds: a candidate that is better or worse by construction."""

    base: Ranker
    by: Sequence[float]

    @property
    def version(self) -> str:
        return hashlib.sha256(f"{self.base.version} {list(self.by)}".encode()).hexdigest()

    def scores(self, rows: Any) -> Any:
        odds = np.log(np.clip(self.base.scores(rows), 1e-9, 1 - 1e-9))
        odds -= np.log1p(-np.exp(odds))
        return 1 / (1 + np.exp(-(odds + np.array(self.by))))


def truth(found: Sequence[Person], *, candidate: Any, catalogue: Catalogue) -> tuple[float, float]:
    """(what the candidate would earn a shown place, what these lists earn), exactly, over these people and all draws."""
    theirs = ours = places = 0.0
    for person in found:
        other = candidates(person.profile, catalogue=catalogue, ranker=candidate, options=person.options)
        here, there = (distribution(one.scored(PLACES + PRESENT.pool), places=PLACES) for one in (person.found, other))
        shown = min(person.upto, len(here))
        ours, theirs, places = ours + person.earns(here[:shown]), theirs + person.earns(there[:shown]), places + shown
    return theirs / places, ours / places


@dataclass(frozen=True, slots=True)
class Measured:
    """Of `times` logs of `citizens`: `told`, in how many there was a number; of these the mean doubly robust gain and width, `held`: how many intervals hold
    the `true` gain; `failed`: how many would have kept the candidate out."""

    citizens: int
    true: float
    told: int
    mean: float
    width: float
    held: int
    failed: int
    times: int


def measured(found: Sequence[Person], *, candidate: Any, catalogue: Catalogue, share: float, times: int, seed: int) -> Measured:
    """Logs drawn anew by the policy, for the same people; `share` of them got the candidate's lists (0: nobody did). The reward's model is of other draws."""
    both = []
    for person in found:
        other = candidates(person.profile, catalogue=catalogue, ranker=candidate, options=person.options)
        lists = [one.scored(PLACES + PRESENT.pool) for one in (person.found, other)]
        both.append((person, lists, [distribution(one, places=PLACES) for one in lists]))
    theirs, ours = (
        sum(person.earns(chances[which][: person.upto]) for person, _, chances in both)
        / sum(min(person.upto, len(chances[which])) for person, _, chances in both)
        for which in (1, 0)
    )
    draws = np.random.Generator(np.random.PCG64(seed))
    usual_ = _log(both, share, Usual(), draws)
    expects = Usual.fit(usual_.unit, usual_.position, usual_.service, usual_.provider, usual_.reward)
    logs = [log for _ in range(times) if (log := _log(both, share, expects, draws)).unseen <= MOST_UNSEEN]
    gains = [(gain(one.log(), Method.DR), gain(one.log(bounded=True), Method.DR)) for one in logs]
    told = [(one, bounded) for one, bounded in gains if isinstance(one, Estimate) and isinstance(bounded, Estimate)]
    true = (theirs - ours) * (1 - share)
    return Measured(
        citizens=len(found),
        true=true,
        told=len(told),
        mean=float(np.mean([one.value for one, _ in told])) if told else math.nan,
        width=float(np.mean([one.high - one.low for one, _ in told])) if told else math.nan,
        held=sum(one.low <= true <= one.high for one, _ in told),
        failed=sum(one.high < 0 and bounded.high < 0 for one, bounded in told),
        times=times,
    )


def _log(both: Sequence[Any], share: float, expects: Usual, draws: np.random.Generator) -> Lines:
    columns: list[tuple[int, int, str, str, float, float, float, float]] = []
    unseen = 0.0
    for number, (person, lists, chances) in enumerate(both):
        which = int(draws.random() < share)
        services, at = person.found.catalogue.services, person.found.catalogue.place
        for position, one in enumerate(place(lists[which], places=PLACES, seed=int(draws.integers(MOST_SEEDS)))[: person.upto], start=1):
            service = services[at[one.identifier]]
            item = ItemShown(one.identifier, position, 0.0, one.propensity, one.explored)
            here = [side[position - 1] if position <= len(side) else {} for side in chances]
            unseen += sum(chance for other, chance in here[1].items() if other not in here[0])
            columns.append(
                (
                    number, position, one.identifier, service.provider_code,
                    min(1.0, (1 - share) * here[0].get(one.identifier, 0.0) + share * here[1].get(one.identifier, 0.0)),
                    min(1.0, here[1].get(one.identifier, 0.0)),
                    graded(said.kind for said in _said(person, item, draws)),
                    min(1.0, sum(chance * expects.of(position, other) for other, chance in here[1].items())),
                )
            )  # fmt: skip
    propensity, target, reward, expected = (np.array([one[at] for one in columns], dtype=np.float64) for at in range(4, 8))
    return Lines(
        expects,
        np.array([one[0] for one in columns]),
        np.array([one[1] for one in columns]),
        tuple(one[2] for one in columns),
        tuple(one[3] for one in columns),
        propensity,
        target,
        reward,
        expected,
        tried=len(both),
        unseen=unseen / len(columns) if not share else 0.0,
    )


def main() -> None:
    """Print the table of docs/decisions/feedback.md."""
    services, ranker = shipped(), current()
    sys.stdout.write(
        "candidate, share shown, citizens: told of times; true gain, mean estimate, mean width; intervals that hold it; kept out\n"
    )
    for count, times in ((300, 40), (1000, 20), (5000, 10)):
        found = list(people(count, seed=count, catalogue=services, ranker=ranker))
        for name, by in CANDIDATES.items():
            for share in (0.0, 0.2):
                one = measured(found, candidate=Tilted(ranker, by), catalogue=services, share=share, times=times, seed=1)
                sys.stdout.write(
                    f"{name}, {share}, {count}: {one.told} of {times}; {one.true:+.4f}, {one.mean:+.4f}, {one.width:.4f}; {one.held}; {one.failed}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
