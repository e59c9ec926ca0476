"""Somebody who has used everything that Aurora has leaves: nothing of it is found afterwards, in any form, in any place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from aurora.erasures import certificate
from aurora.erasures.models import Erasure
from aurora.exports import files
from aurora.journeys import _erase_steps
from aurora.journeys._erase_parts import PARTS
from aurora.journeys._sealed_columns import OF_CITIZENS
from aurora.twin import choices, training
from consent.concerns import cases
from tests.erasure import scanning
from tests.erasure.going import tables_naming
from tests.erasure.leaving import left
from tests.erasure.lived import Lived, lived
from tests.erasure.secrets_here import IDENTIFIER, NUMBER, PSEUDONYM, SEALED, secrets_of
from tests.support import patients
from tests.support.cast import Cast

HERE = scanning.Here()
# Where the number stays by itself, which then leads to nobody: docs/decisions/erasure.md.
NUMBER_STAYS = {"erasures_leaver", "identity_citizen", "consent_mandate", "consent_mandateevent"}

# Identifiers of theirs that others' rows still bear: a read without a consent names its entry, a batch what of it was kept back, a dataset the consent.
LINKS = {
    "consent_breakglass_read": {"ledger_ledgerentry"},
    "ledger_keptback": {"ledger_keptback"},
    "consent_uses_batch": {"ledger_keptback"},
    "recommender_datasetconsent": {"consent_consentrecord"},
}
KEYS = {"wrapped key", "wrapped marking key", "wrapped former key", "subject hmac", "operator's words", "operator's digest"}


@dataclass
class Left:
    """Who left: what was found of them before and after, in which tables their number was, and the erasure's row."""

    them: Lived
    needles: dict[str, bytes]
    held: set[str]
    before: dict[str, set[str]]
    after: dict[str, set[str]]
    row: Erasure


@pytest.fixture(scope="module")
def gone(committed_cast: Cast, django_db_blocker: Any) -> Iterator[Left]:
    with django_db_blocker.unblock(), patients.model(result="derived.surgery_risk") as version:
        committed_cast.renew_token()
        them = lived(committed_cast, version)
        needles = secrets_of(them)
        held = {table.removeprefix("public.") for table in tables_naming(them.id)}
        with HERE.admin() as database:
            database.execute("ANALYZE")
            database.execute("CHECKPOINT")
        before = scanning.everywhere(HERE, needles)
        row = left(them)
        scanning.settle(HERE)
        yield Left(them, needles, held, before, scanning.everywhere(HERE, needles), row)


def test_they_had_a_row_in_every_table_that_an_erasure_answers_for(gone: Left) -> None:
    """A table that is new is missing here until somebody has one of it: then what is in it is looked for too."""
    assert {table for part in PARTS for table in part.tables} - gone.held == set()


def test_the_scan_sees_what_lies_sealed_and_nothing_lies_in_the_clear(gone: Left) -> None:
    """Else it would find nothing afterwards either."""
    seen = set().union(*gone.before.values())
    sealed = {f"{column.table}.{column.column}" for column in OF_CITIZENS}
    shown = {name.split()[1] for name in seen if name.startswith(SEALED) and "." in name}
    # What is empty for who lived as they did: a source that tells no mark, no context, and asks for no verifier any more.
    assert sealed - shown <= {"sources_connection.context_sealed", "sources_feed.mark_sealed", "sources_connectattempt.verifier_sealed"}
    assert seen >= KEYS and f"{SEALED}copy" in seen
    assert {name for name in seen if not name.startswith((SEALED, IDENTIFIER, NUMBER, PSEUDONYM))} == KEYS


def test_no_byte_is_left_that_says_anything(gone: Left) -> None:
    """Of values, names, texts, addresses, salts, keys and digests, in any form. By a pseudonym one agency knows them: it may lie in freed places."""
    nothing = (SEALED, IDENTIFIER, NUMBER)
    left = {place: kept for place, found in gone.after.items() if (kept := {n for n in found if not n.startswith(nothing)})}
    assert {place for place, found in left.items() if not all(n.startswith(PSEUDONYM) for n in found)} == set()
    assert not [place for place in left if not place.startswith("file ") or not in_database(place)]


def test_no_row_holds_even_what_nobody_can_open(gone: Left) -> None:
    left = {table: found for table, found in tables(gone).items() if any(name.startswith((SEALED, PSEUDONYM)) for name in found)}
    assert left == {}


