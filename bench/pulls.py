"""Facts a second of a worker that pulls, against a bare loop of HTTP fetch and COPY of ciphertext; and a read of the twin.

Both ask the same source, one person after the other, and write to the same server. The bare loop keeps its connection, checks nothing, and commits once a
person. Ours is all that a worker does for a pull that is due: claim, decision, token, schema, identity, log entry, facts compared and written.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter, process_time
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from aurora.identity import keys, vault
from aurora.journeys import pull
from aurora.journeys._door import open_door
from aurora.journeys._log import log
from aurora.sources import connections, pulls, registry
from aurora.sources.models import Connection, DataSource
from aurora.twin import rows, write
from aurora.twin.sealing import marks_of
from aurora.twin.values import NewFact
from bench.caller import database_pid, processor_time
from bench.harness import Lap, Scale, column, interleave
from bench.place import Partner, Place
from bench.results import Results
from bench.world import notice_of, vocabulary
from consent import services
from consent.ledger.events import Event
from consent.models import Agency, DataCategory, DataCategoryVersion
from consent.queries import current_categories
from consent.rules import AURORA, CITIZEN, AccessRequest
from consent.scope import citizen_scope

SOURCE, CATEGORY, PURPOSE = "tax-administration", "bench.many", "own-overview"
SIZES = (20, 200, 2000)
READS = (1, 20, 200)
_TABLE = """
CREATE TABLE bench_pulled (id uuid PRIMARY KEY, person bigint, category text, key text, sealed bytea, source text, observed_at timestamptz);
GRANT SELECT, INSERT, DELETE ON bench_pulled TO aurora_app;
"""
_COPY = "COPY bench_pulled (id, person, category, key, sealed, source, observed_at) FROM STDIN"
_ROWS = """
SELECT id, category, category_version, mark, sealed, provenance, source, observed_at, valid_from, valid_to, recorded_at
FROM twin_fact WHERE citizen_id = %s AND category = ANY(%s) AND superseded_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Puller:
    """A citizen with a live connection, whose number the source knows them by."""

    citizen_id: UUID
    person: int


def measure(results: Results, place: Place, scale: Scale) -> None:
    prepare(place)
    with Partner("bench.source", {**os.environ}, place.log("source")) as source:
        port = int(source.ask({})["port"])
        register(port)
        for size in scale.pick(SIZES, (20,)):
            _pulled(results, place, scale, port, size)
    _reads(results, scale)


