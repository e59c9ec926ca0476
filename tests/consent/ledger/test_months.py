"""The log by months: pages are the same as if it were one table, every month is made in time, and none can be got at past the whole."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import acting
from consent.ids import first_of, moment_of, uuid7
from consent.ledger import months
from consent.ledger.append import append
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.ledger.queries import entries_for, my_sequence_is_unbroken, visible
from consent.rules.mandates import MandateKind, MandateScope, MandateState, MandateView
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import read_by_agency, seal

AINO, CECILIA = uuid4(), uuid4()
THEMES = ("tax.income", "tax.assets", "population.household")
NOW = datetime.now(UTC)
# Where a clock may have stood: this year and the last, and where no month was made.
TIMES = (
    *(NOW - timedelta(days=17 * n) for n in range(30)),
    NOW + timedelta(days=40),
    datetime(1971, 5, 1, tzinfo=UTC),
    datetime(2099, 1, 31, 23, 59, 59, 999_999, UTC),
)


def as_superuser(statement: str, *parameters: object, triggers: bool = True) -> list[tuple[object, ...]]:
    with transaction.atomic(using="admin"), connections["admin"].cursor() as cursor:
        cursor.execute("SELECT set_config('session_replication_role', %s, true)", ["origin" if triggers else "replica"])
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def parts() -> list[str]:
    return [
        str(name) for (name,) in as_superuser("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger_ledgerentry'::regclass")
    ]


def part_of(entry_id: UUID) -> str:
    return str(as_superuser("SELECT tableoid::regclass FROM ledger_ledgerentry WHERE id = %s", entry_id)[0][0])


def plan_of(run: Callable[[], object]) -> str:
    """What PostgreSQL makes of the first statement, with the names of the parts that it looks at."""
    with CaptureQueriesContext(connection) as captured:
        run()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + captured[0]["sql"])
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture(autouse=True)
def past(ledger_db: None) -> None:
    """The months gone by, as they are in a log that has been kept for a while."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT ledger_make_month((now() - make_interval(months => n))::date) FROM generate_series(1, 17) n")


# Pages


def written(dice: random.Random, *, in_order: bool) -> None:
    times = sorted(dice.choices(TIMES, k=36)) if in_order else dice.choices(TIMES, k=36)
    with citizen_scope(AINO):
        for at in times:
            event, actor = dice.choice([(Event.OWN_DATA_VIEWED, "citizen"), (Event.AGENCY_READ, "housing"), (Event.AGENCY_READ, "tax")])
            append(citizen_id=AINO, event=event, actor=actor, seal=seal, at=at + timedelta(seconds=dice.random()))


def questions(dice: random.Random) -> Iterator[dict[str, object]]:
    for _ in range(150):
        asked: dict[str, object] = {"limit": dice.choice([1, 3, 10, 50])}
        if dice.random() < 0.5:
            asked["before_seq"] = dice.randrange(1, 40)
        if dice.random() < 0.4:
            asked["actor"] = dice.choice(["citizen", "housing", "nobody"])
        if dice.random() < 0.3:
            asked["event"] = dice.choice([Event.AGENCY_READ, (), {Event.AGENCY_READ, Event.OWN_DATA_VIEWED}])
        if dice.random() < 0.4:
            asked["since"] = dice.choice(TIMES)
        if dice.random() < 0.4:
            asked["until"] = dice.choice(TIMES)
        yield asked


def as_of_one_table(everything: list[LedgerEntry], asked: dict[str, object]) -> list[int]:
    events = asked.get("event")
    wanted = [
        entry.seq
        for entry in everything
        if ("before_seq" not in asked or entry.seq < asked["before_seq"])  # type: ignore[operator]
        and asked.get("actor", entry.actor) == entry.actor
        and (events is None or entry.event == events or (not isinstance(events, str) and entry.event in events))  # type: ignore[operator]
        and ("since" not in asked or entry.at >= asked["since"])  # type: ignore[operator]
        and ("until" not in asked or entry.at < asked["until"])  # type: ignore[operator]
    ]
    return sorted(wanted, reverse=True)[: asked["limit"]]  # type: ignore[misc]


