"""How often the gates refuse sound models, and let damaged ones pass, on the committed extract. Writes data/gate_power.json.

    python -m recommender.training.gate_power --keep FOLDER        (about 12 minutes of one core; FOLDER keeps what each model said, for a next time)

The limits of `recommender.registry.gates` rest on these figures (docs/decisions/model-operations.md).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from functools import cache, partial
from math import sqrt
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from recommender.monitoring.groups import AXES, groups
from recommender.profile import Profile
from recommender.registry import gates, losses
from recommender.registry.gates import LEAST_IN_GROUP, Trial, judge
from recommender.training import damages, dataset, households, metrics
from recommender.training.damages import CHAMPION, TWIN, Damage, Lesson, Part
from recommender.training.metrics import Floats, Labels, Places
from recommender.training.train import SEED

RESULTS = Path(__file__).parent / "data" / "gate_power.json"
SIZES = (400, 1_000, 2_500, 5_000)
PRESENT = 5_000  # so many of the extract are held out
DRAWS = 8
NOTICED = 0.8
# axis, groups of it: who is harmed. One region: the largest.
HARMED = {
    "old": ("age", ("65_74", "from_75")),
    "disabled": ("disability", ("visual_impairment",)),
    "one parent": ("family", ("single_parent",)),
    "one region": ("region", ("R06",)),
    "low income": ("income", ("under_10000",)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the models of one part say of the households held out: float64[n, programmes] each."""

    labels: Labels
    groups: Mapping[str, Any] = field(repr=False)
    segment: Floats = field(repr=False)
    sound: Mapping[str, Floats] = field(repr=False)
    damaged: Mapping[Damage, Floats] = field(repr=False)

    def trial(self, candidate: Floats, champion: Floats, at: Places) -> Trial:
        """As of the households `at`."""
        by_axis = {axis: names[at] for axis, names in self.groups.items()}
        return Trial(self.labels[at], candidate[at], champion[at], self.segment[at], by_axis)


@cache
def all_groups() -> dict[str, Any]:
    """Axis -> group of each household of the extract, str[households]."""
    found = [groups(Profile.of_categories(households.facts_of(number)).facts) for number in range(households.count())]
    return {axis: np.array([one[axis] for one in found]) for axis in AXES}


def parts() -> dict[str, Part]:
    """Two halves, each learnt from and judged on the other: 10,000 held out, of which 5,000 can be drawn again and again."""
    data = dataset.load()
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(data.rows))
    one, other = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    harmed = {name: np.isin(all_groups()[axis], names) for name, (axis, names) in HARMED.items()}
    return {"first half": Part(data, one, other, harmed), "second half": Part(data, other, one, harmed, mistaught=False)}


def said(name: str, part: Part, keep: Path, *, learns: bool = True) -> Said:
    """What every model of a part says; learnt where `keep` does not hold it already, or left out where nothing `learns`."""
    shown = part.shown

    def answers(key: str, lesson: Lesson, others: Floats | None = None) -> Floats | None:
        path = keep / f"{name}|{key}.npy"
        if not path.exists():
            if not learns:
                return None
            np.save(path, damages.chances(damages.learn(lesson), shown, others))
        return np.asarray(np.load(path))

    sound = {key: one for key, lesson in damages.sound(part) if (one := answers(key, lesson)) is not None}
    twin = sound[TWIN]
    lessons = damages.damaged(part, _felt(keep / f"{name}|strongest.json", part))
    taught = {damage: one for damage, lesson in lessons if (one := answers(json.dumps(astuple(damage)), lesson, twin)) is not None}
    # By number and not by name: telling thousands of names apart is most of what a verdict costs.
    by_axis = {axis: np.unique(names, return_inverse=True)[1][part.held_out] for axis, names in all_groups().items()}
    return Said(part.data.labels[part.held_out], by_axis, damages.of_segments(part), sound, taught | dict(damages.scored(part, twin)))


def _felt(path: Path, part: Part) -> dict[str, tuple[str, ...]]:
    if not path.exists():
        path.write_text(json.dumps(damages.strongest(damages.learn(dict(damages.sound(part))[TWIN]))), encoding="ascii")
    return {fact: tuple(programmes) for fact, programmes in json.loads(path.read_text(encoding="ascii")).items()}


def near(each: Sequence[Floats], *, seed: int) -> tuple[float, float]:
    """`metrics.interval` of one split by the normal law: of thousands of households the same to a twentieth of its width, and a hundred times faster."""
    (values,) = each
    half = 1.96 * float(values.std()) / sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def draws(count: int, size: int, times: int, seed: int) -> Iterator[Places]:
    """`size` of `count` households with replacement, so that verdicts scatter as those on other households would."""
    random = np.random.Generator(np.random.PCG64(seed))
    return (random.integers(0, count, size) for _ in range(times))


def refused(trials: Iterator[Trial]) -> dict[str, Any]:
    """How many verdicts, and the share of them that each gate refuses, and any."""
    verdicts = [{gate.name for gate in judge(trial, seed=number, interval=near) if not gate.passed} for number, trial in enumerate(trials)]
    names = sorted({name for failed in verdicts for name in failed})
    shares = {name: _share(name in failed for failed in verdicts) for name in names}
    return {"verdicts": len(verdicts), "any": _share(bool(failed) for failed in verdicts), "by": shares}


