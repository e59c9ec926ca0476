"""From training rows to the lines of a log: what another model would have put where these lists stood, and what came of them. Pure.

A row holds a citizen's facts of the day of its collection, not of each list's. So a list counts only if the row makes it again: the same services in
the same places with the same scores and chances, by the model and catalogue that made it. Whether it does hangs on the facts and not on the draw, so
that leaving out the others bends no chance.

Of each citizen one list counts, the first that can be made again: which lists follow hangs on what was said of the one before, and the same service
of five lists would count a fifth each time but that of a single one, which was explored, wholly.

Where the candidate has made lists itself, for the share of the citizens that a challenger has, only lists since then count, and a chance is that over the
models too: who gets which is decided by a number that has nothing to do with the citizen (several loggers: Agarwal, Basu, Schnabel, Joachims: Effective
Evaluation using Logged Bandit Feedback from Multiple Loggers, KDD 2017). Then all that the candidate places can have been shown, the first three places too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recommender.catalogue import Catalogue
from recommender.errors import RecommenderError
from recommender.facts import PROGRAMME_CATEGORY
from recommender.policy import distribution, influence
from recommender.policy.estimates import Log, Vector
from recommender.policy.rewards import Usual, graded, held
from recommender.profile import Profile
from recommender.ranking.model import Ranker
from recommender.suggesting.candidates import Candidates, candidates
from recommender.suggesting.slate import MOST_SEEDS, Options
from recommender.training.rows import Row, SlateShown

# Lists of a citizen that are tried. Facts that have changed since the third list have mostly changed since the fourth.
TRIED = 3
AS_GOOD_AS_SAME = 1e-9

CatalogueAt = Callable[[str], Catalogue]
RankerAt = Callable[[str], Ranker]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Shown places of equal number n. `unit`: the row's number; `expected`: what the candidate's places would earn by `usual`. `tried`: rows with a list.

    `unseen`: the share of the candidate's places that these lists could not have had, exactly: of them only `usual` tells, and no interval knows how wrong it is.
    """

    usual: Usual = field(repr=False)
    unit: npt.NDArray[np.int64] = field(repr=False)
    position: npt.NDArray[np.int64] = field(repr=False)
    service: tuple[str, ...] = field(repr=False)
    provider: tuple[str, ...] = field(repr=False)
    propensity: Vector = field(repr=False)
    target: Vector = field(repr=False)
    reward: Vector = field(repr=False)
    expected: Vector = field(repr=False)
    tried: int = 0
    unseen: float = 0.0

    @property
    def citizens(self) -> int:
        return len(np.unique(self.unit))

    def log(self, *, bounded: bool = False) -> Log:
        """For the estimates; `bounded`: with no provider's feedback counting above its share (`influence`), whatever its friends say."""
        reward = self.reward
        if bounded:
            weight = influence.weights(self.unit, self.service, self.provider)
            reward = held(reward, np.array([self.usual.of_place(at) for at in self.position.tolist()], dtype=np.float64), weight)
        modelled = [self.usual.of(at, service) for at, service in zip(self.position.tolist(), self.service, strict=True)]
        return Log(self.unit, self.propensity, self.target, reward, np.array(modelled, dtype=np.float64), self.expected)


def usual(rows: Sequence[Row], *, catalogue_at: CatalogueAt) -> Usual:
    """What places and services earn, from the first list that each citizen was shown."""
    unit, position, service, provider, reward = [], [], [], [], []
    # By catalogue, since only some are kept compiled.
    firsts = sorted((row.slates[at].catalogue, number, at) for number, row in enumerate(rows) for at in _shown(row)[:1])
    for version, number, at in firsts:
        catalogue = _or_none(catalogue_at, version)
        for (place_, name), earned in _earned(rows[number], at).items():
            if catalogue is not None and name in catalogue:
                unit.append(number)
                position.append(place_)
                service.append(name)
                provider.append(catalogue[name].provider_code)
                reward.append(earned)
    return Usual.fit(
        np.array(unit, dtype=np.int64), np.array(position, dtype=np.int64), service, provider, np.array(reward, dtype=np.float64)
    )


