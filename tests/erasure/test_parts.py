"""No personal table is forgotten: each is in a part of an erasure, or stays for a reason; and each that could be written behind a worker is closed."""

from __future__ import annotations

from aurora.journeys._erase_parts import PARTS, STAYS, part_of
from aurora.ui import erasure_words as words
from tests.erasure.going import admin
from tests.support.cast import Cast

# What is written of somebody who leaves until they are gone: that they leave. What their own log, letters and cases say.
UNTIL_GONE = {
    "aurora_messages_mail", "aurora_messages_reminder", "consent_consentevent", "consent_receipt", "consent_webhooks_delivery", "consent_mandate",
    "consent_mandateevent", "consent_concerns_concern", "consent_concerns_concernpart", "consent_uses_account", "consent_uses_usagereport",
    "consent_uses_deliverynote", "consent_uses_finding", "consent_uses_tally", "consent_breakglass_subject", "ledger_ledgerentry", "ledger_head",
    "ledger_keptback", "ledger_erasure", "erasures_erasure", "erasures_leaver", "identity_citizen",
}  # fmt: skip
# Of a row that is refused itself.
WITH_ANOTHER = {"sources_pullpart", "vault.former_key", "vault.key_rotation"}


def personal() -> set[str]:
    """Every table that says whose a row is, by row-level security or by its columns."""
    with admin() as database:
        rows = database.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND (c.relrowsecurity OR EXISTS ("
            "SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'citizen_id' AND NOT a.attisdropped))"
        ).fetchall()
    return {name for (name,) in rows}


def test_each_personal_table_is_in_a_part_or_stays_for_a_reason(cast: Cast) -> None:
    named = [table for part in PARTS for table in part.tables]
    assert len(named) == len(set(named)), "each in one"
    assert personal() - set(named) - set(STAYS) == set()
    assert all(STAYS.values())


def test_what_is_named_exists(cast: Cast) -> None:
    assert {table for part in PARTS for table in part.tables} | set(STAYS) <= personal() | {"identity_citizen"}


def test_each_part_has_words(cast: Cast) -> None:
    assert all(words.part(part.name) != part.name for part in PARTS)
    assert part_of("twin_fact") == "facts" and part_of("nothing") == "others"


def test_each_table_is_closed_to_who_leaves(cast: Cast) -> None:
    with admin() as database:
        closed = {r[0] for r in database.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'not_closed'").fetchall()}
    assert personal() - closed - UNTIL_GONE - WITH_ANOTHER == set()


def test_no_statistics_are_kept_of_keys_and_digests(cast: Cast) -> None:
    secret = [("data_key", "wrapped"), ("identity_citizen", "subject_hmac"), ("consent_mandate", "attorney_digest")]
    with admin() as database:
        database.execute("ANALYZE vault.data_key, identity_citizen, consent_mandate")
        sampled = set(database.execute("SELECT tablename, attname FROM pg_stats").fetchall())
    assert ("identity_citizen", "language") in sampled and not sampled & set(secret)
