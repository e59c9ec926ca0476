"""A withdrawal and reads at the same moment (GDPR art. 7(3)): no read commits after the withdrawal, whatever the interleaving.

Real threads on connections of their own against PostgreSQL. Each round gives a consent, lets readers go through the real door's own steps
(decide under lock, log, commit), withdraws amid them, and looks at the order of commits by transaction ids that PostgreSQL itself keeps.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from aurora.journeys.agency_read import read_category
from aurora.journeys.withdraw import end
from consent import services
from consent.days import last_day
from consent.models import ConsentRecord
from consent.oauth.tokens import TokenContext
from consent.scope import citizen_scope
from tests.support.cast import Cast

SECONDS = 20.0
FEWEST = 20  # rounds, however slow the machine
READERS = 3
HOUSEHOLD = "population.household"


def _token(consent: ConsentRecord, cast: Cast) -> TokenContext:
    """What the API makes of the office's token; made here, since its proof is not what is raced."""
    from uuid import uuid4

    wanted: dict[str, Any] = {
        "citizen_id": consent.citizen_id, "client_id": cast.office.client_id, "agency_code": cast.office.client_id, "grant_id": uuid4(),
        "consent_id": consent.pk, "purpose": consent.purpose_id, "categories": frozenset(consent.categories), "expires_at": consent.expires_at,
    }  # fmt: skip
    return TokenContext(**{name: value for name, value in wanted.items() if name in TokenContext.__dataclass_fields__})


class Round:
    """One consent, readers that read as fast as they can until they are refused, and a withdrawal at a moment of its own."""

    def __init__(self, cast: Cast, consent: ConsentRecord) -> None:
        self.token, self.consent = _token(consent, cast), consent
        self.reads: list[None] = []  # what is appended by several threads at once is all there
        self.faults: list[str] = []
        self.withdrawn = threading.Event()

    def read(self) -> None:
        from aurora.journeys._door import AccessRefused

        while True:
            over = self.withdrawn.is_set()  # asked before the read begins
            try:
                read_category(token=self.token, category=HOUSEHOLD, now=timezone.now())
            except AccessRefused as refused:
                if refused.code != "consent_withdrawn":
                    self.faults.append(f"refused as {refused.code}")
                return
            self.reads.append(None)
            if over:
                self.faults.append("read after the withdrawal had been committed")
                return

    def withdraw(self, reads: int, wait: float) -> None:
        """When so many reads have been committed, and a moment later."""
        while len(self.reads) < reads and not self.faults:
            time.sleep(0.001)
        time.sleep(wait)
        end(citizen_id=self.consent.citizen_id, consent_id=self.consent.pk, now=timezone.now())
        self.withdrawn.set()


# The log is written in the transaction of what it tells, one citizen's entries in one chain: its numbers are the order of commits.
AFTER = """
SELECT count(*) FROM ledger_ledgerentry r JOIN ledger_ledgerentry w ON w.citizen_id = r.citizen_id
WHERE w.event = 'citizen:consent:withdrawn' AND r.event = 'agency:twin:read'
  AND r.consent_ids @> ARRAY[%(consent)s]::uuid[] AND w.consent_ids @> ARRAY[%(consent)s]::uuid[] AND r.seq > w.seq
  AND w.seq > (SELECT seq FROM ledger_head h WHERE h.citizen_id = r.citizen_id) - 200
"""


class Pool:
    """Readers and one who withdraws, each with a thread and a connection for all rounds; they start each round together."""

    def __init__(self) -> None:
        self._gate = threading.Barrier(READERS + 2)
        self._round: Round | None = None
        self._moment = 0, 0.0
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(READERS + 1)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        try:
            while True:
                self._gate.wait()
                if self._round is None:
                    return
                try:
                    self._round.withdraw(*self._moment) if number == READERS else self._round.read()
                except Exception as error:
                    self._round.faults.append(type(error).__name__)
                self._gate.wait(120)  # broken, and so the test with it, if somebody waits for ever
        finally:
            connection.close()

    def play(self, race: Round | None, *, reads: int = 0, wait: float = 0.0) -> None:
        self._round, self._moment = race, (reads, wait)
        self._gate.wait(120)
        if race is not None:
            self._gate.wait(120)


def _given_anew(first: ConsentRecord) -> ConsentRecord:
    """The same again, by the service: asking by OAuth is not what is raced."""
    now = timezone.now()
    with citizen_scope(first.citizen_id):
        record, _ = services.give(
            citizen_id=first.citizen_id, recipient=first.recipient, source=None, purpose=first.purpose_id, categories=first.categories,
            notice=first.notice, until=last_day(first.expires_at), now=now,
        )  # fmt: skip
    return record


def _race(cast: Cast, *, rounds: int, seconds: float) -> tuple[int, int]:
    """(rounds, reads that were committed). Fails on the first read behind a withdrawal."""
    # What other tests of this cast left standing would let the same reads through.
    for standing in cast.cecilia.consents(state="given", purpose=cast.office.purpose):
        with citizen_scope(cast.cecilia.id):
            end(citizen_id=cast.cecilia.id, consent_id=standing.pk, now=timezone.now())
    cast.office.granted(cast.cecilia)
    with citizen_scope(cast.cecilia.id):
        given = ConsentRecord.objects.select_related("recipient", "notice").filter(state="given", purpose=cast.office.purpose)
        consent = first = given.get()
    until, done, reads, pool = time.monotonic() + seconds, 0, 0, Pool()
    while done < rounds and (done < FEWEST or time.monotonic() < until):
        race = Round(cast, consent)
        pool.play(race, reads=done % 4, wait=(done % 7) * 0.004)
        assert race.faults == []
        with citizen_scope(cast.cecilia.id), connection.cursor() as cursor:
            cursor.execute(AFTER, {"consent": consent.pk})
            assert cursor.fetchone() == (0,), "a read stands behind the withdrawal in the log"
        done, reads, consent = done + 1, reads + len(race.reads), _given_anew(first)
    pool.play(None)
    return done, reads


def test_no_read_commits_after_the_withdrawal(cast: Cast) -> None:
    done, reads = _race(cast, rounds=150, seconds=SECONDS)
    assert done >= FEWEST and reads >= done, "nothing was raced"


@pytest.mark.long
def test_no_read_commits_after_the_withdrawal_in_ten_thousand_rounds(cast: Cast) -> None:
    done, _ = _race(cast, rounds=10_000, seconds=24 * 3600)
    assert done == 10_000