@pytest.mark.parametrize("gaps", [(), (1, 7, 20, 36)], ids=["whole", "torn"])
@pytest.mark.parametrize("in_order", [True, False], ids=["clocks agree", "clocks jump"])
def test_a_page_is_the_same_as_of_one_table(in_order: bool, gaps: tuple[int, ...]) -> None:
    """Whatever clocks said, and where somebody took entries out: nothing that is there is passed over."""
    dice = random.Random(f"{in_order}{gaps}")
    written(dice, in_order=in_order)
    as_superuser("DELETE FROM ledger_ledgerentry WHERE seq = ANY(%s)", list(gaps), triggers=False)
    with citizen_scope(AINO):
        everything = list(LedgerEntry.objects.all())
        assert len(everything) == 36 - len(gaps)
        for asked in questions(dice):
            assert [entry.seq for entry in entries_for(AINO, **asked)] == as_of_one_table(everything, asked), asked  # type: ignore[arg-type]


def test_entries_from_before_ids_told_the_time_are_found_by_it() -> None:
    """Their ids are up to a day off, and so may lie in the month after: a page that looks for a time looks there too."""
    with citizen_scope(AINO):
        end_of_month = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(seconds=1)
        append(citizen_id=AINO, event=Event.OWN_DATA_VIEWED, actor="citizen", seal=seal, at=end_of_month)
    for off in (timedelta(hours=23), -timedelta(hours=23)):
        as_superuser("UPDATE ledger_ledgerentry SET id = %s", uuid7(end_of_month + off), triggers=False)
        with citizen_scope(AINO):
            assert [e.seq for e in entries_for(AINO, since=end_of_month, until=end_of_month + timedelta(seconds=1))] == [1]
            assert visible(AINO, since=end_of_month, until=end_of_month + timedelta(seconds=1)).count() == 1


def test_a_page_is_the_same_as_by_one_statement_over_all_months() -> None:
    """Of all that can be asked for, together: what the function answers is what Django's own statement over `visible` finds."""
    dice, consents = random.Random(7), [uuid4() for _ in range(3)]
    with citizen_scope(AINO):
        for at in dice.choices(TIMES, k=60):
            event, actor = dice.choice([(Event.OWN_DATA_VIEWED, "citizen"), (Event.AGENCY_READ, "housing"), (Event.AGENCY_READ, "tax")])
            append(
                citizen_id=AINO, event=event, actor=actor, seal=seal, at=at + timedelta(seconds=dice.random()),
                categories=dice.sample(THEMES, k=dice.randrange(3)), consent_ids=dice.sample(consents, k=dice.randrange(2)),
                source=dice.choice([None, "tax", "population"]),
            )  # fmt: skip
    read_by_agency(CECILIA)
    moments = st.none() | st.sampled_from(TIMES)

    @settings(max_examples=150)
    @given(
        limit=st.sampled_from([1, 3, 50]), before_seq=st.none() | st.integers(1, 62), since=moments, until=moments,
        actor=st.sampled_from([None, None, "citizen", "housing", "nobody"]),
        event=st.sampled_from([None, None, (), "agency:twin:read", {"agency:twin:read", "citizen:twin:viewed"}]),
        source=st.sampled_from([None, None, "tax", "nobody"]), held=st.sets(st.sampled_from(THEMES)),
        consent=st.sampled_from([None, None, *consents, uuid4()]),
        themes=st.none() | st.none() | st.sets(st.sampled_from(THEMES)),
    )  # fmt: skip
    def same(
        limit: int,
        before_seq: int | None,
        since: Any,
        until: Any,
        actor: Any,
        event: Any,
        source: Any,
        held: set[str],
        consent: Any,
        themes: Any,
    ) -> None:
        with acting.use(None if themes is None else acting_within(themes)), citizen_scope(AINO):
            found = visible(AINO, since=since, until=until)
            found = found if before_seq is None else found.filter(seq__lt=before_seq)
            found = found if actor is None else found.filter(actor=actor)
            found = found if event is None else found.filter(event__in=[event] if isinstance(event, str) else event)
            found = found if source is None else found.filter(Q(source=source) | Q(categories__overlap=sorted(held)))
            found = found if consent is None else found.filter(consent_ids__contains=[consent])
            mine = entries_for(
                AINO, limit=limit, before_seq=before_seq, since=since, until=until, actor=actor, event=event, source=source,
                categories=held, consent_id=consent,
            )  # fmt: skip
            wanted = list(found.order_by("-seq")[:limit])
            assert [one.__dict__ | {"_state": None} for one in mine] == [one.__dict__ | {"_state": None} for one in wanted]

    same()


