"""A log of its own in a database of its own: two citizens' chains in a signed tree, and a DBA who can do everything to it.

Each test begins with a copy of the same database, so that no deed outlives its test.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from django.test import Client, override_settings
from django.utils import timezone

from aurora.embedded import Services
from aurora.identity import vault
from aurora.journeys import cosign, prove
from aurora.journeys._log import log
from consent.ledger import append, leaf, merkle, queries, tiles
from consent.ledger.checkpoint import Signer
from consent.ledger.events import Event
from consent.ledger.heads import HeadFile
from consent.ledger.sequence import Sequencer
from consent.ledger.witness_models import Alarm, Witness
from consent.scope import citizen_scope

ORIGIN = "aurora.test/ledger"
# So that the first tile is full and the tree has a second level.
OTHERS = 300
_FILL = "INSERT INTO ledger_pending (entry_id, commitment) SELECT gen_random_uuid(), sha256(gen_random_uuid()::text::bytea) FROM generate_series(1, %s)"

_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'ledger\\_%' AND relkind IN ('r', 'p') "
    "AND NOT relispartition ORDER BY relname"
)


class Databases:
    """Copies of the one database, as a DBA makes them."""

    def __init__(self, services: Services) -> None:
        self._url = services.admin_url or ""

    def admin(self, database: str = "aurora") -> psycopg.Connection[Any]:
        return psycopg.connect(self._url, dbname=database, autocommit=True)

    def keep(self, name: str) -> None:
        """A copy of the whole database as it is."""
        connections.close_all()
        with self.admin("postgres") as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
            admin.execute(f"CREATE DATABASE {name} TEMPLATE aurora OWNER aurora_owner")  # type: ignore[arg-type]

    def put_back(self, name: str) -> None:
        """The database becomes what the copy is."""
        connections.close_all()
        with self.admin("postgres") as admin:
            admin.execute("DROP DATABASE aurora WITH (FORCE)")
            admin.execute(f"CREATE DATABASE aurora TEMPLATE {name} OWNER aurora_owner")  # type: ignore[arg-type]

    def dump(self) -> None:
        """The log's tables, kept beside them: quicker than a whole database."""
        with self.admin() as admin:
            admin.execute("CREATE SCHEMA kept")
            for (table,) in admin.execute(_TABLES).fetchall():
                admin.execute(f"CREATE TABLE kept.{table} AS TABLE {table}")  # type: ignore[arg-type]

    def restore(self) -> None:
        connections.close_all()
        with self.admin() as admin, admin.transaction():
            tables = [table for (table,) in admin.execute(_TABLES).fetchall()]
            admin.execute("SET LOCAL session_replication_role = replica")
            admin.execute(f"TRUNCATE {', '.join(tables)}")  # type: ignore[arg-type]
            for table in tables:
                admin.execute(f"INSERT INTO {table} SELECT * FROM kept.{table}")  # type: ignore[arg-type]


@dataclass
class Said:
    """What both verifiers say of a bundle; they have said the same."""

    verdict: str
    findings: set[tuple[str, int | None]]
    notes: set[str]
    witnesses: list[dict[str, str]]

    @property
    def signed_by(self) -> set[str]:
        """The keys of the witnesses that signed, this state or an earlier one that it extends."""
        return {one["key"] for one in self.witnesses if one["state"] in ("signed", "signed_earlier")}

    @property
    def codes(self) -> set[str]:
        return {code for code, _ in self.findings}


