"""The asking half of a pull: one category after the other, with a token that is renewed when need be. Writes nothing but progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from django.utils import timezone

from aurora import crash
from aurora.identity import citizens
from aurora.journeys import _turn, registers
from aurora.outbound.oauth import PeerFailed
from aurora.sources import credentials, feeds, pulls, registry
from aurora.sources.connectors import CONNECTORS, Answer, Asked, Fetch, Mark, Unchanged
from aurora.sources.credentials import Held
from aurora.sources.models import Connection, PullPart
from aurora.sources.policy import Policy
from aurora.sources.pulls import Lease
from aurora.twin.models import Fact
from consent import queries
from consent.models import DataCategoryVersion
from consent.scope import citizen_scope


@dataclass(frozen=True)
class Fetched:
    """What a source said: its answers, the categories in which it said that nothing is new, and the error of each that it answered wrongly."""

    versions: Mapping[str, DataCategoryVersion]
    answers: list[Answer] = field(default_factory=list)
    unchanged: list[Unchanged] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def fetch_all(lease: Lease, declared: Policy) -> Fetched:
    """Ask for all that the lease is for. Raises `PeerFailed` for what ends or delays it all."""
    with citizen_scope(lease.citizen_id):
        connection = Connection.objects.select_related("source__agency").get(pk=lease.connection_id)
        versions = {c.category_id: c for c in queries.current_categories(lease.categories)}
        since = _since(connection, versions)
    asked = Asked(
        registry.registration(connection.source), "", next(iter(versions.values())), settings=connection.source.settings,
        still=partial(_still, lease, declared),
    )  # fmt: skip
    fetch, fetched = CONNECTORS[connection.source.connector], Fetched(versions)
    for number, category in enumerate(lease.categories):
        if number:
            _turn.another(lease, declared)
        one = replace(asked, category=versions[category], since=since.get(category, Mark()))
        crash.reach("pull.before_request")
        try:
            answer = _checked(one, _with_token(lease, declared, partial(_ask, fetch, one)))
        except PeerFailed as error:
            if error.retryable or error.code == "revoked":
                raise
            fetched.failed[category] = error.code
            continue
        crash.reach("pull.answered")
        _take(lease, fetched, category, answer)
        crash.reach("pull.part_noted")
    return fetched


def _since(connection: Connection, versions: Mapping[str, DataCategoryVersion]) -> dict[str, Mark]:
    """Where to go on, of what the twin still holds: of what is gone, and of what was handed on and never kept, all is asked for."""
    found = feeds.marks(connection=connection, versions={c: v for c, v in versions.items() if c not in registers.CATEGORIES})
    if not found:
        return {}
    current = Fact.objects.filter(citizen_id=connection.citizen_id, source=connection.source.agency.code, superseded_at__isnull=True)
    held = set(current.filter(category__in=found).values_list("category", flat=True))
    return {category: mark for category, mark in found.items() if category in held}


def _checked(asked: Asked, answer: Answer | Unchanged) -> Answer | Unchanged:
    """What is told since nothing tells nothing."""
    if asked.since == Mark() and (isinstance(answer, Unchanged) or answer.gone is not None):
        raise PeerFailed("invalid_answer", retryable=False)
    return answer


def _take(lease: Lease, fetched: Fetched, category: str, answer: Answer | Unchanged) -> None:
    with citizen_scope(lease.citizen_id):
        if isinstance(answer, Answer) and not citizens.is_same_person(citizen_id=lease.citizen_id, national_id=answer.national_id):
            raise PeerFailed("wrong_citizen", retryable=False)
        if not pulls.extend(lease, now=timezone.now()):
            raise PeerFailed("lease_lost", retryable=False)
        if isinstance(answer, Answer):
            fetched.answers.append(answer)
        else:
            fetched.unchanged.append(answer)
        pulls.note_part(
            lease, category=category, state=PullPart.State.FETCHED, facts=len(answer.facts) if isinstance(answer, Answer) else 0
        )


def _still(lease: Lease, declared: Policy) -> None:
    """Between two requests of one answer: the work goes on, and the next request has its turn."""
    with citizen_scope(lease.citizen_id):
        if not pulls.extend(lease, now=timezone.now()):
            raise PeerFailed("lease_lost", retryable=False)
    _turn.another(lease, declared)


def _ask(fetch: Fetch, asked: Asked, held: Held) -> Answer | Unchanged:
    return fetch(replace(asked, token=held.access, context=held.context))


def _with_token(lease: Lease, declared: Policy, ask: Callable[[Held], Answer | Unchanged]) -> Answer | Unchanged:
    """Ask with the token we have; a token refused before its time is renewed once."""
    held = credentials.held(citizen_id=lease.citizen_id, connection_id=lease.connection_id)
    if not held.lasts(now=timezone.now()):
        held = _renewed(lease, held)
        _turn.another(lease, declared)
    try:
        return ask(held)
    except PeerFailed as error:
        if error.code != "revoked":
            raise
    _turn.another(lease, declared)
    held = _renewed(lease, held)
    _turn.another(lease, declared)
    return ask(held)


def _renewed(lease: Lease, held: Held) -> Held:
    """By one worker at a time, whose lease outlasts it: a source that rotates takes a second renewal for a theft (RFC 9700 4.14.2)."""
    with citizen_scope(lease.citizen_id):
        if not pulls.extend(lease, now=timezone.now(), at_least=credentials.LONGEST_RENEWAL):
            raise PeerFailed("lease_lost", retryable=False)
    return credentials.renew(held)