def test_no_row_bears_their_number_but_those_that_are_others_too(gone: Left) -> None:
    bearing = {table for table, found in tables(gone).items() if any(name.startswith(NUMBER) for name in found)}
    assert bearing == NUMBER_STAYS
    with HERE.admin() as database:
        row = database.execute(
            "SELECT length(name_sealed), length(national_id_sealed), last_login FROM identity_citizen WHERE id = %s", [gone.them.id]
        ).fetchone()
    assert row == (0, 0, None)


def test_what_rows_still_bear_of_their_rows_numbers_is_known(gone: Left) -> None:
    """By table, whose identifiers: each leads to a row that is not there any more, or to one that says nothing of anybody."""
    left = {table: {name.split()[2] for name in found if name.startswith(IDENTIFIER)} for table, found in tables(gone).items()}
    assert {table: ids for table, ids in left.items() if ids} == LINKS


def test_outside_the_database_there_is_nothing_at_all(gone: Left) -> None:
    """Neither their copy, nor a word or number in a log. Queues bear numbers of rows, sessions whose they are, until they end within hours."""
    files = {place: found for place, found in gone.after.items() if place.startswith("file ") and not in_database(place)}
    assert files == {}
    for place, found in gone.after.items():
        if place.startswith("valkey "):
            allowed = NUMBER if "session" in place else IDENTIFIER
            assert all(name.startswith(allowed) for name in found), place
    with HERE.admin() as database:
        assert database.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (0,), "nothing here makes one"


def test_the_journal_holds_no_number_either(gone: Left) -> None:
    assert any("pg_wal" in place for place in gone.before)
    assert not [place for place in gone.after if "pg_wal" in place]


def test_the_certificate_names_what_went_and_that_a_number_stays(gone: Left) -> None:
    document = certificate.read(gone.row)
    deleted = {one["aurora:part"] for one in document["aurora:deleted"]}
    assert {part.name for part in PARTS} - deleted == {"account"}, "each part had something, and the number stays"
    assert {"number", "pages", "commitments"} <= {one["aurora:code"] for one in document["aurora:stays"]}
    assert scanning.found_in(gone.row.certificate.encode() + json.dumps(document).encode(), gone.needles) == set()


def test_what_an_erasure_leaves_out_is_found(committed_cast: Cast, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choices, rows for training, concerns and the file of a copy: forgotten on purpose, both where each goes and where the account goes."""
    forgotten = ("twin_factchoice", "twin_trainingrow", "consent_concerns_concern", "consent_concerns_concernpart")
    with django_db_blocker.unblock(), patients.model(result="derived.surgery_risk") as version:
        committed_cast.renew_token()
        them = lived(committed_cast, version)
        needles = secrets_of(them)
        monkeypatch.setattr(_erase_steps, "PARTS", tuple(part for part in PARTS if part.name not in ("choices", "training")))
        monkeypatch.setattr(training, "forget", lambda **_: 0)
        monkeypatch.setattr(choices, "forget_unsaid", lambda **_: 0)
        monkeypatch.setattr(cases, "erase", lambda **_: 0)
        monkeypatch.setattr(files, "remove", lambda file_id: None)
        with account_without(forgotten):
            left(them)
        found = scanning.everywhere(HERE, needles)
    for table in forgotten:
        names = found[f"table public.{table}"]
        assert (NUMBER in names and any(name.startswith(f"{SEALED}{table}.") for name in names)) or table == "consent_concerns_concern", (
            table
        )
    assert "table public.twin_fact" not in found and "table public.corrections_correction" not in found
    assert [place for place, names in found.items() if place.startswith("file ") and f"{SEALED}copy" in names]


@contextmanager
def account_without(tables: tuple[str, ...]) -> Iterator[None]:
    """The function by which an account goes, blind to some tables."""
    with HERE.admin() as database:
        [(whole,)] = database.execute("SELECT pg_get_functiondef('erasures_account(uuid)'::regprocedure)").fetchall()
        seen = "AND c.relname NOT LIKE 'erasures\\_%'"
        assert seen in whole
        database.execute(whole.replace(seen, f"{seen} AND c.relname NOT IN ({', '.join(repr(t) for t in tables)})"))
        try:
            yield
        finally:
            database.execute(whole)


def tables(gone: Left) -> dict[str, set[str]]:
    """What was found in rows afterwards, but for samples in statistics: docs/decisions/erasure.md."""
    found = {
        place.removeprefix("table ").removeprefix("public."): names for place, names in gone.after.items() if place.startswith("table ")
    }
    return {table: names for table, names in found.items() if table != "pg_catalog.pg_statistic"}


def in_database(place: str) -> bool:
    return "/data/" in place
