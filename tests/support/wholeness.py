"""Whether all stands as it should after faults: each pull finished once and is told of once, no fact is there twice or missing, nothing of one
citizen opens under another's key, and the log's chains and tree hold. Looked at from outside, with the state folder's keys and a superuser's eyes:
sealed values are opened here by the format that `aurora.identity.vault` and `kek/ring.py` document, not by their code.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import redis
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.rows import dict_row

from consent.ledger import verify
from recommender.training import households
from tests.support.stack import Stack, wait_for
from tests.support.tree_again import roots

Row = dict[str, Any]
OPEN = "SELECT count(*) FROM sources_pull WHERE citizen_id = ANY(%s) AND state IN ('queued', 'running')"
OF_PULLS = {"aurora:pull:completed", "aurora:pull:failed", "aurora:pull:refused"}


def ask(stack: Stack, sql: str, *values: Any) -> list[Row]:
    """Rows by column name, as a superuser, whom row-level security does not bind."""
    with stack.admin() as database, database.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql, values or None).fetchall()  # type: ignore[call-overload,no-any-return]


@dataclass(frozen=True)
class Sealed:
    """Something of one citizen's: where it stands, what it was sealed for."""

    where: str
    citizen_id: UUID
    blob: bytes
    context: bytes


class Keys:
    """The citizens' data keys of a stack, opened by the file of its key-encryption key."""

    def __init__(self, stack: Stack) -> None:
        text = (stack.state / "keys" / "vault-kek").read_text().strip()
        self._kek = AESGCM(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        self._keys = {
            row["citizen_id"]: AESGCM(self._opened(bytes(row["wrapped"]), b"data-key:" + row["citizen_id"].bytes))
            for row in ask(stack, "SELECT citizen_id, wrapped FROM vault.data_key")
        }
        self._marking = {
            row["citizen_id"]: self._opened(bytes(row["marking_wrapped"]), b"marking-key:" + row["citizen_id"].bytes)
            for row in ask(stack, "SELECT citizen_id, marking_wrapped FROM vault.data_key")
        }

    def _opened(self, wrapped: bytes, context: bytes) -> bytes:
        assert wrapped[:1] == b"\x02"
        return self._kek.decrypt(wrapped[9:21], wrapped[21:], wrapped[:9] + context)

    def mark(self, citizen_id: UUID, category: str, key: str) -> bytes:
        """By what the table knows a fact's key (docs/decisions/vault.md)."""
        return hmac.digest(self._marking[citizen_id], f"fact\0{category}\0{key}".encode(), "sha256")[:16]

    def others(self, citizen_id: UUID) -> UUID:
        return next(other for other in sorted(self._keys) if other != citizen_id)

    def open(self, sealed: Sealed, *, key_of: UUID | None = None, named: UUID | None = None) -> bytes:
        """By the key of its own citizen unless said, for whom it was sealed unless said. Raises `InvalidTag`."""
        citizen = named or sealed.citizen_id
        blob = sealed.blob
        assert blob[:1] == b"\x01", sealed.where
        return self._keys[key_of or sealed.citizen_id].decrypt(blob[3:15], blob[15:], citizen.bytes + blob[1:3] + sealed.context)


def settle(stack: Stack, citizens: Iterable[UUID], *, within: float = 120.0) -> None:
    """Waits until no pull of theirs is open, everything is in the tree, and the queue is worked off."""
    theirs = list(citizens)
    wait_for(lambda: ask(stack, OPEN, theirs) == [{"count": 0}], "all pulls to be finished", within=within)
    wait_for(lambda: ask(stack, "SELECT count(*) FROM ledger_pending") == [{"count": 0}], "all entries to be in the tree", within=60)


def queue_empties(stack: Stack) -> None:
    """Every message is taken; and what a dead worker had taken is not forgotten: the broker knows when to give it out again."""
    broker = redis.Redis(unix_socket_path=urlsplit(stack.services()["broker_url"]).path)
    with closing(broker):
        wait_for(lambda: broker.llen("celery") == 0, "the queue to be worked off", within=60)
        wait_for(lambda: set(broker.hkeys("unacked")) <= set(broker.zrange("unacked_index", 0, -1)), "what is in hand to have its time")


def check(stack: Stack, citizens: Mapping[UUID, int], *, sources: Mapping[UUID, set[str]] | None = None) -> None:
    """All of it, of some citizens (with their households); of `sources` what each must have, where that is given."""
    keys = Keys(stack)
    _pulls_finished(stack, list(citizens), keys)
    facts = _facts(stack, list(citizens), keys)
    _none_twice(stack, facts)
    for citizen_id, household in citizens.items():
        _as_the_sources_say(facts, citizen_id, household, sources.get(citizen_id, set()) if sources is not None else None)
    _nobody_elses(stack, keys)
    _log_holds(stack)


def _pulls_finished(stack: Stack, citizens: list[UUID], keys: Keys) -> None:
    """Done, or ended with a reason; no lease is left; one entry tells of each, and of a done one that it is done."""
    pulls = ask(stack, "SELECT * FROM sources_pull WHERE citizen_id = ANY(%s)", citizens)
    told: dict[str, list[str]] = {}
    for entry in ask(stack, "SELECT * FROM ledger_ledgerentry WHERE citizen_id = ANY(%s)", citizens):
        if entry["event"] in OF_PULLS:
            plain = json.loads(keys.open(_entry(entry)))
            told.setdefault(plain["access"]["details"]["pull"], []).append(entry["event"])
    for pull in pulls:
        ended = told.pop(str(pull["id"]), [])
        assert pull["lease_token"] is None and pull["lease_until"] is None, pull
        if pull["state"] == "done":
            assert ended == ["aurora:pull:completed"], (pull, ended)
        elif pull["state"] == "failed":
            assert pull["error"] and ended == ["aurora:pull:failed"], (pull, ended)
        else:  # cancelled before anybody asked, there is nothing to tell
            assert pull["state"] == "cancelled", pull
            assert len(ended) <= 1 and not {"aurora:pull:completed"} & set(ended), (pull, ended)
    assert not told, f"entries of pulls that are not there: {told}"


@dataclass(frozen=True)
class Held:
    """One fact, opened."""

    citizen_id: UUID
    category: str
    key: str
    value: Any
    source: str
    pull_id: UUID | None
    current: bool


def _facts(stack: Stack, citizens: list[UUID], keys: Keys) -> list[Held]:
    found = []
    for r in ask(stack, "SELECT * FROM twin_fact WHERE citizen_id = ANY(%s)", citizens):
        key, value = json.loads(keys.open(_fact(r)))
        assert bytes(r["mark"]) == keys.mark(r["citizen_id"], r["category"], key), "a fact that is known by another one's mark"
        found.append(Held(r["citizen_id"], r["category"], key, value, r["source"], r["pull_id"], r["superseded_at"] is None))
    return found


def facts_of(stack: Stack, citizen_id: UUID, keys: Keys) -> list[Held]:
    """Of one citizen, opened: earlier ones too."""
    return _facts(stack, [citizen_id], keys)


def _none_twice(stack: Stack, facts: list[Held]) -> None:
    current = Counter((f.citizen_id, f.category, f.key, f.source) for f in facts if f.current)
    assert {what: n for what, n in current.items() if n > 1} == {}
    of_pulls = Counter((f.pull_id, f.category, f.key) for f in facts if f.pull_id is not None)
    assert {what: n for what, n in of_pulls.items() if n > 1} == {}
    done = {row["id"] for row in ask(stack, "SELECT id FROM sources_pull WHERE state = 'done'")}
    assert {f.pull_id for f in facts if f.pull_id is not None} <= done, "facts of a pull that did not end well"


def _as_the_sources_say(facts: list[Held], citizen_id: UUID, household: int, sources: set[str] | None) -> None:
    """What stands of the register's, the tax administration's and social insurance's categories is what they hold, no more and no less."""
    theirs = households.facts_of(household)
    mine: dict[str, dict[str, Any]] = {}
    for fact in facts:
        if fact.citizen_id == citizen_id and fact.current and fact.category in households.CATEGORIES and fact.source in SOURCE_OF.values():
            mine.setdefault(fact.category, {})[fact.key] = fact.value
    wanted = {c: v for c, v in theirs.items() if c in SOURCE_OF}
    if sources is not None:
        wanted = {c: v for c, v in wanted.items() if SOURCE_OF[c] in sources}
    else:
        wanted = {c: v for c, v in wanted.items() if c in mine}
    assert mine == wanted, f"the twin of household {household} differs from what its sources say in {_differing(mine, wanted)}"


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {category for category in {*one, *other} if one.get(category) != other.get(category)}


SOURCE_OF = {
    **dict.fromkeys((c for c in households.CATEGORIES if c.startswith("population.")), "population-register"),
    **dict.fromkeys((c for c in households.CATEGORIES if c.startswith("tax.")), "tax-administration"),
    **dict.fromkeys((c for c in households.CATEGORIES if c.startswith("social.")), "social-insurance"),
}


def _fact(row: Row) -> Sealed:
    context = f"fact:{row['id']}:{row['category']}:".encode() + bytes(row["mark"])
    return Sealed("twin_fact.sealed", row["citizen_id"], bytes(row["sealed"]), context)


def _entry(row: Row) -> Sealed:
    return Sealed("ledger_ledgerentry.sealed", row["citizen_id"], bytes(row["sealed"]), b"ledger:" + row["id"].bytes)


def _all_sealed(stack: Stack) -> Iterator[Sealed]:
    """What a pull writes or reads: facts, entries of the log, tokens and what came with them, marks of feeds."""
    yield from map(_fact, ask(stack, "SELECT * FROM twin_fact"))
    yield from map(_entry, ask(stack, "SELECT * FROM ledger_ledgerentry"))
    for row in ask(stack, "SELECT * FROM sources_connection WHERE tokens_returned_at IS NULL"):
        for column, context in (
            ("access_token_sealed", b"access-token"),
            ("refresh_token_sealed", b"refresh-token"),
            ("context_sealed", b"token-context"),
        ):
            if row[column]:
                yield Sealed(f"sources_connection.{column}", row["citizen_id"], bytes(row[column]), context)
    for row in ask(stack, "SELECT * FROM sources_feed WHERE mark_sealed IS NOT NULL"):
        context = b"feed-mark:" + row["connection_id"].bytes + row["category"].encode()
        yield Sealed("sources_feed.mark_sealed", row["citizen_id"], bytes(row["mark_sealed"]), context)


def _nobody_elses(stack: Stack, keys: Keys) -> None:
    """Everything opens under the key of whose row it is, and under nobody else's."""
    seen: Counter[str] = Counter()
    for sealed in _all_sealed(stack):
        keys.open(sealed)
        other = keys.others(sealed.citizen_id)
        for wrong in ({"key_of": other}, {"named": other}, {"key_of": other, "named": other}):
            with pytest.raises(InvalidTag):
                keys.open(sealed, **wrong)
        seen[sealed.where] += 1
    assert seen["twin_fact.sealed"] and seen["ledger_ledgerentry.sealed"] and seen["sources_connection.access_token_sealed"], seen


def _log_holds(stack: Stack) -> None:
    """Each citizen's chain, the tree over all of them once more from its text, and the published head."""
    entries = ask(stack, "SELECT id, citizen_id, seq, prev, commitment, permit_id FROM ledger_ledgerentry ORDER BY citizen_id, seq")
    chains: dict[UUID, list[verify.Link]] = {}
    for entry in entries:
        chains.setdefault(entry["citizen_id"], []).append(verify.Link(entry["seq"], bytes(entry["prev"]), bytes(entry["commitment"])))
    assert {citizen: breaks for citizen, chain in chains.items() if (breaks := verify.check_sequence(chain))} == {}
    permits = Counter(entry["permit_id"] for entry in entries if entry["permit_id"])
    assert set(permits.values()) <= {1}
    # What came while we were looking stands in the tree, or will in a moment. In this order: what waits no more by now is among the leaves.
    waiting = {row["entry_id"] for row in ask(stack, "SELECT entry_id FROM ledger_pending")}
    leaves = ask(stack, "SELECT index, entry_id, commitment FROM ledger_leaf ORDER BY index")
    assert [leaf["index"] for leaf in leaves] == list(range(len(leaves)))
    known = {leaf["entry_id"]: bytes(leaf["commitment"]) for leaf in leaves}
    assert {e["id"] for e in entries} - set(known) - waiting == set()
    assert all(known[e["id"]] == bytes(e["commitment"]) for e in entries if e["id"] in known)
    heads = {
        row["size"]: bytes(row["root"]) for row in ask(stack, "SELECT size, root FROM ledger_checkpoint") if row["size"] <= len(leaves)
    }
    assert heads and heads == roots([bytes(leaf["commitment"]) for leaf in leaves], heads)