def acting_within(themes: set[str]) -> acting.Acting:
    """An attorney of AINO's, for these categories."""
    mandate = MandateView(uuid4(), AINO, uuid4(), MandateKind.POWER_OF_ATTORNEY, MandateState.STANDING, frozenset(), NOW, None)
    return acting.Acting(mandate, MandateScope(False, frozenset(themes)), uuid4(), "", "")


def test_a_page_is_one_statement_in_a_scope_of_its_own() -> None:
    for days in (400, 100, 0):
        read_by_agency(AINO, at=NOW - timedelta(days=days))
    with citizen_scope(AINO), CaptureQueriesContext(connection) as captured:
        assert [entry.seq for entry in entries_for(AINO, limit=2)] == [3, 2]
        assert [entry.seq for entry in entries_for(AINO)] == [3, 2, 1]
    assert len(captured) == 2
    with citizen_scope(CECILIA):
        assert entries_for(AINO) == (), "what the function reads is read by who calls it"
    assert entries_for(AINO) == ()


def test_a_page_of_a_time_reads_its_months_only() -> None:
    """The plan that is kept is for any time: months that cannot be of it are left out when it begins."""
    read_by_agency(AINO)
    with citizen_scope(AINO):
        before = read_so_far()
        assert len(entries_for(AINO, since=NOW - timedelta(days=7), until=datetime.now(UTC) + timedelta(minutes=1))) == 1
        looked = {name for name, times in read_so_far().items() if times > before.get(name, 0)}
        assert f"entry_{NOW:%Y_%m}" in looked and len(looked) <= 2 and "entry_other" not in looked
        entries_for(AINO)
        assert len([name for name, times in read_so_far().items() if times > before.get(name, 0)]) > 17


