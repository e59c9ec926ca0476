"""How good other organisations' models show themselves on people of whom it is known what followed, with their consent and for that purpose alone.

1. `pair_due` finds whom it concerns: a consent to Aurora for `model-outcomes`, and facts that tell what followed. For each it makes an evaluation
   row of that purpose, which a worker runs like any other (`evaluate.run`): through the door, logged, on all that it needs or on nothing. What the
   model says and what followed lie sealed under the citizen's key.
2. `report_due` counts what lies there, by version and quarter of the year, into reports that tell of nobody (`recommender.evaluators.quality`). That
   its row would be counted is what each pair's own entry told the citizen.
A withdrawal deletes the pair in its own transaction, and so takes it out of the next report. A report is made anew only when of FEWEST people
something else is counted than in the last one: of two reports that differ by one person the difference would be that person. A pair that is made
again, since its facts were fetched again, is nothing else.
What this does not do: it tells nobody who is counted, the owner least of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils.crypto import salted_hmac

from aurora.journeys import _followed, _record, evaluate
from aurora.journeys._in_use import offered
from aurora.journeys._record import Record
from aurora.journeys._wake import send
from aurora.twin import evaluations, reports
from aurora.twin.evaluations import OUTCOMES
from aurora.twin.models import Evaluation
from consent.scope import citizen_scope
from recommender.evaluators.quality import FEWEST, Pair, counted, report
from recommender.models import EvaluatorVersion

MOST = 500


def pair_due(*, now: datetime) -> int:
    """Queue what is to be put beside what followed, and wake workers. How many; at most `MOST` a version, the next round takes the rest."""
    made = 0
    for version in _measured():
        outcomes = version.contract.outcomes
        assert outcomes is not None
        for citizen_id in evaluations.to_pair(evaluator_id=version.pk, outcome=outcomes.category, now=now, most=MOST):
            with citizen_scope(citizen_id):
                found, new = evaluations.enqueue(
                    citizen_id=citizen_id,
                    evaluator_id=version.pk,
                    purpose=OUTCOMES,
                    categories=_followed.categories(version.contract),
                    now=now,
                )
            if new:
                send(evaluate.TASK, found)
                made += 1
    return made


def report_due(*, now: datetime) -> int:
    """Make the reports of which enough has changed. How many. Of a version that is not in use the last ones stay as they are."""
    made = 0
    for version in _measured():
        kept, there = reports.pairs_of(evaluator_id=version.pk), evaluations.pairs(evaluator_id=version.pk)
        ids = [pair_id for pair_id, _ in there]
        # Most often nothing has changed: then nobody's pair is opened.
        if reports.looked_at(evaluator_id=version.pk, evaluations=ids) or not (there or kept):
            continue
        for quarter, found in _by_quarter(version, kept, there).items():
            if quarter in kept and _people(found.keys(), kept[quarter]) < FEWEST:
                continue
            content = report(version.contract, found.values())
            reports.keep(evaluator_id=version.pk, quarter=quarter, content=content, pairs=sorted(found), now=now)
            made += 1
        reports.keep_look(evaluator_id=version.pk, evaluations=ids)
    return made


def of_citizen(*, citizen_id: UUID) -> list[tuple[EvaluatorVersion, Evaluation, Record]]:
    """What lies there of one citizen, opened: they read their own. In their scope."""
    rows = evaluations.pairs_of_citizen(citizen_id=citizen_id)
    versions = EvaluatorVersion.objects.in_bulk({row.evaluator_id for row in rows}) if rows else {}
    return [(versions[row.evaluator_id], row, _record.opened(row)) for row in rows]


@dataclass(frozen=True)
class Performance:
    """A report as the owner reads it. `quarter`: its first day, None for all together. `content`: `quality.report`'s."""

    quarter: date | None
    made_on: date
    content: dict[str, object]


def performance(version: EvaluatorVersion) -> list[Performance]:
    """All reports of a version: all quarters together first, then the newest quarter first."""
    return [Performance(row.quarter, row.made_at.date(), row.content) for row in reports.of(evaluator_id=version.pk)]


def _measured() -> list[EvaluatorVersion]:
    return [version for version in offered() if version.contract.outcomes is not None]


def _by_quarter(
    version: EvaluatorVersion, kept: Iterable[date | None], there: Iterable[tuple[UUID, UUID]]
) -> dict[date | None, dict[UUID, Pair]]:
    """Every quarter of which there are pairs or was a report, by each person's mark; None is all of them."""
    found: dict[date | None, dict[UUID, Pair]] = {quarter: {} for quarter in kept}
    for citizen_id, day, pair in _pairs(there):
        mark = _mark(version, citizen_id, pair)
        found.setdefault(None, {})[mark] = pair
        found.setdefault(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), {})[mark] = pair
    return found


def _mark(version: EvaluatorVersion, citizen_id: UUID, pair: Pair) -> UUID:
    """Stands for a person and what is counted of them, for this version alone. Under the service's key: it is kept when the pair is gone."""
    told = f"{version.pk} {citizen_id} {counted(version.contract, pair)}"
    return UUID(bytes=salted_hmac("aurora.model_outcomes", told, algorithm="sha256").digest()[:16])


def _people(now: AbstractSet[UUID], before: AbstractSet[UUID]) -> int:
    """Of how many people, at least, something else is counted. Who changed has a mark in both."""
    return max(len(now - before), len(before - now))


def _pairs(ids: Iterable[tuple[UUID, UUID]]) -> Iterator[tuple[UUID, date, Pair]]:
    for evaluation_id, citizen_id in ids:
        with citizen_scope(citizen_id):
            row = Evaluation.objects.filter(pk=evaluation_id, purpose=OUTCOMES, state=Evaluation.State.DONE).first()
            if row is None:
                continue  # withdrawn meanwhile
            record = _record.opened(row)
        told = record.followed
        yield citizen_id, date.fromisoformat(told["day"]), Pair(record.values, told["happened"], told["months"], told["events"])