@dataclass
class Log:
    """The log, its sequencer with the head file, and who reads it."""

    databases: Databases
    signer: Signer
    folder: Path
    aino: UUID
    cecilia: UUID
    program: ModuleType
    in_node: Callable[[str, list[Any]], list[Any]]

    # Honest work

    @property
    def heads(self) -> HeadFile:
        return HeadFile(self.folder / "ledger-head")

    def access(self, citizen: UUID, *, at: datetime | None = None, **changes: Any) -> UUID:
        """An agency's read, in the citizen's log, as the journeys log it."""
        entry: dict[str, Any] = {
            "event": Event.AGENCY_READ,
            "actor": "benefits-office",
            "purpose": "benefit-application",
            "categories": ["tax.income"],
            "details": {"fields": ["wages"]},
        } | changes
        with citizen_scope(citizen):
            return log(citizen_id=citizen, at=at or timezone.now(), **entry).entry_id

    def seal(self, signer: Signer | None = None) -> None:
        """As the sequencer does when it starts: it looks at what is there, then takes all that waits. Raises TreeDamaged."""
        sequencer = Sequencer(signer=signer or self.signer, using="owner", heads=self.heads)
        sequencer.begin()
        while sequencer.round():
            pass

    def live(self, others: int = 20) -> None:
        """Something happens to everybody, and is sealed."""
        for citizen in (self.aino, self.cecilia):
            self.access(citizen)
        with self.databases.admin() as admin:
            admin.execute(_FILL, [others])
        self.seal()

    def bundle(self, citizen: UUID | None = None, *, after: Callable[[], object] = lambda: None) -> dict[str, Any]:
        """What the citizen downloads. `after` is done once the download has been noted, before it is written."""
        begun = prove.begin(citizen_id=citizen or self.aino, now=timezone.now())
        after()
        return dict(json.loads(b"".join(prove.written(begun))))

    def judge(self, bundle: dict[str, Any], **known: Any) -> Said:
        """`known`: `older` bundle, `keys`, `witnesses` that the citizen trusts."""
        said = self.program.check_bundle(bundle, **known)
        assert self.in_node("check", [(bundle, known)]) == [said], "the two verifiers differ"
        return Said(said["verdict"], {(f["code"], f.get("seq")) for f in said["findings"]}, set(said["notes"]), said["witnesses"])

    def judge_with_public(self, bundle: dict[str, Any], **known: Any) -> set[str]:
        """The program's findings with `--log`: it asks everyone's log too."""

        def public(path: str) -> bytes:
            with override_settings(ALLOWED_HOSTS=["testserver"]):  # whatever host the tests before were at
                answer = Client().get(f"/ledger/{path}")
            if answer.status_code != 200:
                raise OSError(answer.status_code)  # as the program's own request does
            return bytes(answer.content)

        said = self.program.check_bundle(
            bundle, tile=lambda path: public(f"tile/{path}"), today=lambda: public("checkpoint").decode(), **known
        )
        return {finding["code"] for finding in said["findings"]}

    def witnessed(self) -> tuple[str, set[str]]:
        """The beat and its task ask the witness over HTTP: the trouble that is noted, and the alarms there are."""
        cosign.sweep(now=timezone.now())
        Witness.objects.update(due_at=datetime(2000, 1, 1, tzinfo=UTC))
        for row in Witness.objects.all():
            cosign.run(witness_id=row.pk)
        (row,) = Witness.objects.all()
        return row.trouble, set(Alarm.objects.values_list("kind", flat=True))

    # A superuser's deeds

    def dba(self, sql: str, *values: Any) -> list[Any]:
        """Past triggers, privileges and row-level security."""
        with self.databases.admin() as admin:
            admin.execute("SET session_replication_role = replica")
            done = admin.execute(sql, values)  # type: ignore[arg-type]
            return done.fetchall() if done.description else []

    def changes(self, sql: str, *values: Any) -> None:
        """A deed that must have changed something: or the test that follows is about nothing."""
        with self.databases.admin() as admin:
            admin.execute("SET session_replication_role = replica")
            assert admin.execute(sql, values).rowcount > 0, sql  # type: ignore[arg-type]

    def chain(self, citizen: UUID) -> list[dict[str, Any]]:
        """The entries opened, as only who has the vault's key can: for an insider who has both."""
        opened = []
        for entry_id, seq, sealed in self.dba("SELECT id, seq, sealed FROM ledger_ledgerentry WHERE citizen_id = %s ORDER BY seq", citizen):
            with citizen_scope(citizen):
                plain = vault.open_sealed(bytes(sealed), citizen_id=citizen, context=append.sealing_context(entry_id))
            opened.append({"id": entry_id, "seq": seq, **json.loads(plain)})
        return opened

    def reseal(self, citizen: UUID, entry_id: UUID, salt: bytes, access: dict[str, Any]) -> bytes:
        opening = leaf.opening(salt, access)
        with citizen_scope(citizen):
            return vault.seal(append.sealed_plaintext(salt, opening), citizen_id=citizen, context=append.sealing_context(entry_id))

    def rewrite_chain(self, citizen: UUID, entries: Iterable[dict[str, Any]]) -> None:
        """The whole chain made anew with these entries in this order: numbers, links, commitments, sealed parts, columns, head."""
        self.dba("DELETE FROM ledger_ledgerentry WHERE citizen_id = %s", citizen)
        prev, seq = leaf.NO_COMMITMENT, 0
        before = prev
        for seq, one in enumerate(entries, 1):
            access, salt = one["access"], bytes.fromhex(one["salt"])
            made = leaf.commitment(salt=salt, access=access, prev=prev, seq=seq)
            self.dba(
                "INSERT INTO ledger_ledgerentry (id, citizen_id, seq, prev, commitment, at, event, actor, purpose, categories, consent_ids, decision, "
                "permit_id, source, sealed) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s, %s, %s, %s)",
                one["id"], citizen, seq, prev, made, access["at"], access["event"], access["actor"], access["purpose"], access["categories"],
                access["consents"], access["decision"], access["permit"], access["source"], self.reseal(citizen, one["id"], salt, access),
            )  # fmt: skip
            before, prev = prev, made
        self.dba("UPDATE ledger_head SET seq = %s, prev = %s, commitment = %s WHERE citizen_id = %s", seq, before, prev, citizen)

    def rewrite_tree(self, leaves: Iterable[tuple[UUID, bytes]] | None = None, *, head_file: bool = False) -> None:
        """Tree, tiles and head made anew over these leaves, and signed: the DBA has the log's key. By default the old leaves, with the commitments
        that their entries have now, and without those whose entries are gone.
        """
        if leaves is None:
            leaves = [
                (entry_id, bytes(commitment))
                for entry_id, commitment in self.dba(
                    "SELECT l.entry_id, coalesce(e.commitment, l.commitment) FROM ledger_leaf l LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id "
                    "UNION ALL SELECT e.id, e.commitment FROM ledger_ledgerentry e WHERE NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.entry_id = e.id)"
                )
            ]
        leaves = list(leaves)
        made = tiles.grow(0, [leaf.leaf_hash(commitment) for _, commitment in leaves], {})
        root = merkle.root(len(leaves), tiles.node_reader(made))
        self.dba("TRUNCATE ledger_leaf, ledger_tile, ledger_checkpoint, ledger_pending")
        with self.databases.admin() as admin, admin.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ledger_leaf (index, entry_id, commitment) VALUES (%s, %s, %s)",
                [(index, entry_id, commitment) for index, (entry_id, commitment) in enumerate(leaves)],
            )
            cursor.executemany(
                "INSERT INTO ledger_tile (level, index, hashes) VALUES (%s, %s, %s)", [(*key, data) for key, data in made.items()]
            )
        now = datetime.now(UTC)
        note = self.signer.checkpoint(len(leaves), root, at=now.timestamp())
        self.dba("INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, %s, %s, %s)", len(leaves), root, now, note)
        if head_file:
            self.heads.write(note)

    def rewind(self, name: str, *, head_file: bool = False) -> None:
        """Set the database back to a copy; with the head file only if whoever does it has the sequencer's machine too."""
        self.databases.put_back(name)
        if head_file:
            newest = queries.newest_checkpoint()
            assert newest is not None
            self.heads.write(newest.note)

    def rewind_to_now(self) -> None:
        """The same by who moves the database with nothing lost."""
        self.databases.keep("moved")
        self.databases.put_back("moved")

    def begin(self) -> None:
        """The state in which every test begins: 300 leaves of others, nine entries of each of the two, all sealed but what came last."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        now = timezone.now()
        for number in range(9):
            for citizen in (self.aino, self.cecilia):
                self.access(citizen, at=now - timedelta(days=9 - number))
            with self.databases.admin() as admin:
                admin.execute(_FILL, [OTHERS // 9])
            self.seal()


def digest(*words: object) -> bytes:
    return hashlib.sha256(" ".join(map(str, words)).encode()).digest()


def forged(citizen: UUID, entry_id: UUID, at: datetime) -> dict[str, Any]:
    """An access that never was, with its salt."""
    access = {
        "actor": "tax-administration",
        "at": leaf.timestamp(at),
        "categories": ["tax.income"],
        "citizen": str(citizen),
        "consents": [],
        "decision": "permit",
        "details": {},
        "event": "agency:twin:read",
        "id": str(entry_id),
        "permit": None,
        "purpose": "benefit-application",
        "source": None,
        "v": leaf.FORMAT,
    }
    return {"id": entry_id, "access": access, "salt": digest("forged", entry_id).hex()}


__all__ = ["ORIGIN", "Databases", "Log", "Said", "digest", "forged"]
