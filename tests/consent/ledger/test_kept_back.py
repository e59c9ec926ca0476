"""What a law lets the citizen be told of later: committed when it comes, secret until it is due, told once; and what nobody may do to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections, transaction

from aurora.identity.models import Operator
from consent.errors import OutsideTransaction
from consent.ledger import delays, kept, leaf
from consent.ledger.append import append
from consent.ledger.events import Event
from consent.ledger.kept import DelayRefused
from consent.ledger.models import DelayPermission, Head, Leaf
from consent.ledger.queries import entries_for, my_sequence_is_unbroken
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import InvalidTag, open_sealed, read_by_agency, seal

AINO, CECILIA = uuid4(), uuid4()
LAW, AGENCY = "fi.police.5-58", "benefits"
ANNA, BO, CAJ, DAN = (UUID(int=0xD1A0 + i) for i in range(4))
OFFICER = "agency_officer"


@pytest.fixture(autouse=True)
def _empty(ledger_db: None) -> Iterator[None]:
    """Nothing is kept back. Anna and Bo are agency officers, Caj was one, Dan is an auditor."""
    _admin("SET session_replication_role = replica; TRUNCATE ledger_keptback, ledger_delaypermission; RESET session_replication_role")
    for one, role, active in ((ANNA, OFFICER, True), (BO, OFFICER, True), (CAJ, OFFICER, False), (DAN, "auditor", True)):
        how = {"username": f"delay-{one}", "name": "Somebody", "roles": [role], "password": "!", "is_active": active}
        Operator.objects.update_or_create(pk=one, defaults=how)
    yield


def _admin(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connections["admin"].cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


def _allowed(agency: str = AGENCY, law: str = LAW) -> DelayPermission:
    now = datetime.now(UTC)
    made = DelayPermission.objects.create(agency=agency, law=law, reason="An order", asked_by=ANNA, asked_at=now)
    DelayPermission.objects.filter(pk=made.pk).update(state="standing", decided_by=BO, decided_at=now)
    return made


def _access(citizen: UUID = AINO, **changes: Any) -> dict[str, Any]:
    return {
        "actor": AGENCY, "at": "2026-11-20T08:00:00.000000Z", "categories": ["tax.income"], "citizen": str(citizen), "consents": [],
        "decision": "permit", "details": {"report": {"action": "looked up"}}, "event": "agency:use:reported", "permit": None,
        "purpose": "investigation", "source": None, **changes,
    }  # fmt: skip


def _keep(citizen: UUID = AINO, *, days: float = 30, law: str = LAW, agency: str = AGENCY) -> UUID:
    with citizen_scope(citizen):
        until = datetime.now(UTC) + timedelta(days=days)
        return kept.keep(citizen_id=citizen, agency=agency, law=law, until=until, access=_access(citizen), seal=seal)


def _longer(kept_id: UUID, *, days: float, agency: str = AGENCY, citizen: UUID = AINO) -> UUID:
    with citizen_scope(citizen):
        until = datetime.now(UTC) + timedelta(days=days)
        access = _access(citizen, details={"extends": str(kept_id), "reference": "R 26/1"})
        return kept.keep_longer(kept_id=kept_id, citizen_id=citizen, agency=agency, until=until, access=access, seal=seal)


def _tell(kept_id: UUID, citizen: UUID = AINO) -> UUID | None:
    with citizen_scope(citizen):
        found = kept.open_due(kept_id=kept_id, citizen_id=citizen, open_sealed=open_sealed)
        if found is None:
            return None
        details = {"kept": [one.as_details() for one in found.leaves]}
        entry = append(citizen_id=citizen, event=Event.USE_DISCLOSED, actor=found.agency, details=details, seal=seal).entry_id
        assert kept.disclosed(kept_id=kept_id, entry_id=entry)
        return entry


def test_the_leaf_is_what_it_always_was() -> None:
    """Golden: a byte that changes here leaves every citizen's proof of a delay without its leaf."""
    since, until = datetime(2026, 11, 26, 13, 0, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    closing = leaf.kept_closing(law=LAW, number=1, since=since, until=until)
    assert closing == (
        b',"kept":{"law":"fi.police.5-58","number":1,"since":"2026-11-26T13:00:00.000000Z","until":"2027-01-01T00:00:00.000000Z"}}'
    )
    access = {**_access(UUID(int=1)), "id": str(UUID(int=2)), "v": 1}
    hashed = leaf.opening(bytes(32), access) + closing
    assert json.loads(hashed[32:])["kept"]["law"] == LAW
    assert hashlib.sha256(hashed).hexdigest() == "e4be7a62000857239f0fe48bdad3d62875cc4a5ce6385885b6cb927a4ea9d775"


def test_the_database_closes_it_with_the_same_bytes() -> None:
    since, until = datetime(2026, 3, 1, 1, 2, 3, 40, tzinfo=UTC), datetime(2027, 10, 31, 22, 0, tzinfo=UTC)
    (row,) = _admin("SELECT ledger_kept_closing(%s, 2, %s, %s)", LAW, since, until)
    assert bytes(row[0]) == leaf.kept_closing(law=LAW, number=2, since=since, until=until)


def test_the_database_knows_the_laws_of_the_vocabulary() -> None:
    for law in delays.laws():
        assert _admin("SELECT * FROM ledger_delay_law(%s)", law.code) == [(law.longest_days, law.extension_days)]
        assert set(law.name) == {"fi", "sv", "en"}
    assert _admin("SELECT * FROM ledger_delay_law('no.such')") == [(None, None)]


def test_it_is_committed_at_once_and_nothing_of_the_citizens_tells_of_it(count: Callable[..., int]) -> None:
    _allowed()
    read_by_agency(AINO)
    before = _of_aino()
    kept_id = _keep()
    assert count("ledger_pending") == 2 and _admin("SELECT count(*) FROM ledger_pending WHERE entry_id = %s", kept_id) == [(1,)]
    assert _of_aino() == before
    second = read_by_agency(AINO)
    assert second.seq == 2
    with citizen_scope(AINO):
        assert my_sequence_is_unbroken(AINO).unbroken and [e.seq for e in entries_for(AINO)] == [2, 1]


def _of_aino() -> Any:
    with citizen_scope(AINO):
        return list(Head.objects.filter(citizen_id=AINO).values_list()), [e.pk for e in entries_for(AINO)]


def test_a_row_that_was_changed_is_told_with_what_the_tree_commits_to() -> None:
    """By a superuser, past the trigger. It comes out, and the citizen's own hash shows it."""
    _allowed()
    kept_id = _keep()
    _admin("INSERT INTO ledger_leaf (index, entry_id, commitment) SELECT 7, entry_id, commitment FROM ledger_pending")
    _admin("SET session_replication_role = replica")
    _admin("UPDATE ledger_keptback SET until = now() - interval '1 second' WHERE id = %s", kept_id)
    _admin("RESET session_replication_role")
    with citizen_scope(AINO):
        found = kept.open_due(kept_id=kept_id, citizen_id=AINO, open_sealed=open_sealed)
    assert found is not None
    (one,) = found.leaves
    assert not one.sound and one.index == 7 and one.commitment == bytes(Leaf.objects.get(entry_id=kept_id).commitment)
    assert hashlib.sha256(one.salt + one.text.encode()).digest() != one.commitment


def test_an_untouched_row_opens_to_what_the_tree_commits_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock cannot be waited for: the function that tells it is put forward, by the owner, for this test."""
    _allowed()
    kept_id = _keep()
    longer_id = _longer(kept_id, days=60)
    with _clock("+100 days"):
        with citizen_scope(AINO):
            found = kept.open_due(kept_id=kept_id, citizen_id=AINO, open_sealed=open_sealed)
        assert found is not None and all(one.sound for one in found.leaves)
        assert [one.id for one in found.leaves] == [kept_id, longer_id]
        for one in found.leaves:
            assert hashlib.sha256(one.salt + one.text.encode()).digest() == one.commitment
            (row,) = _admin("SELECT commitment FROM ledger_pending WHERE entry_id = %s", one.id)
            assert bytes(row[0]) == one.commitment
        assert found.since < found.until and json.loads(found.leaves[1].text)["access"]["details"]["extends"] == str(kept_id)


class _clock:
    """`ledger_time` put forward or back, and then as it was."""

    def __init__(self, by: str) -> None:
        self._by = by

    def __enter__(self) -> None:
        self._former = _admin("SELECT pg_get_functiondef('ledger_time()'::regprocedure)")[0][0]
        _admin(self._former.replace("clock_timestamp()", f"clock_timestamp() + interval '{self._by}'"))

    def __exit__(self, *_: object) -> None:
        _admin(self._former)


def test_it_is_told_once_and_by_one() -> None:
    _allowed()
    kept_id = _keep()
    with _clock("+31 days"):
        assert kept.due(most=10) == [(kept_id, AINO)]
        assert _tell(kept_id, CECILIA) is None  # nobody opens another's
        first = _tell(kept_id)
        assert first is not None and _tell(kept_id) is None and kept.due(most=10) == []
    with citizen_scope(AINO):
        assert [e.event for e in entries_for(AINO)] == ["agency:use:disclosed"]
    assert [(c.kept, c.disclosed, c.overdue) for c in delays.counts()] == [(0, 1, 0)]


def test_who_dies_between_the_entry_and_the_note_has_told_nothing() -> None:
    _allowed()
    kept_id = _keep()
    with _clock("+31 days"):
        with pytest.raises(RuntimeError), citizen_scope(AINO):
            found = kept.open_due(kept_id=kept_id, citizen_id=AINO, open_sealed=open_sealed)
            assert found is not None
            append(citizen_id=AINO, event=Event.USE_DISCLOSED, actor=AGENCY, seal=seal)
            raise RuntimeError
        assert _of_aino() == ([], [])
        assert kept.due(most=10) == [(kept_id, AINO)]
        assert _tell(kept_id)


def test_it_is_not_noted_as_told_without_an_entry_of_it() -> None:
    """A web process that was taken over would lose it so."""
    _allowed()
    kept_id, other = _keep(), read_by_agency(AINO).entry_id
    with citizen_scope(CECILIA):
        of_another = append(citizen_id=CECILIA, event=Event.USE_DISCLOSED, actor=AGENCY, seal=seal).entry_id
    with citizen_scope(AINO):
        of_another_agency = append(citizen_id=AINO, event=Event.USE_DISCLOSED, actor="police", seal=seal).entry_id
        before_its_day = append(citizen_id=AINO, event=Event.USE_DISCLOSED, actor=AGENCY, seal=seal).entry_id
        assert not kept.disclosed(kept_id=kept_id, entry_id=before_its_day)
    with _clock("+31 days"), citizen_scope(AINO):
        for entry in (uuid4(), other, of_another, of_another_agency):
            assert not kept.disclosed(kept_id=kept_id, entry_id=entry)
    with _clock("+31 days"), citizen_scope(CECILIA):
        assert not kept.disclosed(kept_id=kept_id, entry_id=before_its_day), "and not in another's scope"
    assert [(c.kept, c.disclosed) for c in delays.counts()] == [(1, 0)]


@pytest.mark.parametrize(
    ("days", "law", "code"),
    [
        (-1, LAW, "delay_over"),
        (0, LAW, "delay_over"),
        (365.1, LAW, "delay_too_long"),
        (30, "fi.customs-crime.3-52", "delay_not_allowed"),
        (30, "fi.made-up.1", "delay_law_unknown"),
        (30, "", "delay_law_unknown"),
        (30, 'fi.police.5-58","number":9', "delay_law_unknown"),
    ],
)
def test_what_no_law_allows_is_refused_and_leaves_nothing(days: float, law: str, code: str, count: Callable[..., int]) -> None:
    _allowed()
    with citizen_scope(AINO), pytest.raises(DelayRefused) as refused:
        until = datetime.now(UTC) + timedelta(days=days)
        kept.keep(citizen_id=AINO, agency=AGENCY, law=law, until=until, access=_access(), seal=seal)
    assert refused.value.code == code
    assert count("ledger_keptback") == count("ledger_pending") == 0


def test_only_an_agency_that_two_allowed_and_only_while_it_stands() -> None:
    for refused_for in (AGENCY, "police"):
        with pytest.raises(DelayRefused, match="delay_not_allowed"):
            _keep(agency=refused_for)
    asked = DelayPermission.objects.create(agency=AGENCY, law=LAW, reason="An order", asked_by=ANNA, asked_at=datetime.now(UTC))
    with pytest.raises(DelayRefused, match="delay_not_allowed"):
        _keep()
    now = datetime.now(UTC)
    with pytest.raises(DatabaseError, match="ledger_delay_by_two"), transaction.atomic():
        DelayPermission.objects.filter(pk=asked.pk).update(state="standing", decided_by=ANNA, decided_at=now)
    DelayPermission.objects.filter(pk=asked.pk).update(state="standing", decided_by=BO, decided_at=now)
    kept_id = _keep()
    DelayPermission.objects.filter(pk=asked.pk).update(state="ended", ended_by=ANNA, ended_at=now)
    with pytest.raises(DelayRefused, match="delay_not_allowed"):
        _keep()
    with pytest.raises(DelayRefused, match="delay_not_allowed"):
        _longer(kept_id, days=40)
    with _clock("+31 days"):  # what was kept back while it was allowed comes out all the same
        assert kept.due(most=10) == [(kept_id, AINO)]


def _asked(by: UUID, *, law: str = LAW) -> DelayPermission:
    return DelayPermission.objects.create(agency=AGENCY, law=law, reason="An order", asked_by=by, asked_at=datetime.now(UTC))


NO_OFFICERS = pytest.mark.parametrize("who", [UUID(int=0xBAD), CAJ, DAN], ids=["nobody", "was one", "another role"])


@NO_OFFICERS
def test_who_is_no_officer_at_that_moment_asks_for_no_delay(who: UUID) -> None:
    """A web process that was taken over could make up ids, or use those of people who may do other things."""
    with pytest.raises(DatabaseError, match="only an agency officer asks"), transaction.atomic():
        _asked(who)
    assert _admin("SELECT count(*) FROM ledger_delaypermission") == [(0,)]


@NO_OFFICERS
def test_who_is_no_officer_at_that_moment_decides_on_no_delay_and_ends_none(who: UUID) -> None:
    asked, now = _asked(ANNA), datetime.now(UTC)
    for state in ("standing", "declined"):
        with pytest.raises(DatabaseError, match="only an agency officer decides"), transaction.atomic():
            DelayPermission.objects.filter(pk=asked.pk).update(state=state, decided_by=who, decided_at=now)
    DelayPermission.objects.filter(pk=asked.pk).update(state="standing", decided_by=BO, decided_at=now)
    with pytest.raises(DatabaseError, match="only an agency officer ends"), transaction.atomic():
        DelayPermission.objects.filter(pk=asked.pk).update(state="ended", ended_by=who, ended_at=now)
    asked.refresh_from_db()
    assert asked.state == "standing"


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["auditor"]}], ids=["left", "another role"])
def test_nobody_agrees_to_what_somebody_asked_for_who_is_no_officer_any_more(change: dict[str, Any]) -> None:
    asked, now = _asked(ANNA), datetime.now(UTC)
    Operator.objects.filter(pk=ANNA).update(**change)
    with pytest.raises(DatabaseError, match="no agency officer any more"), transaction.atomic():
        DelayPermission.objects.filter(pk=asked.pk).update(state="standing", decided_by=BO, decided_at=now)
    assert DelayPermission.objects.filter(pk=asked.pk).update(state="declined", decided_by=BO, decided_at=now) == 1


def test_what_stands_is_ended_by_the_other_when_who_asked_has_left() -> None:
    made = _allowed()
    Operator.objects.filter(pk=ANNA).update(is_active=False)
    assert _keep()
    assert DelayPermission.objects.filter(pk=made.pk).update(state="ended", ended_by=BO, ended_at=datetime.now(UTC)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"state": "asked", "decided_by": None, "decided_at": None},
        {"law": "fi.customs-crime.3-52"},
        {"agency": "police"},
        {"asked_by": BO},
        {"state": "declined"},
        # With the end that it may come to.
        {"state": "ended", "ended_by": BO, "ended_at": datetime(2026, 11, 26, tzinfo=UTC), "law": "fi.customs-crime.3-52"},
        {"state": "ended", "ended_by": BO, "ended_at": datetime(2026, 11, 26, tzinfo=UTC), "decided_by": ANNA, "asked_by": BO},
    ],
    ids=lambda change: "-".join(change),
)
def test_a_permission_is_not_rewritten(change: dict[str, Any]) -> None:
    made = _allowed()
    with pytest.raises(DatabaseError), transaction.atomic():
        DelayPermission.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        made.delete()
    with pytest.raises(DatabaseError), transaction.atomic():  # nor is one made that stands at once
        DelayPermission.objects.create(
            agency="police", law=LAW, reason="x", asked_by=ANNA, asked_at=datetime.now(UTC), state="standing", decided_by=BO
        )


def test_it_is_kept_longer_once_by_its_own_agency_and_within_its_law() -> None:
    _allowed()
    _allowed(agency="police")
    kept_id = _keep(days=30)
    for days, agency, code in ((20, AGENCY, "delay_no_extension"), (30 + 731, AGENCY, "delay_too_long"), (40, "police", "delay_over")):
        with pytest.raises(DelayRefused) as refused:
            _longer(kept_id, days=days, agency=agency)
        assert refused.value.code == code
    assert kept.citizen_of(kept_id=kept_id, agency="police") is None and kept.citizen_of(kept_id=kept_id, agency=AGENCY) == AINO
    with pytest.raises(DelayRefused, match="delay_over"):  # another citizen's
        _longer(kept_id, days=40, citizen=CECILIA)
    _longer(kept_id, days=30 + 729)
    with pytest.raises(DelayRefused, match="delay_extended_already"):
        _longer(kept_id, days=30 + 729.5)
    with _clock("+31 days"):
        assert kept.due(most=10) == []
    with _clock("+760 days"):
        assert kept.due(most=10) == [(kept_id, AINO)]
        with pytest.raises(DelayRefused, match="delay_over"):
            _longer(kept_id, days=800)


@pytest.mark.parametrize("alias", ["default", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_keptback",
        "TRUNCATE ledger_keptback",
        "UPDATE ledger_keptback SET until = until + interval '1 day'",
        "UPDATE ledger_keptback SET state = 'disclosed', disclosed_at = now()",
        "UPDATE ledger_keptback SET sealed = '\\x00'",
        "UPDATE ledger_keptback SET kept_at = now()",
        "UPDATE ledger_keptback SET agency = 'police'",
        "UPDATE ledger_keptback SET citizen_id = gen_random_uuid()",
        # With a move that may be made.
        "UPDATE ledger_keptback SET state = 'disclosed', disclosed_at = now(), entry_id = id, sealed = '\\x00'",
        "UPDATE ledger_keptback SET state = 'disclosed', disclosed_at = now(), entry_id = id, until = until - interval '29 days'",
        "UPDATE ledger_keptback SET longer_id = id, longer_from = until, until = until + interval '1 day', sealed = '\\x00'",
    ],
)
def test_neither_the_service_nor_the_owner_may_touch_it(alias: str, statement: str, count: Callable[..., int]) -> None:
    _allowed()
    _keep()
    before = _admin("SELECT * FROM ledger_keptback")
    with pytest.raises(DatabaseError), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT set_config('aurora.citizen', '{AINO}', true)")
        cursor.execute(statement)
    assert _admin("SELECT * FROM ledger_keptback") == before


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM ledger_keptback",
        "SELECT count(*) FROM ledger_keptback",
        "INSERT INTO ledger_keptback (id) VALUES (gen_random_uuid())",
        "SELECT ledger_kept_erase('{aino}')",
        "CREATE OR REPLACE FUNCTION ledger_time() RETURNS timestamptz LANGUAGE sql AS 'SELECT now() + interval ''9 years'''",
        "DELETE FROM ledger_delaypermission",
        "INSERT INTO ledger_pending (entry_id, commitment) VALUES (gen_random_uuid(), '\\x00')",
    ],
)
def test_the_service_has_no_way_but_the_functions(statement: str) -> None:
    _allowed()
    _keep()
    with pytest.raises(DatabaseError), citizen_scope(AINO), connections["default"].cursor() as cursor:
        cursor.execute(statement.replace("{aino}", str(AINO)))


def test_nobody_reads_early_whatever_time_they_say_it_is() -> None:
    _allowed()
    kept_id = _keep(days=0.5)
    with citizen_scope(AINO), connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Pacific/Kiritimati'")
        cursor.execute("SELECT count(*) FROM ledger_kept_open(%s)", [kept_id])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM ledger_kept_due(10)")
        assert cursor.fetchone() == (0,)


def test_a_clock_that_was_set_back_makes_nothing_secret_again() -> None:
    _allowed()
    kept_id = _keep(days=10)
    _admin(
        "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (1, %s, now() + interval '11 days', '')", bytes(32)
    )  # signed after it was due; then the clock was set back by eleven days
    assert kept.due(most=10) == [(kept_id, AINO)]
    with pytest.raises(DelayRefused, match="delay_over"):
        _keep(days=10)


def test_what_was_kept_while_the_clock_ran_ahead_is_counted() -> None:
    _allowed()
    with _clock("+400 days"), citizen_scope(AINO):
        until = datetime.now(UTC) + timedelta(days=700)
        kept.keep(citizen_id=AINO, agency=AGENCY, law=LAW, until=until, access=_access(), seal=seal)
    assert [(c.kept, c.ahead) for c in delays.counts()] == [(1, 1)]


def test_erasure_takes_what_was_kept_and_leaves_the_count() -> None:
    _allowed()
    kept_id = _keep()
    _longer(kept_id, days=40)
    _keep(CECILIA)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT ledger_kept_erase(%s)", [AINO])
        assert cursor.fetchone() == (1,)
    assert _admin("SELECT citizen_id, sealed, longer_sealed, state FROM ledger_keptback WHERE id = %s", kept_id) == [
        (None, None, None, "erased")
    ]
    assert [(c.kept, c.erased) for c in delays.counts()] == [(1, 1)]
    with _clock("+31 days"):
        assert [citizen for _, citizen in kept.due(most=10)] == [CECILIA]


def test_counts_tell_what_is_overdue_and_nothing_of_anybody() -> None:
    _allowed()
    _keep(days=1)
    with _clock("+2 days"):
        (one,) = delays.counts()
        assert (one.agency, one.law, one.kept, one.overdue) == (AGENCY, LAW, 1, 1)
        assert str(AINO) not in str(one)
        assert delays.totals().overdue == 1
    assert delays.totals() == delays.Totals(1, 1, 0, 0, tuple((law.code, int(law.code == LAW), 0) for law in delays.laws()))


def test_only_in_the_citizens_scope_and_in_a_transaction() -> None:
    _allowed()
    until = datetime.now(UTC) + timedelta(days=3)
    with pytest.raises(OutsideTransaction):
        kept.keep(citizen_id=AINO, agency=AGENCY, law=LAW, until=until, access=_access(), seal=seal)
    with pytest.raises(DatabaseError, match="outside the scope"), citizen_scope(CECILIA):
        kept.keep(citizen_id=AINO, agency=AGENCY, law=LAW, until=until, access=_access(), seal=seal)


def test_what_is_kept_opens_for_its_own_place_only() -> None:
    _allowed()
    kept_id = _keep()
    sealed = bytes(_admin("SELECT sealed FROM ledger_keptback")[0][0])
    assert b"looked up" not in sealed
    with pytest.raises(InvalidTag):
        open_sealed(sealed, context=b"ledger:" + uuid4().bytes)
    assert b"looked up" in open_sealed(sealed, context=b"ledger:" + kept_id.bytes)
