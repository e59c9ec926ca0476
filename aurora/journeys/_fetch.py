"""The asking half of a pull: one category after the other, with a token that is renewed when need be. Writes nothing but progress."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from django.utils import timezone

from aurora import crash
from aurora.identity import citizens
from aurora.journeys import _turn, registers
from aurora.outbound.oauth import PeerFailed
from aurora.sources import credentials, feeds, pulls
from aurora.sources.connectors import CONNECTORS, Answer, Asked, Fetch, Mark, Unchanged
from aurora.sources.credentials import Held
from aurora.sources.found import Found
from aurora.sources.models import PullPart
from aurora.sources.policy import Policy
from aurora.sources.pulls import Lease
from aurora.twin.models import Fact
from consent import queries
from consent.models import DataCategoryVersion
from consent.scope import citizen_scope, may_be_lost


@dataclass(frozen=True)
class Fetched:
    """What a source said: its answers, the categories in which it said that nothing is new, and the error of each that it answered wrongly."""

    versions: Mapping[str, DataCategoryVersion]
    answers: list[Answer] = field(default_factory=list)
    unchanged: list[Unchanged] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(repr=False)
class _Question:
    """What a pull asks with. The tokens are those that it was found with or has renewed: nobody else renews them while its lease lasts."""

    held: Held
    number: bytes
    versions: Mapping[str, DataCategoryVersion]
    since: Mapping[str, Mark]


def fetch_all(lease: Lease, found: Found, declared: Policy) -> Fetched:
    """Ask for all that the lease is for. Raises `PeerFailed` for what ends or delays it all."""
    question = _question(lease, found)
    asked = Asked(
        question.held.registration, "", next(iter(question.versions.values())), settings=found.source.settings,
        still=partial(_still, lease, declared),
    )  # fmt: skip
    fetch, fetched = CONNECTORS[found.source.connector], Fetched(question.versions)
    for number, category in enumerate(lease.categories):
        if number:
            _turn.another(lease, declared)
        one = replace(asked, category=question.versions[category], since=question.since.get(category, Mark()))
        crash.reach("pull.before_request")
        try:
            answer = _checked(one, _with_token(lease, declared, question, partial(_ask, fetch, one)))
        except PeerFailed as error:
            if error.retryable or error.code == "revoked":
                raise
            fetched.failed[category] = error.code
            continue
        crash.reach("pull.answered")
        _take(lease, question, fetched, answer)
        crash.reach("pull.part_noted")
    return fetched


def _question(lease: Lease, found: Found) -> _Question:
    with citizen_scope(lease.citizen_id):
        versions = {category: queries.category_version(found.versions[category]) for category in lease.categories}
        return _Question(
            held=credentials.opened(found),
            number=citizens.opened_number(found.national_id_sealed, citizen_id=lease.citizen_id),
            versions=versions,
            since=_since(found, versions),
        )


def _since(found: Found, versions: Mapping[str, DataCategoryVersion]) -> dict[str, Mark]:
    """Where to go on, of what the twin still holds: of what is gone, and of what was handed on and never kept, all is asked for."""
    marks = feeds.marks(found, versions={c: v for c, v in versions.items() if c not in registers.CATEGORIES})
    if not marks:
        return {}
    current = Fact.objects.filter(citizen_id=found.citizen_id, source=found.source.code, superseded_at__isnull=True)
    held = set(current.filter(category__in=marks).values_list("category", flat=True))
    return {category: mark for category, mark in marks.items() if category in held}


def _checked(asked: Asked, answer: Answer | Unchanged) -> Answer | Unchanged:
    """What is told since nothing tells nothing."""
    if asked.since == Mark() and (isinstance(answer, Unchanged) or answer.gone is not None):
        raise PeerFailed("invalid_answer", retryable=False)
    return answer


def _take(lease: Lease, question: _Question, fetched: Fetched, answer: Answer | Unchanged) -> None:
    """Whose answer it is, and where the pull stands. After the last category the last step says where, and whether the lease is ours."""
    if isinstance(answer, Answer):
        if not hmac.compare_digest(question.number, answer.national_id.encode()):
            raise PeerFailed("wrong_citizen", retryable=False)
        fetched.answers.append(answer)
    else:
        fetched.unchanged.append(answer)
    if answer.category == lease.categories[-1]:
        return
    part = pulls.Part(answer.category, PullPart.State.FETCHED, len(answer.facts) if isinstance(answer, Answer) else 0)
    _go_on(lease, part)


def _still(lease: Lease, declared: Policy) -> None:
    """Between two requests of one answer: the work goes on, and the next request has its turn."""
    _go_on(lease)
    _turn.another(lease, declared)


def _go_on(lease: Lease, *parts: pulls.Part) -> None:
    """Should it be lost, the lease ends sooner, and another does the work again."""
    with citizen_scope(lease.citizen_id):
        if not pulls.extend(lease, now=timezone.now(), parts=parts):
            raise PeerFailed("lease_lost", retryable=False)
        may_be_lost()


def _ask(fetch: Fetch, asked: Asked, held: Held) -> Answer | Unchanged:
    return fetch(replace(asked, token=held.access, context=held.context))


def _with_token(lease: Lease, declared: Policy, question: _Question, ask: Callable[[Held], Answer | Unchanged]) -> Answer | Unchanged:
    """Ask with the token we have; a token refused before its time is renewed once."""
    if not question.held.lasts(now=timezone.now()):
        question.held = _renewed(lease, question.held)
        _turn.another(lease, declared)
    try:
        return ask(question.held)
    except PeerFailed as error:
        if error.code != "revoked":
            raise
    _turn.another(lease, declared)
    question.held = _renewed(lease, question.held)
    _turn.another(lease, declared)
    return ask(question.held)


def _renewed(lease: Lease, held: Held) -> Held:
    """By one worker at a time, whose lease outlasts it: a source that rotates takes a second renewal for a theft (RFC 9700 4.14.2).

    This is safe on the disk before it is asked, and the claim with it.
    """
    _turn.go_on(lease, at_least=credentials.LONGEST_RENEWAL)
    return credentials.renew(held)
