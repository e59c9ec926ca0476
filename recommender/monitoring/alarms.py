"""What in a report needs somebody: each alarm with code, group, value, threshold and a sentence. Pure.

Alarms are made of what a report keeps (`protect`), so they can tell nothing that the report does not. Each needs a difference that is large
enough to matter (the model's own threshold) and too large for chance (one level for all comparisons of a day together).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

from recommender.monitoring.drift import Drift
from recommender.monitoring.protect import REST, tallied
from recommender.monitoring.tallies import worst_gap

# Kept in each model's card; a model made before there were any gets these.
THRESHOLDS: Mapping[str, float] = {
    "exposure_gap": 0.15,  # of the services entitled to, the share shown: so much lower than that of all others
    "tpr_gap": 0.10,
    "uptake_gap": 0.10,
    "represented": 0.5,  # share among those who consented over the share among those who could
    "psi": 0.2,
    "ks": 0.1,
    "shift": 0.15,  # of the mean, in deviations of the reference
    "suggested": 0.1,  # change of the share for whom a programme is among the first three
    "known": 0.15,  # fall of the share who have a category
    "uptake_fall": 0.1,  # of the complete weeks
}
LEAST = 50  # people in a group
LEVEL = 0.01  # false alarms a day, if nothing is wrong, of each kind
OF_MEASURE = {
    "entitled_shown": "exposure_gap", "entitled_weight": "exposure_gap", "found_3": "tpr_gap", "found_5": "tpr_gap",
    "opened": "uptake_gap", "helpful": "uptake_gap", "applied": "uptake_gap",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alarm:
    """`what`: the measure, fact or programme; `axis` and `group`: of whom, empty for everybody."""

    code: str
    what: str
    axis: str
    group: str
    value: float
    threshold: float

    @property
    def sentence(self) -> str:
        """For logs and the command; pages say it in their own language by the code."""
        return SENTENCES[self.code].format(what=self.what, axis=self.axis, group=self.group, value=self.value, threshold=self.threshold)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


SENTENCES: Mapping[str, str] = {
    "exposure_gap": "{axis} {group}: {value:.2f} less of what they are entitled to is shown than to the others ({what}; threshold {threshold}).",
    "tpr_gap": "{axis} {group}: of what they take part in, {value:.2f} less is among the first than of the others ({what}; threshold {threshold}).",
    "uptake_gap": "{axis} {group}: {value:.2f} fewer made use of suggestions than of the others ({what}; threshold {threshold}).",
    "under_represented": "{axis} {group}: their share among those who consented is {value:.2f} of that among all (threshold {threshold}).",
    "psi": "{what} is spread otherwise than when the model was made (PSI {value:.2f}, threshold {threshold}).",
    "ks": "{what} is distributed otherwise than when the model was made (KS distance {value:.2f}, threshold {threshold}).",
    "shift": "The mean of {what} has moved by {value:.2f} deviations (threshold {threshold}).",
    "suggested": "{what} is among the first three for {value:+.2f} more than when the model was made (threshold {threshold}).",
    "known_fall": "{what} is known of {value:.2f} fewer people than in an earlier report (threshold {threshold}).",
    "uptake_fall": "{value:.2f} fewer applied in the last complete week than in those before it (threshold {threshold}).",
}  # fmt: skip


def of_groups(tables: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]], thresholds: Mapping[str, float]) -> list[Alarm]:
    """Of axis -> measure -> kept cells: a group that is surely worse off than all others, by more than the threshold."""
    looked_at = sum(len(OF_MEASURE.keys() & measures.keys()) for measures in tables.values())
    found = []
    for axis, measures in tables.items():
        for measure, cells in measures.items():
            if (code := OF_MEASURE.get(measure)) is None:
                continue
            told = [one for one in map(tallied, cells) if one is not None and one.group != REST]
            gap = worst_gap(told, LEAST, level=LEVEL / looked_at)
            if gap is not None and gap.low > 0 and gap.gap >= thresholds[code]:
                found.append(Alarm(code, measure, axis, gap.group, round(gap.gap, 3), thresholds[code]))
    return found


def of_drift(drifts: Iterable[Drift], thresholds: Mapping[str, float]) -> list[Alarm]:
    """At most one a fact or chance: the first of shift, KS and PSI that is over its threshold and beyond chance."""
    drifts = list(drifts)
    level = LEVEL / max(1, 2 * len(drifts))
    z = NormalDist().inv_cdf(1 - level / 2)
    found = []
    for one in drifts:
        over = [
            ("shift", one.shift, abs(one.shift) >= thresholds["shift"] and abs(one.z) >= z),
            ("ks", one.ks, one.ks >= thresholds["ks"] and one.ks_p <= level),
            # PSI has no such test of its own: few people alone make it large, so it counts only where KS is beyond chance too.
            ("psi", one.psi, one.psi >= thresholds["psi"] and one.ks_p <= level),
        ]
        found += [Alarm(code, one.name, "", "", round(value, 3), thresholds[code]) for code, value, raised in over if raised][:1]
    return found


def of_suggested(
    now: Mapping[str, float], then: Mapping[str, float], people: int, reference: int, thresholds: Mapping[str, float]
) -> list[Alarm]:
    """A programme that is among the first three for many more or fewer people than it was."""
    z = NormalDist().inv_cdf(1 - LEVEL / (2 * max(1, len(then))))
    found = []
    for name, share in now.items():
        before = then.get(name)
        if before is None or people < LEAST or not reference:
            continue
        both = (share * people + before * reference) / (people + reference)
        error = (max(both * (1 - both), 1e-9) * (1 / people + 1 / reference)) ** 0.5
        if abs(share - before) >= thresholds["suggested"] and abs(share - before) >= z * error:
            found.append(Alarm("suggested", name, "", "", round(share - before, 3), thresholds["suggested"]))
    return found


def of_consent(rows: Iterable[Mapping[str, Any]], people: int, thresholds: Mapping[str, float]) -> list[Alarm]:
    """A group with too small a part among those who consented, more surely than by chance. `rows`: as a report keeps them."""
    rows = list(rows)
    z = NormalDist().inv_cdf(1 - LEVEL / max(1, len(rows)))
    found = []
    for row in rows:
        share, reference = row["share"], row["reference"]
        if people < 2 * LEAST or not 0 < reference < 1:
            continue
        sure = reference - share > z * (reference * (1 - reference) / people) ** 0.5
        if sure and share / reference <= thresholds["represented"]:
            found.append(Alarm("under_represented", "", row["axis"], row["group"], round(share / reference, 3), thresholds["represented"]))
    return found


def of_known(
    now: Mapping[str, float], earlier: Mapping[str, float], people: int, before: int, thresholds: Mapping[str, float]
) -> list[Alarm]:
    """A category that fewer people have than in an earlier report: a source that no longer answers, or consents withdrawn in numbers."""
    z = NormalDist().inv_cdf(1 - LEVEL / max(1, len(now)))
    found = []
    for category, share in now.items():
        fall = earlier.get(category, 0.0) - share
        if people < LEAST or before < LEAST or fall < thresholds["known"]:
            continue
        both = (share * people + earlier[category] * before) / (people + before)
        if fall >= z * (max(both * (1 - both), 1e-9) * (1 / people + 1 / before)) ** 0.5:
            found.append(Alarm("known_fall", category, "", "", round(fall, 3), thresholds["known"]))
    return found


def of_uptake(weeks: Sequence[Mapping[str, Any]], thresholds: Mapping[str, float]) -> list[Alarm]:
    """The last complete week against those before it, as a report keeps them; only complete ones are compared."""
    told = [week for week in weeks if week["complete"] and week["share"] is not None and week["people"] >= LEAST]
    if len(told) < 2:
        return []
    last, earlier = told[-1], told[:-1]
    people = sum(week["people"] for week in earlier)
    before = sum(week["share"] * week["people"] for week in earlier) / people
    both = (before * people + last["share"] * last["people"]) / (people + last["people"])
    error = (max(both * (1 - both), 1e-9) * (1 / people + 1 / last["people"])) ** 0.5
    fall = before - last["share"]
    if fall >= thresholds["uptake_fall"] and fall >= NormalDist().inv_cdf(1 - LEVEL) * error:
        return [Alarm("uptake_fall", "applied", "", "", round(fall, 3), thresholds["uptake_fall"])]
    return []