def _pulled(results: Results, place: Place, scale: Scale, port: int, size: int) -> None:
    """First pulls of people of whom nothing is known; each lap has people of its own. And pulls that find nothing new.

    The source answers at once and on the same machine, so a worker waits for nothing: `_cpu` is the processor's time of the worker and of its
    database's process, which is what a worker that waits for a source leaves to others. `pull_over_least_ratio` puts it beside a loop that fetches
    and then writes what any pull must into these very tables, by the same statements: facts and entry, committed as we commit.
    """
    many = scale.pick(max(4, 2000 // size), 2)

    def ours() -> Lap:
        people = [connected(number(), size) for _ in range(many)]
        rate, cpu = _timed(people, size)
        again, again_cpu = _timed(people, size)
        return {"rate": rate, "cpu": cpu, "again": again, "again_cpu": again_cpu}

    with closing(psycopg.connect(place.services.database_url or "")) as bare, httpx.Client(trust_env=False) as client:
        key = AESGCM(secrets.token_bytes(32))
        laps = interleave(
            {
                "ours": ours,
                "bare": lambda: _bare(client, bare, key, port, many, size),
                "least": lambda: _least(client, port, many, size),
            },
            rounds=scale.rounds,
        )
    name = "pull_{}ratio" if size == 200 else f"pull_{{}}ratio_{size}"
    results.ratio(name.format(""), column(laps["ours"], "rate"), column(laps["bare"], "rate"), "facts/s")
    results.ratio(name.format("cpu_"), column(laps["ours"], "cpu"), column(laps["bare"], "cpu"), "facts/s of a processor")
    results.ratio(name.format("over_least_"), column(laps["ours"], "rate"), column(laps["least"], "rate"), "facts/s")
    results.ratio(name.format("cpu_over_least_"), column(laps["ours"], "cpu"), column(laps["least"], "cpu"), "facts/s of a processor")
    results.number(f"pull_unchanged_rate_{size}", column(laps["ours"], "again"), "facts/s")
    results.number(f"pull_unchanged_cpu_rate_{size}", column(laps["ours"], "again_cpu"), "facts/s of a processor")


def _timed(people: Sequence[Puller], size: int) -> tuple[float, float]:
    """Facts a second, and a second of the processor's. The rows of the pulls are made before the clock starts, as the planner makes them."""
    runs = [due(person) for person in people]
    clock = _Clock(database_pid())
    for pull_id in runs:
        pull.run(pull_id=pull_id)
    taken, spent = clock.stop()
    for person, pull_id in zip(people, runs, strict=True):
        with citizen_scope(person.citizen_id):
            found = pulls.Pull.objects.get(pk=pull_id)
            if found.state != "done":
                raise RuntimeError(f"a pull ended as {found.state}: {found.error}")
    return len(people) * size / taken, len(people) * size / spent


class _Clock:
    """How long something takes, and how much of the processor's time it takes here and in a database's process."""

    def __init__(self, backend: int) -> None:
        self._backend = backend
        self._database, self._here, self._begun = processor_time(backend), process_time(), perf_counter()

    def stop(self) -> tuple[float, float]:
        taken = perf_counter() - self._begun
        return taken, process_time() - self._here + processor_time(self._backend) - self._database


def _bare(client: httpx.Client, database: psycopg.Connection[object], key: AESGCM, port: int, many: int, size: int) -> Lap:
    clock = _Clock(database.info.backend_pid)
    for _ in range(many):
        person = number()
        said = _fetched(client, port, person, size)
        with database.cursor() as cursor, cursor.copy(_COPY) as copy:
            for name, value in said["facts"].items():
                nonce = os.urandom(12)
                sealed = nonce + key.encrypt(nonce, json.dumps(value).encode(), b"bench")
                copy.write_row((uuid4(), person, CATEGORY, name, sealed, SOURCE, said["observed_at"]))
        database.commit()
    return _rates(clock, many * size)


def _least(client: httpx.Client, port: int, many: int, size: int) -> Lap:
    """Neither claimed, decided, checked nor compared: fetched, sealed, written and logged."""
    people = [connected(number(), size) for _ in range(many)]
    clock = _Clock(database_pid())
    for one in people:
        said, now = _fetched(client, port, one.person, size), timezone.now()
        seen = datetime.fromisoformat(said["observed_at"])
        facts = [NewFact(CATEGORY, 1, name, value, "reported", SOURCE, seen) for name, value in said["facts"].items()]
        with citizen_scope(one.citizen_id):
            marks = marks_of(citizen_id=one.citizen_id, category=CATEGORY, keys=said["facts"])
            rows.insert(citizen_id=one.citizen_id, pull_id=None, facts=facts, marks=marks, now=now)
            log(citizen_id=one.citizen_id, event=Event.PULL_COMPLETED, actor=AURORA, categories=[CATEGORY], source=SOURCE, at=now)
    return _rates(clock, many * size)


def _fetched(client: httpx.Client, port: int, person: int, size: int) -> dict[str, Any]:
    answer = client.get(f"http://127.0.0.1:{port}/data/{CATEGORY}", headers={"Authorization": f"Bearer {person}-{size}-0"})
    said: dict[str, Any] = json.loads(answer.content)
    return said


def _rates(clock: _Clock, facts: int) -> Lap:
    taken, spent = clock.stop()
    return {"rate": facts / taken, "cpu": facts / spent}


def _reads(results: Results, scale: Scale) -> None:
    """Through the door (decision, entry, decryption) and the same rows by one SELECT, neither decided nor logged nor opened."""
    for size in READS:
        people = [holding(size) for _ in range(scale.pick(50, 3))]
        laps = interleave(
            {
                "ours": lambda people=people: _median(through_door, people),
                "bare": lambda people=people: _median(_selected, people),
            },
            rounds=scale.rounds,
        )
        results.ratio(f"twin_read_ratio_{size}", column(laps["ours"], "us"), column(laps["bare"], "us"), "us")


def through_door(citizen_id: UUID) -> int:
    """The citizen reads all that there is."""
    request = AccessRequest(citizen_id, CITIZEN, "own-data", frozenset({CATEGORY}))
    with open_door(request, granted=Event.OWN_DATA_VIEWED, refused=Event.OWN_DATA_REFUSED, now=timezone.now()) as opened:
        return len(opened.facts)


def _selected(citizen_id: UUID) -> int:
    with citizen_scope(citizen_id), connection.cursor() as cursor:
        cursor.execute(_ROWS, [citizen_id, [CATEGORY]])
        return len(cursor.fetchall())


def _median(read: object, people: Sequence[UUID]) -> Lap:
    times = []
    for citizen_id in people:
        begun = perf_counter()
        read(citizen_id)  # type: ignore[operator]
        times.append(perf_counter() - begun)
    return {"us": statistics.median(times) * 1e6}


def number() -> int:
    """Somebody whom the source knows."""
    return secrets.randbelow(10**7)


def prepare(place: Place) -> None:
    """The vocabulary, with a category of as many facts as are asked for; and the bare loop's table."""
    vocabulary()
    if DataCategory.objects.filter(code=CATEGORY).exists():
        return
    with place.admin() as admin:
        admin.execute(_TABLE)
    words = dict.fromkeys(("fi", "sv", "en"), "Bench")
    schema = {"type": "object", "patternProperties": {"^f[0-9]{5}$": {"type": "integer"}}, "additionalProperties": False, "properties": {}}
    made = DataCategory.objects.create(code=CATEGORY, source=Agency.objects.get(code=SOURCE))
    DataCategoryVersion.objects.create(
        category=made, version=1, dpv="https://w3id.org/dpv#PersonalData", sensitive=False, name=words, description=words, schema=schema
    )


def register(port: int, address: str = "http://127.0.0.1") -> None:
    """Aurora's registration with the source that listens there."""
    sealed = keys.seal_for_platform(b"{}", context=registry.key_context(SOURCE))
    values = {"issuer": f"{address}:{port}", "client_id": "bench", "key_sealed": sealed}
    DataSource.objects.update_or_create(agency=Agency.objects.get(code=SOURCE), defaults=values)


def citizen(person: int) -> UUID:
    """A new citizen with a key, of whom nothing is known."""
    citizen_id, now = uuid4(), timezone.now()
    with citizen_scope(citizen_id):
        row = get_user_model().objects.create(
            id=citizen_id, subject_hmac=secrets.token_bytes(32), national_id_sealed=b"-", name_sealed=b"-", created_at=now
        )
        vault.create_key(citizen_id=citizen_id)
        row.national_id_sealed = vault.seal(f"B{person:07d}".encode(), citizen_id=citizen_id, context=b"national-id")
        row.name_sealed = vault.seal(b"Bench", citizen_id=citizen_id, context=b"name")
        row.save(update_fields=["national_id_sealed", "name_sealed"])
    return citizen_id


def connected(person: int, size: int) -> Puller:
    """A new citizen who consented and whose connection will bring `size` facts."""
    citizen_id, now = citizen(person), timezone.now()
    with citizen_scope(citizen_id):
        services.give(
            citizen_id=citizen_id, recipient=Agency.objects.get(code="aurora"), source=Agency.objects.get(code=SOURCE), purpose=PURPOSE,
            categories=[CATEGORY], notice=notice_of(PURPOSE, CATEGORY), until=now.date() + timedelta(days=30), now=now,
        )  # fmt: skip
        tokens = {"access_token": f"{person}-{size}-0", "expires_in": 100_000}
        source = DataSource.objects.select_related("agency").get(agency__code=SOURCE)
        connections.establish(citizen_id=citizen_id, source=source, tokens=tokens, now=now)
    return Puller(citizen_id, person)


def due(person: Puller) -> UUID:
    """A pull that a worker may take."""
    with citizen_scope(person.citizen_id):
        standing = Connection.objects.get(citizen_id=person.citizen_id)
        return pulls.enqueue(connection=standing, categories=[CATEGORY], now=timezone.now()).pk


def holding(size: int) -> UUID:
    """A new citizen with so many facts."""
    citizen_id, now = citizen(number()), timezone.now()
    version = current_categories([CATEGORY])[0].version
    with citizen_scope(citizen_id):
        facts = [NewFact(CATEGORY, version, f"f{n:05d}", secrets.randbelow(90_000), "reported", SOURCE, now) for n in range(size)]
        write.write(citizen_id=citizen_id, facts=facts, now=now)
    return citizen_id
