"""The asking half of a pull: one category after the other, with a token that is renewed when need be. Writes nothing but progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.utils import timezone

from aurora.identity import citizens
from aurora.outbound.oauth import PeerFailed
from aurora.sources import credentials, pulls, registry
from aurora.sources.connectors import CONNECTORS, Answer, Asked, Fetch, Unchanged
from aurora.sources.credentials import Held
from aurora.sources.models import Connection, PullPart
from aurora.sources.pulls import Lease
from consent import queries
from consent.scope import citizen_scope


def fetch_all(lease: Lease) -> tuple[list[Answer], dict[str, str]]:
    """The answers, and the error of each category that the source answered wrongly. Raises `PeerFailed` for what ends or delays it all."""
    with citizen_scope(lease.citizen_id):
        connection = Connection.objects.select_related("source__agency").get(pk=lease.connection_id)
        versions = {c.category_id: c for c in queries.current_categories(lease.categories)}
    registration = registry.registration(connection.source)
    fetch = CONNECTORS[connection.source.connector]
    answers: list[Answer] = []
    failed: dict[str, str] = {}
    for category in lease.categories:
        try:
            asked = Asked(registration, "", versions[category], settings=connection.source.settings)
            answer = _with_token(lease, partial(_ask, fetch, asked))
        except PeerFailed as error:
            if error.retryable or error.code == "revoked":
                raise
            failed[category] = error.code
            continue
        if isinstance(answer, Unchanged):  # nothing was asked "since"
            raise PeerFailed("invalid_answer", retryable=False)
        with citizen_scope(lease.citizen_id):
            if not citizens.is_same_person(citizen_id=lease.citizen_id, national_id=answer.national_id):
                raise PeerFailed("wrong_citizen", retryable=False)
            if not pulls.extend(lease, now=timezone.now()):
                raise PeerFailed("lease_lost", retryable=False)
            answers.append(answer)
            pulls.note_part(lease, category=category, state=PullPart.State.FETCHED, facts=len(answer.facts))
    return answers, failed


def _ask(fetch: Fetch, asked: Asked, token: str) -> Answer | Unchanged:
    return fetch(replace(asked, token=token))


def _with_token(lease: Lease, ask: Callable[[str], Answer | Unchanged]) -> Answer | Unchanged:
    """Ask with the token we have; a token refused before its time is renewed once."""
    held = credentials.held(citizen_id=lease.citizen_id, connection_id=lease.connection_id)
    if not held.lasts(now=timezone.now()):
        held = _renewed(lease, held)
    try:
        return ask(held.access)
    except PeerFailed as error:
        if error.code != "revoked":
            raise
    return ask(_renewed(lease, held).access)


def _renewed(lease: Lease, held: Held) -> Held:
    """By one worker at a time, whose lease outlasts it: a source that rotates takes a second renewal for a theft (RFC 9700 4.14.2)."""
    with citizen_scope(lease.citizen_id):
        if not pulls.extend(lease, now=timezone.now(), at_least=credentials.LONGEST_RENEWAL):
            raise PeerFailed("lease_lost", retryable=False)
    return credentials.renew(held)