def read_so_far() -> dict[str, int]:
    """How often each part was looked into by this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, coalesce(idx_scan, 0) + seq_scan FROM pg_stat_xact_user_tables WHERE schemaname = 'ledger_months'")
        return dict(cursor.fetchall())


def test_an_entry_is_looked_for_in_one_month() -> None:
    entry_id = read_by_agency(AINO).entry_id
    with citizen_scope(AINO):
        plan = plan_of(lambda: visible(AINO).filter(pk=entry_id).first())
    assert plan.count("entry_2") == plan.count(f"entry_{moment_of(entry_id):%Y_%m}") > 0 and "entry_other" not in plan


def test_a_time_is_looked_for_in_its_months() -> None:
    with citizen_scope(AINO):
        plan = plan_of(lambda: list(visible(AINO, since=NOW - timedelta(days=7), until=NOW)))
    looked = set(re.findall(r"\bentry_2\d{3}_\d\d", plan))
    assert 1 <= len(looked) <= 2 and "entry_other" not in plan


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_time_that_no_id_tells_is_a_bound_too(at: datetime) -> None:
    read_by_agency(AINO)
    with citizen_scope(AINO):
        assert len(entries_for(AINO, since=at)) == (at < NOW)
        assert len(entries_for(AINO, until=at)) == (at > NOW)


# Numbers and ids


def test_a_number_is_given_once_over_all_months() -> None:
    """No index spans the months: the lock of the citizen's head does it. Eight at once, in months by turns."""

    def many(which: int) -> None:
        for n in range(12):
            read_by_agency(AINO, at=NOW - timedelta(days=31 * ((which + n) % 3)))
        connection.close()

    threads = [Thread(target=many, args=[which]) for which in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with citizen_scope(AINO):
        assert sorted(LedgerEntry.objects.values_list("seq", flat=True)) == list(range(1, 97))
        assert my_sequence_is_unbroken(AINO).unbroken
    assert len({name for (name,) in as_superuser("SELECT DISTINCT tableoid::regclass FROM ledger_ledgerentry")}) == 3


def test_an_id_tells_the_time_of_its_entry() -> None:
    for at in TIMES:
        made = read_by_agency(AINO, at=at)
        assert timedelta(0) <= at - moment_of(made.entry_id) < timedelta(milliseconds=1)
        assert first_of(at) <= made.entry_id < first_of(at + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("entry_id", "permit"),
    [(uuid4(), None), (uuid7(NOW - timedelta(days=400)), None), (uuid7(NOW + timedelta(hours=25)), None), (uuid7(NOW), uuid7(NOW))],
    ids=["no time", "long ago", "a day ahead", "not its permit's"],
)
def test_nobody_hides_an_entry_under_the_id_of_another_time(entry_id: UUID, permit: UUID | None, count: Callable[[str], int]) -> None:
    """A web process that was taken over calls the function by itself."""
    arguments = [entry_id, AINO, NOW, "agency:twin:read", "a", None, [], [], "permit", permit, None, b"s", b"o"]
    with pytest.raises(IntegrityError), citizen_scope(AINO), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_append(%s,%s,%s,%s,%s,%s,%s::text[],%s::uuid[],%s,%s,%s,%s::bytea,%s::bytea)", arguments)
    assert count("ledger_ledgerentry") == count("ledger_head") == 0


# The months themselves


def test_there_is_a_month_for_now_and_for_a_year_to_come() -> None:
    months.make()
    there = {name.removeprefix("ledger_months.") for name in parts()}
    month = NOW.replace(day=1)
    for _ in range(14):
        assert f"entry_{month:%Y_%m}" in there
        month = (month + timedelta(days=32)).replace(day=1)
    assert months.make() == 0, "and they are made once"


def test_entries_of_a_month_that_was_made_late_move_into_it(count: Callable[[str], int]) -> None:
    """A clock was ahead: the entry lay among the odd ones, which must not keep its month from being made."""
    months.make()  # should the month have turned since the tables were made
    last = sorted(name for name in parts() if "entry_2" in name)[-1]
    as_superuser(f"DROP TABLE {last}")
    middle = datetime.strptime(last[-7:], "%Y_%m").replace(day=15, tzinfo=UTC)
    made, other = read_by_agency(AINO, at=middle), read_by_agency(AINO, at=middle.replace(year=2099))
    assert part_of(made.entry_id) == "ledger_months.entry_other"
    assert months.make() == 1
    assert part_of(made.entry_id) == last and part_of(other.entry_id) == "ledger_months.entry_other"
    assert count("ledger_ledgerentry") == 2
    with citizen_scope(AINO):
        assert my_sequence_is_unbroken(AINO).unbroken
    with pytest.raises(DatabaseError, match="append-only"):
        as_superuser("DELETE FROM ledger_months.entry_other")


def test_every_part_refuses_changes_and_has_its_numbers_once() -> None:
    found = as_superuser(
        "SELECT c.oid::regclass, EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only' AND t.tgenabled = 'O'), "
        "EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL "
        "  AND pg_get_indexdef(i.indexrelid) LIKE '%%(citizen_id, seq)'), c.relnamespace::regnamespace::text "
        "FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'ledger_ledgerentry'::regclass"
    )
    assert len(found) >= 15
    assert {rest for _, *rest in ((n, t, i, s) for n, t, i, s in found) for rest in [tuple(rest)]} == {(True, True, "ledger_months")}


@pytest.mark.parametrize("deed", ["UPDATE {} SET commitment = commitment", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_a_part_past_the_whole(deed: str) -> None:
    part = part_of(read_by_agency(AINO).entry_id)
    for alias in ("owner", "admin"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute(deed.format(part))


@pytest.mark.parametrize(
    "deed",
    ["SELECT * FROM {}", "INSERT INTO {} SELECT * FROM ledger_ledgerentry", "UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}",
     "CREATE TABLE ledger_months.mine (id uuid)", "ALTER TABLE ledger_ledgerentry DETACH PARTITION {}"],
)  # fmt: skip
def test_the_service_gets_at_no_part_past_the_policy(deed: str) -> None:
    """Not even its own citizen's: and a right given by mistake would be of no use, since it may not enter the schema."""
    part = part_of(read_by_agency(AINO).entry_id)
    as_superuser(f"GRANT ALL ON {part} TO aurora_app")
    try:
        with (
            pytest.raises(DatabaseError, match="permission denied for schema ledger_months|must be owner"),
            citizen_scope(CECILIA),
            connection.cursor() as cursor,
        ):
            cursor.execute(deed.format(part))
    finally:
        as_superuser(f"REVOKE ALL ON {part} FROM aurora_app")


@pytest.mark.parametrize("call", ["ledger_make_month('2031-01-01')", "ledger_finish_part('x')"])
def test_the_service_makes_months_by_the_one_function_only(call: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {call}")