def sound_refused(each: Sequence[Said]) -> dict[str, Any]:
    """By kind of sound model and number held out: each against every other full model, on one draw apiece."""
    kinds = {"other seed": ("seed",), "drawn anew": ("bootstrap",), "half the data": ("half",)}
    return {kind: {str(size): refused(_pairs(each, starts, size)) for size in SIZES} for kind, starts in kinds.items()}


def _pairs(each: Sequence[Said], starts: tuple[str, ...], size: int) -> Iterator[Trial]:
    for one in each:
        champions = [name for name in one.sound if name == CHAMPION or name.startswith("seed")]
        pairs = [(name, champion) for name in one.sound if name.startswith(starts) for champion in champions if champion != name]
        times = -(-DRAWS // len(pairs))
        at = draws(len(one.labels), size, times * len(pairs), seed=size)
        yield from (one.trial(one.sound[name], one.sound[champion], next(at)) for name, champion in pairs * times)


def damaged_refused(each: Sequence[Said], damage: Damage) -> dict[str, Any]:
    """Of a damage its true harm, on all held out against the sound twin, and how often it is refused at the present size."""
    having = [one for one in each if damage in one.damaged]
    harms = [harm(one, one.damaged[damage]) for one in having]
    trials = (
        one.trial(one.damaged[damage], one.sound[CHAMPION], at)
        for number, one in enumerate(having)
        for at in draws(len(one.labels), PRESENT, DRAWS // len(having), seed=number)
    )
    mean = {name: round(float(np.mean([one[name] for one in harms])), 4) for name in harms[0]}
    return {**asdict(damage), "harm": mean, **refused(trials)}


def harm(one: Said, candidate: Floats) -> dict[str, float]:
    """What is truly lost against the sound twin, on all held out: in the units of the gates."""
    twin = one.sound[TWIN]
    everyone = np.arange(len(one.labels))
    trial = one.trial(candidate, twin, everyone)
    programme = losses.of_programmes(candidate, twin, one.labels, LEAST_IN_GROUP)
    group = losses.of_groups(candidate, twin, one.labels, one.groups, LEAST_IN_GROUP)
    foretold = losses.foretold(candidate, one.labels, one.groups, LEAST_IN_GROUP)
    return {
        "champion": metrics.ndcg(twin, one.labels) - metrics.ndcg(candidate, one.labels),
        "programme_loss": programme.lost if programme else 0.0,
        "group_loss": group.lost if group else 0.0,
        "foretold": foretold.lost if foretold else 0.0,
        "group_gap": gates.worst_of_groups(candidate, one.labels, trial.groups)[1],
        "calibration": max(metrics.calibration_error(candidate[:, c], one.labels[:, c]) for c in range(candidate.shape[1])),
    }


def noticed_from(damaged: Sequence[Mapping[str, Any]], gate: str) -> float | None:
    """The smallest harm that `gate` refuses in four of five verdicts: where the shares, made to rise with the harm, cross it; None where they never do."""
    points = sorted((one["harm"][gate], one["by"].get(gate, 0.0)) for one in damaged)
    rising = rise([share for _, share in points])
    return next((harm for (harm, _), share in zip(points, rising, strict=True) if share >= NOTICED), None)


def rise(shares: Sequence[float]) -> list[float]:
    """The rising sequence that is nearest in squares (pool adjacent violators, Ayer et al. 1955)."""
    blocks: list[list[float]] = []  # mean, how many
    for share in shares:
        blocks.append([share, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (before, many), (last, few) = blocks[-2], blocks[-1]
            blocks[-2:] = [[(before * many + last * few) / (many + few), many + few]]
    return [mean for mean, many in blocks for _ in range(int(many))]


def _share(of: Iterator[bool]) -> float:
    values = list(of)
    return round(sum(values) / len(values), 3)


def _of(task: Any) -> Any:
    """In a child: it has what the models said from its parent, which is too much to send."""
    return task(_SAID)


_SAID: list[Said] = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--keep", type=Path, required=True, help="the folder that keeps what each model said")
    parser.add_argument("--learn-nothing", action="store_true", help="judge only what the folder holds")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.keep.mkdir(parents=True, exist_ok=True)
    _SAID[:] = [said(name, part, arguments.keep, learns=not arguments.learn_nothing) for name, part in parts().items()]
    order = dict.fromkeys(damage for one in _SAID for damage in one.damaged)
    tasks = [sound_refused, *(partial(damaged_refused, damage=damage) for damage in order)]
    with get_context("fork").Pool(arguments.processes) as pool:
        sound, *damaged = pool.map(_of, tasks, chunksize=1)
    found = {
        "dataset_sha256": households.extract_sha256(),
        "learnt_from": len(_SAID[0].labels),
        "learnt_models": [len(one.sound) + sum(damage.kind in damages.TAUGHT for damage in one.damaged) for one in _SAID],
        "sound": sound,
        "damaged": damaged,
        "noticed_from": {name: noticed_from(damaged, name) for name in damaged[0]["harm"]},
    }
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
