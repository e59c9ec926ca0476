"""Services suggested to a citizen, from what they consented to for that purpose and nothing else, with reasons.

What was made is kept, sealed, with all that it came from: looking again at the same suggestions is no new access, and any of them can be made
again, bit for bit (`journeys/replay.py`). Made anew when facts, consents, model, catalogue, or what the citizen does not want change.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.db.models.functions import Coalesce
from django.utils import timezone

from aurora.identity import keys
from aurora.journeys._basis import Ground
from aurora.journeys._door import open_door
from aurora.journeys._settled import settled, with_own_word
from aurora.journeys.own_data import OWN_DATA
from aurora.telemetry import metrics, traces
from aurora.twin import feedback
from aurora.twin import suggestions as runs
from aurora.twin.suggestions import Run
from aurora.twin.values import FactView
from consent import acting, mandates
from consent.acting import Acting
from consent.errors import AuroraError, NotFound
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.models import ConsentRecord, ConsentState
from consent.rules import AURORA, CITIZEN, AccessRequest
from consent.rules.mandates import Deed
from consent.scope import citizen_scope
from recommender.catalogue import Catalogue
from recommender.facts import FACTS
from recommender.policy import PRESENT
from recommender.profile import Profile
from recommender.ranking.model import Ranker
from recommender.registry.in_use import in_use
from recommender.suggesting.replay import options_of, plain, record
from recommender.suggesting.service import Options, assess, epoch, standing_of, used_categories
from recommender.suggesting.slate import MOST_SEEDS
from recommender.suggesting.why import Why, why

PURPOSE = "service-suggestions"
LIMIT = 10
SWEEP_MOST = 500


class NothingAllowed(AuroraError):
    """No consent for suggestions stands, and the log says so already, or none was ever given: nothing was tried, so nothing was refused."""

    code = "no_consent"
    status = 403
    sentence = "No consent allows this."


class NotInCatalogue(NotFound):
    """A service that the catalogue in use does not have: an import may have retired it since its page was opened."""


@dataclass(frozen=True)
class Suggested:
    """One suggested service, as it was made. Reasons name facts (`category.key`) and carry their text in each language.

    `settles`: unknown facts that a further connection would bring; `not_held`: those that a connected source does not have. `otherwise`: what
    would have to be otherwise for it not to be suggested, in each language; empty where nothing true can be said.
    """

    service: str
    position: int
    explored: bool
    eligibility: str
    reasons: tuple[dict[str, Any], ...]
    settles: tuple[str, ...]
    not_held: tuple[str, ...] = ()
    otherwise: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Suggestions:
    """What was suggested, from which categories, by which model, and the entry of the access.

    `open`: by service that may be for the citizen, the categories on which that hangs; `connected`: categories of which a fact is known. `settled`:
    services that were open the time before, and what they came to since: `likely`, `no_rule`, `no` or `unknown` (its authority decides).
    """

    run_id: UUID
    made_at: datetime
    entry_id: UUID
    model: str
    catalogue: str
    categories: tuple[str, ...]
    services: tuple[Suggested, ...]
    sources: dict[str, str]
    open: Mapping[str, tuple[str, ...]]
    connected: frozenset[str]
    settled: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Suggestions({len(self.services)})"


@dataclass(frozen=True)
class _Means:
    """What suggests now, for this citizen."""

    catalogue: Catalogue
    ranker: Ranker
    shadow: Ranker | None
    today: date

    @property
    def parts(self) -> list[str]:
        """What changes when what suggests does. Of the days only those count on which a service begins or ends."""
        begun = epoch(self.catalogue, self.today)
        return [self.ranker.version, self.catalogue.version, PRESENT.version, str(begun)]


def suggest(*, citizen_id: UUID, now: datetime) -> Suggestions:
    """The suggestions that stand, or new ones through the door. Without a consent for this purpose it raises `AccessRefused`, `NothingAllowed` the next time."""
    run = _run(citizen_id=citizen_id, now=now)
    _looked(citizen_id, run, now)
    return _suggestions(run)


def last_made(*, citizen_id: UUID, now: datetime, ground: Ground | None = None) -> Suggestions | None:
    """The suggestions last made, if all that they rest on still stands, the consents first. In the citizen's scope; makes none.

    `ground`: the citizen's, where the caller has asked for it.
    """
    kept = _current(citizen_id)
    ground = ground or Ground(citizen_id=citizen_id, now=now)
    if kept is None or kept.basis != ground.digest(PURPOSE, _means(citizen_id, now).parts):
        return None
    return _suggestions(kept) if _hidden(kept) == feedback.hidden(citizen_id=citizen_id) else None


def explain(*, citizen_id: UUID, service: str, now: datetime) -> tuple[Why, Suggestions]:
    """Why a service of the catalogue is suggested, or why not, from what the suggestions that stand were made from.

    No new access where some stand; else they are made through the door. Raises `AccessRefused`, `NothingAllowed`, `NotInCatalogue`.
    """
    run = _run(citizen_id=citizen_id, now=now)
    kept, means = run.content["record"], _means(citizen_id, now)
    if service not in means.catalogue:
        raise NotInCatalogue()
    found = why(
        Profile(kept["facts"]), means.catalogue[service], catalogue=means.catalogue, ranker=means.ranker, options=options_of(kept)
    )  # fmt: skip
    _looked(citizen_id, run, now)
    return found, _suggestions(run)


def sweep(*, now: datetime) -> int:
    """Delete runs that are past their time. How many; at most `SWEEP_MOST`, the next round takes the rest."""
    gone = 0
    for run_id, citizen_id in runs.older(than=now - settings.AURORA_SUGGESTIONS_KEPT, most=SWEEP_MOST):
        with citizen_scope(citizen_id):
            gone += runs.forget(run_id=run_id)
            feedback.forget_measured(citizen_id=citizen_id, run_id=run_id)
    return gone


def _run(*, citizen_id: UUID, now: datetime) -> Run:
    with citizen_scope(citizen_id):
        doing = mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.SUGGEST)
        means = _means(citizen_id, now)
        basis, hidden = _basis(citizen_id, means, now), feedback.hidden(citizen_id=citizen_id)
        kept = _current(citizen_id)
    if kept is not None and kept.basis == basis and _hidden(kept) == hidden and _reached(doing, kept.content["categories"]):
        return kept
    _worth_asking(citizen_id, now)
    # Drawn anew, whatever changed. What somebody sets aside is often what was explored: the same draw again would explore for sure, and the
    # chance that is kept with each place would be a wrong one.
    options = Options(seed=secrets.randbelow(MOST_SEEDS), today=means.today, hidden=hidden, limit=LIMIT)
    used = frozenset(c for c in used_categories(means.catalogue) if _reached(doing, [c]))
    return _through_the_door(citizen_id, means, options, used, basis, kept, now)


def _looked(citizen_id: UUID, run: Run, now: datetime) -> None:
    """Reasons are facts: whoever looks at them for another has an entry each time, as by looking at the data. One's own look is no access."""
    if acting.current() is None:
        return
    request = AccessRequest(citizen_id, CITIZEN, OWN_DATA, frozenset(run.content["categories"]))
    details = {"what": "suggestions", "run": str(run.id)}
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=now, details=details, unread=True):
        pass  # what they see was read already, when the run was made


