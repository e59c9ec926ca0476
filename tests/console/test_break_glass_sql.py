"""A web process that somebody took over, with the service's own role and nothing between it and the tables: what the database refuses by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.utils import timezone

from consent.breakglass import queries
from tests.console.glass import HOUSEHOLD, Officer, Role, approved, ask, clear, officer, read
from tests.support.cast import Cast, services

INSERT = (
    'INSERT INTO consent_breakglass_request (id, reason, "case", text_sealed, who_digest, categories, minutes, asked_by, asked_at, state, decided_by, '
    "decided_at, expires_at, verdict) VALUES (%(id)s, 'data_fault', '2026/1', 'x', 'x', %(categories)s, %(minutes)s, %(asker)s, now(), %(state)s, "
    "%(decider)s, %(decided)s, %(expires)s, '')"
)
DECIDE = (
    "UPDATE consent_breakglass_request SET state = %(state)s, decided_by = %(by)s, decided_at = now(), "
    "expires_at = now() + make_interval(mins => %(minutes)s) WHERE id = %(id)s"
)
REVIEW = "UPDATE consent_breakglass_request SET verdict = 'justified', review_sealed = 'x', reviewed_by = %(by)s, reviewed_at = %(at)s WHERE id = %(id)s"


@pytest.fixture
def three(cast: Cast) -> Iterator[tuple[Officer, Officer, Officer]]:
    made = officer(Role.PRIVACY_OFFICER), officer(Role.PRIVACY_OFFICER), officer(Role.AUDITOR)
    yield made
    clear()
    for one in made:
        one.operator.delete()


def service(statement: str, values: dict[str, Any] | None = None, *, citizen: UUID | None = None) -> int:
    """As `aurora_app`, in a transaction of its own; how many rows."""
    with psycopg.connect(services().database_url or "") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("aurora_app",)
        if citizen:
            connection.execute("SELECT set_config('aurora.citizen', %s, true)", [str(citizen)])
        return connection.execute(statement, values or {}).rowcount  # type: ignore[arg-type]


def refused(statement: str, values: dict[str, Any] | None = None, *, citizen: UUID | None = None) -> bool:
    with pytest.raises(psycopg.Error):
        service(statement, values, citizen=citizen)
    return True


def new(asker: UUID, **changes: Any) -> dict[str, Any]:
    base = {
        "id": uuid4(),
        "categories": [HOUSEHOLD],
        "minutes": 10,
        "asker": asker,
        "state": "asked",
        "decider": None,
        "decided": None,
        "expires": None,
    }
    return {**base, **changes}


def test_nobody_agrees_to_their_own_request_by_sql_either(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = (one.operator.pk for one in three)
    row = ask(three[0], cast.aino)
    given = {"id": row.pk, "minutes": 10}
    for state in ("approved", "declined"):
        assert refused(DECIDE, {**given, "state": state, "by": asker}), "two people"
    for by in (auditor, uuid4(), None):
        assert refused(DECIDE, {**given, "state": "approved", "by": by}), "and both privacy officers"
    assert refused(DECIDE, {**given, "state": "approved", "by": decider, "minutes": 480}), "no longer than was asked for"
    assert service(DECIDE, {**given, "state": "approved", "by": decider}) == 1
    assert refused(DECIDE, {**given, "state": "declined", "by": decider}), "once"


def test_a_request_comes_to_be_undecided_within_bounds_and_by_somebody_with_the_role(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    asker, decider, auditor = (one.operator.pk for one in three)
    now = timezone.now()
    done = {"state": "approved", "decider": decider, "decided": now, "expires": now + timedelta(minutes=10)}
    for wrong in (
        {"asker": auditor}, {"asker": uuid4()}, done, {**done, "decider": asker}, {"minutes": 31}, {"minutes": 0},
        {"categories": []}, {"categories": [f"c.{n}" for n in range(9)]}, {"state": "open"},
    ):  # fmt: skip
        assert refused(INSERT, {**new(asker), **wrong}), wrong
    assert service(INSERT, new(asker)) == 1
    type(three[0].operator).objects.filter(pk=asker).update(is_active=False)
    assert refused(INSERT, new(asker)), "not who has left"


def test_neither_what_was_asked_nor_whose_data_it_is_nor_what_was_read_changes_or_goes(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    row = approved(three[0], three[1], cast.aino)
    read(three[0], row)
    table, mine = "consent_breakglass_request", {"id": row.pk, "other": cast.cecilia.id, "by": three[1].operator.pk}
    for change in (
        "categories = ARRAY['tax.income']", "minutes = 30", "asked_by = %(by)s", "reason = 'x'", "\"case\" = 'x'", "expires_at = expires_at + interval '1 hour'",
        "decided_at = decided_at + interval '5 minutes'", "state = 'asked'", "state = 'declined'", "text_sealed = 'y'",
        "ended_at = now() + interval '1 hour', ended_by = asked_by", "ended_at = now(), ended_by = %(other)s",
    ):  # fmt: skip
        assert refused(f"UPDATE {table} SET {change} WHERE id = %(id)s", mine), change
    for words in ("text_sealed = '', who_digest = ''", "text_sealed = '', who_digest = '', review_sealed = NULL"):
        assert refused(f"UPDATE {table} SET {words}"), "why somebody's data were read goes with their log only"
    for statement in (
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        "DELETE FROM consent_breakglass_read",
        "UPDATE consent_breakglass_read SET categories = '{}'",
        "DELETE FROM consent_breakglass_alarm",
        "UPDATE consent_breakglass_alarm SET kind = 'x'",
    ):
        assert refused(statement), statement
    for statement in (
        "UPDATE consent_breakglass_subject SET citizen_id = %(other)s WHERE request_id = %(id)s",
        "DELETE FROM consent_breakglass_subject WHERE request_id = %(id)s",
    ):
        for citizen in (cast.aino.id, cast.cecilia.id):
            assert refused(statement, mine, citizen=citizen), statement
    assert queries.subject_of(row.pk) == cast.aino.id


def test_nobody_is_put_in_the_place_of_somebody_unknown_after_the_decision(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    """Agreed to about nobody, and then pointed at somebody."""
    row = ask(three[0], "S000000-7")
    service(DECIDE, {"id": row.pk, "state": "approved", "by": three[1].operator.pk, "minutes": 10})
    insert = "INSERT INTO consent_breakglass_subject (request_id, citizen_id) VALUES (%(id)s, %(who)s)"
    assert refused(insert, {"id": row.pk, "who": cast.cecilia.id}, citizen=cast.cecilia.id)
    other = ask(three[0], "S000000-8")
    assert refused(insert, {"id": other.pk, "who": cast.cecilia.id}, citizen=cast.aino.id), "nor by another's scope"


def test_only_a_third_person_with_the_role_judges_once_and_after_it_is_over(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = (one.operator.pk for one in three)
    type(three[0].operator).objects.filter(pk__in=(asker, decider)).update(roles=["privacy_officer", "auditor"])
    row = approved(three[0], three[1], cast.aino)
    later = timezone.now() + timedelta(hours=1)
    assert refused(REVIEW, {"id": row.pk, "by": auditor, "at": timezone.now()}), "while it is open"
    for by in (asker, decider, uuid4()):
        assert refused(REVIEW, {"id": row.pk, "by": by, "at": later}), by
    assert service(REVIEW, {"id": row.pk, "by": auditor, "at": later}) == 1
    assert refused("UPDATE consent_breakglass_request SET verdict = 'not_justified' WHERE id = %(id)s", {"id": row.pk}), "it stays"
    waits = ask(three[0], cast.aino)
    assert refused(REVIEW, {"id": waits.pk, "by": auditor, "at": later}), "what nobody agreed to"


def test_whose_a_request_is_no_table_tells_without_their_scope(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    row = ask(three[0], cast.aino)
    count = "SELECT 1 FROM consent_breakglass_subject"
    assert service(count) == service(count, citizen=cast.cecilia.id) == 0
    assert service(count, citizen=cast.aino.id) == 1
    erase = "SELECT consent_breakglass_erase(%(who)s)"
    assert refused(erase, {"who": cast.aino.id}) and refused(erase, {"who": cast.aino.id}, citizen=cast.cecilia.id)
    with psycopg.connect(services().admin_url or "") as admin:
        granted = admin.execute(
            "SELECT count(*) FROM information_schema.routine_privileges WHERE routine_name LIKE 'consent_breakglass_%' AND grantee = 'PUBLIC' "
            "AND routine_name NOT IN ('consent_breakglass_history', 'consent_breakglass_whose')"
        ).fetchone()
    assert granted == (0,) and queries.subject_of(row.pk) == cast.aino.id


def test_nobody_counts_requests_over_all_citizens(three: tuple[Officer, Officer, Officer]) -> None:
    """What is published comes of `consent_transparency`: a function that nobody needs is one more that looks across citizens."""
    with pytest.raises(psycopg.errors.UndefinedFunction):
        service("SELECT 1 FROM consent_breakglass_totals(%(since)s)", {"since": timezone.now()})


def test_a_permit_and_an_entry_made_up_read_nothing_of_what_no_permit_was_decided_for(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    """The door stands where it stood: without a `Permit` of `decide` there is no read, and an approved row alone is none."""
    from consent.rules import AURORA, BREAK_GLASS, Permit

    approved(three[0], three[1], cast.aino)
    with pytest.raises(TypeError):
        Permit(uuid4(), cast.aino.id, AURORA, BREAK_GLASS, frozenset({HOUSEHOLD}), (), timezone.now())
