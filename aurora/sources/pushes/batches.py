"""A batch of answers as an agency signs it, and its row: claimed once an id, filled citizen by citizen, finished once.

    {"alg": "ES256", "kid": ..., "typ": "aurora-facts+jwt"}
    {"iss": client_id, "aud": the API's address, "iat": seconds, "jti": the batch's id, a UUID, "answers": [...1 to 50...]}

Each answer has the form of docs/architecture.md, "Sources over HTTP". It stands or falls by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection as database

from aurora.identity import citizens, keys
from aurora.sources.connectors import Answer
from aurora.sources.connectors.envelope import AnswerWrong, form, read
from aurora.sources.models import Connection, DataSource
from consent.errors import AuroraError
from consent.models import DataCategoryVersion
from consent.oauth.models import Client
from consent.oauth.signed import Kind

from .models import Batch

CONNECTOR = "push"
MOST = 50
LARGEST = 256 * 1024
KEPT_FOR = timedelta(days=62)
KIND = Kind("aurora-facts+jwt", "answers", MOST, LARGEST, brackets=MOST * 4 + 10)


class NotPushing(AuroraError):
    """The agency is no source that pushes: it holds no data here, or is asked for them."""

    code = "not_a_source"
    sentence = "Your agency is not registered as a source that pushes."
    status = 403


class Result(StrEnum):
    """What came of one answer."""

    TAKEN = "taken"
    UNCHANGED = "unchanged"
    # We hold what the source observed later.
    OLDER = "older"
    # Nobody of this name, nobody who connected the source, or nobody who consented: not told which.
    NOT_ACCEPTED = "not_accepted"
    # So many batches about this citizen were taken today that the rest must wait.
    TOO_MANY = "too_many"
    INVALID = "invalid"


@dataclass(frozen=True)
class Item:
    """One answer of a batch that is right in itself, by its place, counted from 0."""

    position: int
    answer: Answer = field(repr=False)


class Whose(NamedTuple):
    """A citizen who has connected the source, and their connection."""

    citizen_id: UUID
    connection_id: UUID


def source_of(agency_code: str) -> DataSource:
    """The source that this agency pushes for. Raises `NotPushing`."""
    found = DataSource.objects.select_related("agency").filter(
        agency__code=agency_code, agency__active=True, active=True, connector=CONNECTOR
    )
    source = found.first()
    if source is None:
        raise NotPushing()
    return source


def is_pushed(source: DataSource) -> bool:
    """Whether the source tells by itself: then it is never asked."""
    return source.connector == CONNECTOR


def judge(
    answers: Sequence[Any], categories: Mapping[str, DataCategoryVersion], *, barred: Iterable[str] = ()
) -> tuple[list[Item], dict[int, str]]:
    """Those that are right in themselves, and by position what is wrong with the others: `invalid:` and why. Knows no citizen.

    `categories`: the current version of each that the agency holds; `barred`: those of them that cannot be pushed. Of two answers about one
    person and category the first is judged: which of them is true, nobody could say.
    """
    items: list[Item] = []
    wrong: dict[int, str] = {}
    seen: set[tuple[str, str]] = set()
    for position, one in enumerate(answers):
        try:
            code = form(one)["category"]
            if code not in categories or code in barred:
                raise AnswerWrong("category")
            answer = read(one, categories[code], attested=True)
            if (answer.national_id, code) in seen:
                raise AnswerWrong("twice")
        except AnswerWrong as error:
            wrong[position] = f"{Result.INVALID.value}:{error.why}"
            continue
        seen.add((answer.national_id, code))
        items.append(Item(position, answer))
    return items, wrong


def whose(*, source: DataSource, national_ids: Iterable[str]) -> dict[str, Whose]:
    """Who of them has connected this source. Who is not known to Aurora is as little there as who has not connected it: one look-up for both."""
    issuer = citizens.national_issuer()
    wanted = {keys.subject_hmac(issuer=issuer, national_id=one): one for one in set(national_ids)}
    with database.cursor() as cursor:
        cursor.execute("SELECT digest, citizen_id, connection_id FROM pushes_whose(%s, %s)", [source.pk, list(wanted)])
        return {wanted[bytes(digest)]: Whose(citizen_id, connection_id) for digest, citizen_id, connection_id in cursor.fetchall()}


def hold(which: Whose) -> bool:
    """Whether the connection is still live; then it stays so until the transaction ends, and no other batch is at this citizen. In their scope."""
    live = Connection.objects.select_for_update().filter(pk=which.connection_id, citizen_id=which.citizen_id, state=Connection.State.LIVE)
    return live.first() is not None


def claim(*, client: Client, batch_id: UUID, digest: bytes, answers: int, now: datetime) -> Batch:
    """The batch's row, made by whoever brings it first."""
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pushes_batch (client_id, batch_id, digest, answers, results, received_at) VALUES (%s, %s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [client.pk, batch_id, digest, answers, [None] * answers, now],
        )
    return Batch.objects.get(client=client, batch_id=batch_id)


def results(batch_pk: int) -> list[str | None]:
    """What has come of it so far; nobody else notes anything until the transaction ends."""
    return list(Batch.objects.select_for_update().values_list("results", flat=True).get(pk=batch_pk))


def note(batch_pk: int, came: Mapping[int, str], *, finished_at: datetime | None = None) -> list[str | None]:
    """Note what came of some answers: none that has its result gets another. `finished_at` once there is nothing left."""
    found = results(batch_pk)
    for position, result in came.items():
        found[position] = found[position] or result
    changes: dict[str, Any] = {"results": found}
    if finished_at is not None and None not in found:
        changes["finished_at"] = finished_at
    Batch.objects.filter(pk=batch_pk, finished_at__isnull=True).update(**changes)
    return found


def purge(*, now: datetime) -> int:
    """Delete batches that came more than two months ago: none of them is within the time in which it may come again. How many."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pushes_purge(%s)", [now - KEPT_FOR])
        return int(cursor.fetchone()[0])