def lines(rows: Sequence[Row], *, candidate: Ranker, ranker_at: RankerAt, catalogue_at: CatalogueAt, places: int, expects: Usual) -> Lines:
    """What `candidate` would have placed by the present policy where lists of up to `places` were shown. Costs some 5 ms a row.

    `ranker_at`, `catalogue_at`: by hash, asked again and again; a list of which either is unknown or damaged is left out. Raises errors that another try can mend
    (`retryable`), and `PolicyError` where the candidate answers with no number.
    """
    logs = _Logs(rows, candidate, ranker_at, catalogue_at, places, expects)
    waiting = {number: logs.lists(number)[:TRIED] for number in range(len(rows))}
    tried = sum(1 for lists in waiting.values() if lists)
    found: list[_Line] = []
    for turn in range(TRIED):
        # By catalogue, since only some are kept compiled.
        turns = sorted((rows[number].slates[lists[turn]].catalogue, number) for number, lists in waiting.items() if turn < len(lists))
        for _, number in turns:
            if made := list(logs.lines(number, waiting[number][turn])):
                found += made
                waiting[number] = []
    found.sort(key=lambda one: (one.unit, one.position))
    return Lines(
        expects,
        np.array([one.unit for one in found], dtype=np.int64),
        np.array([one.position for one in found], dtype=np.int64),
        tuple(one.service for one in found),
        tuple(one.provider for one in found),
        np.array([one.propensity for one in found], dtype=np.float64),
        np.array([one.target for one in found], dtype=np.float64),
        np.array([one.reward for one in found], dtype=np.float64),
        np.array([one.expected for one in found], dtype=np.float64),
        tried=tried,
        unseen=float(np.mean([one.unseen for one in found])) if found else 0.0,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    unit: int
    position: int
    service: str
    provider: str
    propensity: float
    target: float
    reward: float
    expected: float
    unseen: float


@dataclass(frozen=True, slots=True, eq=False)
class _Logs:
    """`since`: the day of the candidate's own first list, None where it made none; `shares`: of the lists since then, by the model that made them."""

    rows: Sequence[Row]
    candidate: Ranker
    ranker_at: RankerAt
    catalogue_at: CatalogueAt
    places: int
    expects: Usual
    since: date | None = field(init=False)
    shares: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        own = [row.slates[at].day for row in self.rows for at in _shown(row) if row.slates[at].model == self.candidate.version]
        object.__setattr__(self, "since", min(own, default=None))
        made = Counter(self.rows[number].slates[at].model for number in range(len(self.rows)) for at in self.lists(number)[:1])
        known = {model: times for model, times in made.items() if self.ranker(model) is not None} if own else {}
        object.__setattr__(self, "shares", {model: times / sum(known.values()) for model, times in sorted(known.items())})

    def lists(self, number: int) -> list[int]:
        row = self.rows[number]
        return [at for at in _shown(row) if self.since is None or row.slates[at].day >= self.since]

    def ranker(self, version: str) -> Ranker | None:
        return self.candidate if version == self.candidate.version else _or_none(self.ranker_at, version)

    def lines(self, number: int, at: int) -> Iterator[_Line]:
        """None where the row does not make the list again."""
        row, slate = self.rows[number], self.rows[number].slates[at]
        catalogue, ranker = _or_none(self.catalogue_at, slate.catalogue), self.ranker(slate.model)
        options = options_on(row, at, self.places)
        profile = None if catalogue is None else profile_on(row, slate, catalogue)
        if catalogue is None or ranker is None or profile is None or options is None or (self.shares and slate.model not in self.shares):
            return
        ours = candidates(profile, catalogue=catalogue, ranker=ranker, options=options)
        if not _is_same(slate, ours, options):
            return
        theirs = ours if ranker is self.candidate else candidates(profile, catalogue=catalogue, ranker=self.candidate, options=options)
        chances = {slate.model: _chances(ours, options), self.candidate.version: _chances(theirs, options)}
        for model in self.shares:
            if model not in chances and (other := self.ranker(model)) is not None:
                chances[model] = _chances(candidates(profile, catalogue=catalogue, ranker=other, options=options), options)
        shares = self.shares or {slate.model: 1.0}
        target = chances[self.candidate.version]
        for (position, service), earned in _earned(row, at).items():
            here = target[position - 1] if position <= len(target) else {}
            yield _Line(
                unit=number,
                position=position,
                service=service,
                provider=catalogue[service].provider_code,
                propensity=min(1.0, _mixed(chances, shares, position, service)),
                target=min(1.0, here.get(service, 0.0)),
                reward=earned,
                expected=min(1.0, sum(chance * self.expects.of(position, other) for other, chance in here.items())),
                unseen=sum(chance for other, chance in here.items() if not _mixed(chances, shares, position, other)),
            )


def _chances(found: Candidates, options: Options) -> tuple[dict[str, float], ...]:
    return distribution(found.scored(options.limit + options.policy.pool), places=options.limit, policy=options.policy)


def _mixed(chances: Mapping[str, Sequence[Mapping[str, float]]], shares: Mapping[str, float], position: int, service: str) -> float:
    return sum(share * _at(chances[model], position, service) for model, share in shares.items())


def _at(chances: Sequence[Mapping[str, float]], position: int, service: str) -> float:
    return chances[position - 1].get(service, 0.0) if position <= len(chances) else 0.0


def _shown(row: Row) -> list[int]:
    """Numbers of the slates of which a place was shown, the oldest first; a row holds the newer ones first."""
    seen = {said.slate for said in row.feedback if said.kind == "shown"}
    return sorted(seen, key=lambda number: (row.slates[number].day, -number))


def _earned(row: Row, at: int) -> dict[tuple[int, str], float]:
    """(position, service) of each place of a slate that was shown, in order, and what it earned there."""
    kinds: dict[str, set[str]] = {}
    for said in row.feedback:
        if said.slate == at:
            kinds.setdefault(said.service, set()).add(said.kind)
    shown = sorted((item.position, item.service) for item in row.slates[at].items if "shown" in kinds.get(item.service, ()))
    return {one: graded(kinds[one[1]]) for one in shown}


def profile_on(row: Row, slate: SlateShown, catalogue: Catalogue) -> Profile | None:
    """As on that day, as far as the list itself tells: a programme that was suggested was not received. None for services that the catalogue does not have."""
    if any(item.service not in catalogue for item in slate.items):
        return None
    suggested = {catalogue[item.service].programme for item in slate.items}
    received = {programme: value and programme not in suggested for programme, value in row.received.items()}
    return Profile({**row.facts, **{f"{PROGRAMME_CATEGORY}.{programme}": value for programme, value in received.items()}})


def options_on(row: Row, at: int, places: int) -> Options | None:
    slate = row.slates[at]
    if slate.seed >= MOST_SEEDS:
        return None
    earlier = {number for number, one in enumerate(row.slates) if (one.day, -number) < (slate.day, -at)}
    hidden = {
        said.service for said in row.feedback if said.kind == "not_for_me" and said.slate in earlier and said.day <= slate.day
    }  # fmt: skip
    return Options(seed=slate.seed, today=slate.day, hidden=frozenset(hidden), limit=places)


def _is_same(slate: SlateShown, found: Candidates, options: Options) -> bool:
    placed = found.placed(options)
    items = sorted(slate.items, key=lambda item: item.position)
    return len(items) == len(placed) and all(
        (item.position, item.service, item.explored) == (position, one.identifier, one.explored)
        and abs(item.propensity - one.propensity) < AS_GOOD_AS_SAME
        and abs(item.score - float(found.scores[found.catalogue.place[one.identifier]])) < AS_GOOD_AS_SAME
        for position, (item, one) in enumerate(zip(items, placed, strict=True), start=1)
    )


def _or_none(at: Callable[[str], T], version: str) -> T | None:
    """What is unknown or damaged is none."""
    try:
        return at(version)
    except RecommenderError as error:
        if error.retryable:
            raise
        return None