def _worth_asking(citizen_id: UUID, now: datetime) -> None:
    """A page that is only opened again must not fill the log with refusals, which alarm whoever reads them: where nothing is allowed the door is
    asked once after each end of a consent, and never where there was none. Raises `NothingAllowed`."""
    with citizen_scope(citizen_id):
        given = ConsentRecord.objects.filter(citizen_id=citizen_id, recipient__code=AURORA, purpose=PURPOSE).exclude(
            state=ConsentState.DECLINED
        )
        if given.filter(state=ConsentState.GIVEN, expires_at__gt=now).exists():
            return
        ended = given.aggregate(last=Max(Coalesce("ended_at", "expires_at")))["last"]
        if ended is not None and not ledger.visible(citizen_id, since=ended).filter(event=Event.SUGGESTION_REFUSED).exists():
            return
    raise NothingAllowed()


def _reached(doing: Acting | None, categories: Iterable[str]) -> bool:
    """Whoever acts for another sees what was made of their themes alone, also if the citizen allows more at this very moment."""
    return doing is None or doing.scope.covers(categories)


def _through_the_door(
    citizen_id: UUID, means: _Means, options: Options, used: frozenset[str], basis: str, before: Run | None, now: datetime
) -> Run:
    run_id = uuid.uuid4()
    request = AccessRequest(citizen_id, AURORA, PURPOSE, used, all_or_nothing=False)
    details = {"run": str(run_id), "model": means.ranker.version, "catalogue": means.catalogue.version, "policy": options.policy.version}
    with (
        metrics.suggesting(),
        traces.step("suggest"),
        open_door(request, granted=Event.SUGGESTION_MADE, refused=Event.SUGGESTION_REFUSED, now=now, details=details) as opened,
    ):
        facts = with_own_word(settled(citizen_id=citizen_id, facts=opened.facts), known=FACTS)
        content = {
            **_made(facts, means, options, _still_allowed(before, opened.permit.categories)),
            "categories": sorted(opened.permit.categories),
            "sources": {f.name: f.source for f in facts},
        }
        runs.keep(citizen_id=citizen_id, run_id=run_id, basis=basis, entry_id=opened.entry_id, content=content, now=now)
        return Run(run_id, now, opened.entry_id, basis, True, content)


