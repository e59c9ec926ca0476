"""The deeds, done to Aurora by its own journeys and its own addresses: what the machine compares with the model. Also time that passes, and deaths."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection as database
from django.utils import timezone

from aurora import crash
from aurora.erasures import rows, scrub
from aurora.identity import citizens, rotation, vault
from aurora.identity.eid import Identified
from aurora.identity.models import DataKey, FormerKey, KeyRotation
from aurora.identity.vault import VaultClosed
from aurora.journeys import connect_source, erase, plan, pull, receive_push, rotate_keys, withdraw
from aurora.journeys._sealed_columns import OF_CITIZENS
from aurora.outbound import oauth
from aurora.sources import pulls
from aurora.sources.models import Breaker, Connection, DataSource, Feed, Pull
from aurora.sources.pushes.batches import Result
from consent import days
from consent.ledger import queries as ledger
from consent.ledger.models import LedgerEntry
from consent.models import Agency
from consent.oauth.models import Client
from consent.queries import current_categories
from consent.rules import latest_end
from consent.scope import citizen_scope
from tests.erasure.going import admin, let_days_pass, make_due, stands
from tests.machine.agencies import Agencies
from tests.machine.model import CLINIC, OFFICE, REGISTER, SOURCES, Statement
from tests.pushes.pushing import answer, signed
from tests.support.cast import Cast, Person

NEVER_LEFT_ALONE = {"breaker": {"failures": 100_000}}
# Where a process that dies takes along what it was at; everywhere else it had committed that.
BEFORE = frozenset({"connect.held", "end.before_commit"})


class Killed(BaseException):
    """As a kill -9: no handler of an `Exception` sees it, and the transaction that is open comes to nothing."""


@dataclass
class Deaths:
    """Dies at the `left`-th place from now at which a process may; `at` is where it did."""

    left: int = 0
    at: str = ""

    def reach(self, point: str) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.at = point
                raise Killed(point)

    @contextmanager
    def within(self, places: int) -> Iterator[None]:
        """`places` 0: nobody dies. A death ends the block."""
        self.left, self.at = places, ""
        try:
            yield
        except Killed:
            pass
        finally:
            self.left = 0


class World:
    """Aurora with the cast's agencies, of which three speak as the machine says."""

    def __init__(self, cast: Cast, agencies: Agencies, patch: pytest.MonkeyPatch) -> None:
        self.cast, self.agencies, self.deaths = cast, agencies, Deaths()
        patch.setattr(crash, "reach", self.deaths.reach)
        # What takes minutes, so that no other process may go by a former key, takes none here: there is no other process.
        patch.setattr(rotation, "SETTLE", timedelta(0))
        patch.setattr(scrub, "EVERY", timedelta(0))
        agencies.version = {c.category_id: c.version for source in SOURCES for c in current_categories(source=source)}
        for code in (REGISTER, CLINIC):
            values: dict[str, Any] = {"issuer": agencies.issuer(code), "connector": "json_oauth", "settings": NEVER_LEFT_ALONE}
            DataSource.objects.filter(agency__code=code).update(**values)
            if not Client.objects.filter(agency__code=code).exists():
                like = Client.objects.get(agency__code=OFFICE)
                like.pk, like.client_id, like.agency, like._state.adding = None, f"{code}-itself", Agency.objects.get(code=code), True
                like.save()
        DataSource.objects.filter(agency__code=OFFICE).update(issuer=agencies.issuer(OFFICE))

    def begin(self) -> None:
        """Nothing is left of the example before."""
        self.agencies.forget()
        self.deaths.left = 0
        oauth._metadata_cache.clear()
        Breaker.objects.all().delete()

    def newcomer(self, national_id: str = "") -> Person:
        national_id = national_id or f"S{secrets.randbelow(10**6):06}-{uuid4().hex[:8]}"
        identified = Identified(citizens.national_issuer(), national_id, "Dora Demo")
        return Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), "Dora Demo", national_id)

    # Deeds

    def connect(self, person: Person, source: str, purposes: list[str], categories: set[str], places: int) -> bool:
        """From our page to the source's and back. False where somebody died on the way back: then nothing came of it."""
        today = days.today()
        shown = connect_source.offer(citizen_id=person.id, code=source, language="en", today=today)
        chosen = connect_source.check(shown=shown, purposes=purposes, categories=categories, until=latest_end(today), today=today)
        connect_source.depart(citizen_id=person.id, shown=shown, token=shown.token, chosen=chosen, now=timezone.now())
        code = self.agencies.allow(source, person.national_id)
        back = {"state": self.agencies.state, "code": code, "iss": self.agencies.issuer(source)}
        with self.deaths.within(places):
            connect_source.arrive(citizen_id=person.id, code=source, answer=back, now=timezone.now())
        return self.deaths.at not in BEFORE

    def pull(self, person: Person, source: str, *, fault: str, marking: str, places: int) -> tuple[int, bool, bool]:
        """By a worker that the sweep has woken: what waited, or was left by a death, waits no longer. How often it had been tried, whether it is
        over, and whether somebody died at it.
        """
        [open_one] = self.open_pulls(person, source)
        with admin() as others:
            others.execute(
                "UPDATE sources_pull SET due_at = now() - interval '1 second', lease_until = CASE WHEN lease_until IS NULL THEN NULL "
                "ELSE now() - interval '1 second' END WHERE id = %s",
                [open_one.pk],
            )
        if open_one.state == Pull.State.RUNNING or open_one.priority == Pull.Priority.WAITING:
            assert open_one.pk in pulls.overdue(now=timezone.now(), most=10_000)
        self.agencies.fault, self.agencies.marking = fault, marking
        try:
            with self.deaths.within(places):
                pull.run(pull_id=open_one.pk)
        finally:
            self.agencies.fault = ""
        return open_one.attempt, not self.open_pulls(person, source), bool(self.deaths.at)

    def open_pulls(self, person: Person, source: str) -> list[Pull]:
        with citizen_scope(person.id):
            theirs = Pull.objects.filter(citizen_id=person.id, source__agency__code=source)
            return list(theirs.filter(state__in=[Pull.State.QUEUED, Pull.State.RUNNING]))

    def plan(self, person: Person, source: str) -> None:
        """The night comes; of all that could be due, this is."""
        with admin() as others:
            others.execute("UPDATE sources_feed SET due_at = now() + interval '9 days'")
            others.execute(
                "UPDATE sources_feed SET due_at = now() - interval '1 second' WHERE citizen_id = %s AND source_id = "
                "(SELECT id FROM consent_agency WHERE code = %s)",
                [person.id, source],
            )
        plan.plan(now=timezone.now())

    def push(self, person: Person, statement: Statement, observed: str, *, places: int) -> str:
        """What the office is answered. Where a process died, the same batch comes once more, as it does anyhow."""
        said = {key: value for key, (value, _) in statement.items()}
        one = answer(person.national_id, observed_at=observed, valid_from=None, facts=said)
        take = partial(receive_push.take, client_id=OFFICE, agency_code=OFFICE, body=signed(self.cast, [one]).encode(), now=timezone.now())
        with self.deaths.within(places):
            take()
        [result], [again] = take().results, take().results
        assert result == again
        return result.value if isinstance(result, Result) else str(result)

    def withdraw(self, person: Person, source: str, purpose: str, categories: set[str], *, keep: bool, places: int) -> bool:
        """False where somebody died before it was done."""
        [record] = person.consents(state="given", source__code=source, purpose_id=purpose)
        with self.deaths.within(places):
            withdraw.end(citizen_id=person.id, consent_id=record.pk, categories=categories, keep=keep, now=timezone.now())
        return self.deaths.at not in BEFORE

    def withdraw_from_office(self, person: Person, categories: set[str], *, places: int) -> bool:
        [record] = person.consents(state="given", recipient__code=OFFICE)
        with self.deaths.within(places):
            withdraw.end(citizen_id=person.id, consent_id=record.pk, categories=categories, now=timezone.now())
        return self.deaths.at not in BEFORE

    def erase(self, person: Person, kind: str, code: str, *, places: int) -> None:
        """Workers die at it, one after the other; the sweep finds it each time."""
        ask = erase.source if kind == "source" else erase.category
        asked = ask(citizen_id=person.id, code=code, language="en", now=timezone.now())
        self._until(asked.erasure_id, "done", places)

    def leave(self, person: Person, *, places: int) -> UUID:
        asked = erase.everything(citizen_id=person.id, language="en", now=timezone.now())
        self._until(asked.erasure_id, "waiting", places)
        return asked.erasure_id

    def be_gone(self, person: Person, erasure_id: UUID, *, places: int) -> None:
        let_days_pass(person.id)
        self._until(erasure_id, "done", places)

    def _until(self, erasure_id: UUID, state: str, places: int) -> None:
        for round_ in range(60):
            make_due(erasure_id)
            assert round_ == 0 or erasure_id in [found for found, _ in rows.due(now=timezone.now(), most=1_000)], "the sweep finds it"
            with self.deaths.within(places):
                erase.run(erasure_id=erasure_id)
            if stands(erasure_id).state == state:
                return
            assert self.deaths.at or state == "done"
            places = places + 1 if self.deaths.at else 0
        raise AssertionError("it never ends")

    def rotate(self, person: Person, *, places: int) -> None:
        """A successor to the key, or one step further with that."""
        with self.deaths.within(places):
            if not rotate_keys.begin_one(citizen_id=person.id, now=timezone.now()):
                with citizen_scope(person.id):
                    KeyRotation.objects.filter(pk=person.id).update(due_at=timezone.now(), lease_token=None, lease_until=None)
                rotate_keys.run(citizen_id=person.id)
        vault.forget(citizen_id=person.id)  # as in a process that has just begun

    def versions_of_key(self, person: Person) -> tuple[int, int]:
        """Of the key, and how many former ones still open."""
        with citizen_scope(person.id):
            return DataKey.objects.get(pk=person.id).version, FormerKey.objects.filter(citizen_id=person.id).count()

    # What is to be seen

    def written(self, person: Person, after: int) -> list[LedgerEntry]:
        """Entries of the citizen's log behind one; each opens and is what was committed to, and the chain has no gap."""
        with citizen_scope(person.id):
            found = list(LedgerEntry.objects.filter(citizen_id=person.id, seq__gt=after).order_by("seq"))
            for entry in found:
                assert ledger.open_entry(entry, partial(vault.open_sealed, citizen_id=person.id)).genuine
            assert ledger.my_sequence_is_unbroken(person.id).unbroken
        return found

    def opens_for_others(self, person: Person, others: list[Person]) -> int:
        """The newest sealed values of a citizen's, of every kind, open for them, and for nobody else. How many there are."""
        number = 0
        for column in OF_CITIZENS:
            with citizen_scope(person.id), database.cursor() as cursor:
                names = ", ".join(f'"{name}"' for name in (column.column, *column.of))
                cursor.execute(
                    f'SELECT {names} FROM {column.table} WHERE "{column.citizen}" = %s ORDER BY "{column.key}" DESC LIMIT 6', [person.id]
                )
                found = [(bytes(sealed), column.context(*values)) for sealed, *values in cursor.fetchall() if sealed is not None]
                for sealed, context in found:
                    vault.open_sealed(sealed, citizen_id=person.id, context=context)
            for other in others:
                with citizen_scope(other.id):
                    for sealed, context in found:
                        with pytest.raises(VaultClosed):
                            vault.open_sealed(sealed, citizen_id=other.id, context=context)
            number += len(found)
        return number

    def live_without_consent(self, person: Person) -> list[str]:
        """Connections that stand, feeds and open pulls, by source and category."""
        with citizen_scope(person.id):
            standing = Connection.objects.filter(citizen_id=person.id).exclude(state=Connection.State.ENDED)
            found = [f"{c.state} {c.source.agency.code}" for c in standing.select_related("source__agency")]
            found += [f"feed {f.category}" for f in Feed.objects.filter(citizen_id=person.id)]
            open_ones = Pull.objects.filter(citizen_id=person.id, state__in=[Pull.State.QUEUED, Pull.State.RUNNING])
            found += [f"pull {p.source.agency.code}" for p in open_ones.select_related("source__agency")]
        return sorted(found)
