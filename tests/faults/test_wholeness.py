"""Who judges after faults sees each thing that could be wrong: spoilt by hand, one after the other, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from tests.support import wholeness
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
REGISTER = "population-register"
HOUSEHOLDS = (1370, 1371)

FACT = "(SELECT id FROM twin_fact WHERE citizen_id = '{one}' AND category = 'population.household' ORDER BY id LIMIT 1)"
PULL = "(SELECT id FROM sources_pull WHERE citizen_id = '{one}' ORDER BY created_at LIMIT 1)"
ENTRY = "(SELECT id FROM ledger_ledgerentry WHERE citizen_id = '{one}' AND event = 'aurora:pull:completed' ORDER BY seq LIMIT 1)"
SPOILS = {
    "a fact is missing": (
        f"CREATE TABLE spoilt AS SELECT * FROM twin_fact WHERE id = {FACT}; DELETE FROM twin_fact WHERE id IN (SELECT id FROM spoilt)",
        "INSERT INTO twin_fact SELECT * FROM spoilt; DROP TABLE spoilt",
        AssertionError,
    ),
    "a fact is another citizen's": (
        f"CREATE TABLE spoilt AS SELECT {FACT} AS id; UPDATE twin_fact SET citizen_id = '{{other}}', source = 'elsewhere' WHERE id IN (SELECT id FROM spoilt)",
        f"UPDATE twin_fact SET citizen_id = '{{one}}', source = '{REGISTER}' WHERE id IN (SELECT id FROM spoilt); DROP TABLE spoilt",
        InvalidTag,
    ),
    "a fact is not current any more": (
        f"CREATE TABLE spoilt AS SELECT {FACT} AS id; UPDATE twin_fact SET superseded_at = now() WHERE id IN (SELECT id FROM spoilt)",
        "UPDATE twin_fact SET superseded_at = NULL WHERE id IN (SELECT id FROM spoilt); DROP TABLE spoilt",
        AssertionError,
    ),
    "a pull is open with a lease": (
        f"UPDATE sources_pull SET state = 'running', lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour' WHERE id = {PULL}",
        f"UPDATE sources_pull SET state = 'done', lease_token = NULL, lease_until = NULL WHERE id = {PULL}",
        AssertionError,
    ),
    "a pull says that it failed": (
        f"UPDATE sources_pull SET state = 'failed', error = 'gave_up' WHERE id = {PULL}",
        f"UPDATE sources_pull SET state = 'done', error = '' WHERE id = {PULL}",
        AssertionError,
    ),
    "an entry is missing": (
        f"CREATE TABLE spoilt AS SELECT * FROM ledger_ledgerentry WHERE id = {ENTRY}; DELETE FROM ledger_ledgerentry WHERE id IN (SELECT id FROM spoilt)",
        "INSERT INTO ledger_ledgerentry SELECT * FROM spoilt; DROP TABLE spoilt",
        AssertionError,
    ),
    "a leaf of the tree is another": (
        f"UPDATE ledger_leaf SET commitment = sha256(commitment) WHERE entry_id = {ENTRY}",
        f"UPDATE ledger_leaf SET commitment = e.commitment FROM ledger_ledgerentry e WHERE e.id = entry_id AND entry_id = {ENTRY}",
        AssertionError,
    ),
}


@pytest.fixture(scope="module")
def two(stack: Stack) -> Iterator[dict[UUID, int]]:
    citizens: dict[UUID, int] = {}
    found = "SELECT citizen_id, state FROM sources_pull WHERE id = %s"
    for household in HOUSEHOLDS:
        with Person(stack, identifier(household)) as person:
            pull = person.sign_in().connect(REGISTER)
        wait_for(lambda pull=pull: wholeness.ask(stack, found, pull)[0]["state"] == "done", "the pull", within=60)
        citizens[wholeness.ask(stack, found, pull)[0]["citizen_id"]] = household
    wholeness.settle(stack, citizens)
    yield citizens


@pytest.mark.parametrize("spoil", SPOILS)
def test_what_is_wrong_is_seen(stack: Stack, two: dict[UUID, int], spoil: str) -> None:
    one, other = two
    sources = {citizen: {REGISTER} for citizen in two}
    wholeness.check(stack, two, sources=sources)
    wrong, right, error = SPOILS[spoil]
    with stack.admin() as database:
        database.execute("SET session_replication_role = 'replica'")  # past the triggers that would not let anybody
        database.execute(wrong.format(one=one, other=other))
        try:
            with pytest.raises(error):
                wholeness.check(stack, two, sources=sources)
        finally:
            database.execute(right.format(one=one, other=other))
    wholeness.check(stack, two, sources=sources)