def _still_allowed(before: Run | None, categories: frozenset[str]) -> Run | None:
    """What was made from more than is allowed now (a consent has run out) is told of no longer, nor what it has come to."""
    return before if before is not None and categories >= frozenset(before.content["categories"]) else None


def _made(facts: tuple[FactView, ...], means: _Means, options: Options, before: Run | None) -> dict[str, Any]:
    """The record, what the shadow would have said (shown to nobody), and what has been settled since the time before."""
    profile = Profile({f.name: f.value for f in facts})
    slate, found = assess(profile, catalogue=means.catalogue, ranker=means.ranker, options=options)
    shadow = None
    if means.shadow is not None:
        theirs, _ = assess(profile, catalogue=means.catalogue, ranker=means.shadow, options=options)
        shadow = {"model": theirs.model, "slate": plain(theirs)}
    made = record(profile, options, slate=slate, found=found)
    # What is not given where the citizen lives, as they have told since, is not for them either.
    standing = {**dict.fromkeys(means.catalogue, "no"), **standing_of(found)}
    return {"record": made, "shadow": shadow, "settled": _settled(before, made, standing)}


def _settled(before: Run | None, made: dict[str, Any], standing: Mapping[str, str]) -> list[list[str]]:
    """What the last change of facts has settled; where nothing of them changed, what was settled then is told still."""
    if before is None:
        return []
    former = before.content["record"]
    if former["facts"] == made["facts"]:
        return list(before.content["settled"])
    gone = [service for service in former["open"] if service not in made["open"] and service in standing]
    return [[service, standing[service]] for service in gone]


def _means(citizen_id: UUID, now: datetime) -> _Means:
    catalogue, serves = in_use()
    ranker = serves.chosen(keys.unit(citizen_id, salt=serves.unit_salt))
    return _Means(catalogue, ranker, serves.shadow, timezone.localdate(now))


def _basis(citizen_id: UUID, means: _Means, now: datetime) -> str:
    """Changes when anything that the suggestions rest on does: model, catalogue, policy, live consents, facts."""
    return Ground(citizen_id=citizen_id, now=now).digest(PURPOSE, means.parts)


def _current(citizen_id: UUID) -> Run | None:
    try:
        return runs.current(citizen_id=citizen_id)
    except runs.RunDamaged:
        return None  # whoever replays it is told; the citizen gets new ones


def _hidden(run: Run) -> frozenset[str]:
    return frozenset(run.content["record"]["hidden"])


def _suggestions(run: Run) -> Suggestions:
    content, made = run.content, run.content["record"]
    return Suggestions(
        run_id=run.id,
        made_at=run.made_at,
        entry_id=run.entry_id,
        model=made["model"],
        catalogue=made["catalogue"],
        categories=tuple(content["categories"]),
        services=tuple(_suggested(one) for one in made["slate"]),
        sources=content["sources"],
        open={service: tuple(missing) for service, missing in made["open"].items()},
        connected=Profile(made["facts"]).categories,
        settled=tuple((service, standing) for service, standing in content["settled"]),
    )


def _suggested(one: Mapping[str, Any]) -> Suggested:
    return Suggested(
        service=one["service"],
        position=one["position"],
        explored=one["explored"],
        eligibility=one["eligibility"],
        reasons=tuple({"facts": reason["facts"], "text": reason["text"]} for reason in one["reasons"]),
        settles=tuple(one["settles"]),
        not_held=tuple(one["not_held"]),
        otherwise=one["counterfactual"]["text"] if one["counterfactual"] else {},
    )
