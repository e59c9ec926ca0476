"""A twin from before there were marks: what was known, chosen and asked is the same afterwards, under marks, and no key lies in any page of a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from aurora.corrections import requests
from aurora.corrections.models import Correction
from aurora.database_url import DatabaseUrl
from aurora.identity import keys, vault
from aurora.provision import provision
from aurora.twin import choices
from aurora.twin.migrations._marked import CannotCarry
from aurora.twin.models import Fact
from consent.scope import citizen_scope
from tests.consent.ledger.conftest import _connected_as
from tests.support.cast import services
from tests.support.held import by_name

ILLNESS, CONDITIONS, CENTRE = "icd10.J45.9", "health.conditions", "health-centre"
AT = datetime(2026, 11, 1, tzinfo=UTC)


class Earlier:
    """A database of its own, in which nobody is but Aino."""

    def __init__(self, admin: psycopg.Connection[Any]) -> None:
        self.admin, self.aino, self._key = admin, uuid4(), AESGCM.generate_key(256)
        wrapped = keys.seal_for_platform(self._key, context=vault.wrapping_context(self.aino))
        self._insert(
            "identity_citizen",
            id=self.aino,
            subject_hmac=b"h",
            national_id_sealed=b"",
            name_sealed=b"",
            language="fi",
            created_at=AT,
            session_epoch=0,
        )
        self._insert("vault.data_key", citizen_id=self.aino, wrapped=wrapped, kek_id=keys.kek_id(), version=1, created_at=AT)

    def _insert(self, table: str, **values: Any) -> None:
        places = ", ".join(["%s"] * len(values))
        self.admin.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", list(values.values()))  # type: ignore[arg-type]

    def _sealed(self, value: Any, context: bytes) -> bytes:
        nonce, version = os.urandom(keys.NONCE_BYTES), b"\0\1"
        plain = json.dumps(value, ensure_ascii=False).encode()
        return vault.head(version) + nonce + AESGCM(self._key).encrypt(nonce, plain, self.aino.bytes + version + context)

    def fact(self, key: str, value: Any, *, superseded_at: datetime | None = None) -> UUID:
        made = uuid4()
        self._insert(
            "twin_fact", id=made, citizen_id=self.aino, category=CONDITIONS, category_version=1, key=key, provenance="attested", source=CENTRE,
            sealed=self._sealed(value, f"fact:{made}:{CONDITIONS}.{key}".encode()), observed_at=AT, recorded_at=AT, superseded_at=superseded_at,
            derived_through=[],
        )  # fmt: skip
        return made

    def choice(self, key: str, value: Any) -> None:
        made = uuid4()
        self._insert(
            "twin_factchoice", id=made, citizen_id=self.aino, concept="illness", category=CONDITIONS, key=key, source=CENTRE, chosen_at=AT,
            sealed=self._sealed(value, b"fact-choice:" + made.bytes),
        )  # fmt: skip

    def correction(self, key: str, says: Any) -> UUID:
        made = uuid4()
        self._insert(
            "corrections_correction", id=made, citizen_id=self.aino, source=CENTRE, category=CONDITIONS, category_version=1, key=key, since=AT,
            language="fi", asked_at=AT, due_at=AT.replace(month=12), state="refused", answered_at=AT,
            sealed=self._sealed({"says": says, "right": False, "why": "Never had it.", "guardian": ""}, f"correction:{made}:asked".encode()),
            answer_sealed=self._sealed({"text": "You had."}, f"correction:{made}:answer".encode()),
        )  # fmt: skip
        return made

    def carry_over(self) -> None:
        vault.forget(citizen_id=self.aino)
        for app in ("identity", "twin", "corrections"):
            call_command("migrate", app, database="owner", verbosity=0)

    def pages(self) -> bytes:
        """Every page of the three tables, as it lies in its file."""
        self.admin.execute("CHECKPOINT")
        wanted = "SELECT pg_read_binary_file(pg_relation_filepath(%s::regclass))"
        tables = ("twin_fact", "twin_factchoice", "corrections_correction")
        return b"".join(self.admin.execute(wanted, [table]).fetchone()[0] for table in tables)  # type: ignore[index]


@pytest.fixture
def earlier(django_db_blocker: DjangoDbBlocker) -> Iterator[Earlier]:
    name = f"earlier_{uuid4().hex[:8]}"
    provision(services().admin_url or "", database=name)
    owner = DatabaseUrl.parse(services().owner_url or "")
    address = f"postgresql://{owner.user}@/{name}?host={quote(owner.host)}"
    with (
        django_db_blocker.unblock(),
        _connected_as({"default": address, "owner": address}),
        psycopg.connect(services().admin_url or "", dbname=name, autocommit=True) as admin,
    ):
        for app, last in (("twin", "0012"), ("corrections", "0002")):
            call_command("migrate", app, last, database="owner", verbosity=0)
        yield Earlier(admin)


def test_what_was_known_is_known_under_marks(earlier: Earlier) -> None:
    first, second = earlier.fact(ILLNESS, "Asthma", superseded_at=AT), earlier.fact(ILLNESS, "Asthma, unspecified")
    other = earlier.fact("smoker", True)
    earlier.choice(ILLNESS, "Asthma")
    asked = earlier.correction(ILLNESS, "Asthma")
    assert ILLNESS.encode() in earlier.pages()
    earlier.carry_over()
    with citizen_scope(earlier.aino):
        held = by_name(Fact.objects.filter(citizen_id=earlier.aino))
        assert [(row.pk, key, value) for row, key, value in held if row.pk != first] == [
            (second, ILLNESS, "Asthma, unspecified"),
            (other, "smoker", True),
        ]
        by_id = {row.pk: row for row, _, _ in held}
        assert by_id[first].mark == by_id[second].mark != by_id[other].mark
        [chosen] = choices.of(citizen_id=earlier.aino)
        assert (chosen.key, chosen.value) == (ILLNESS, "Asthma")
        assert choices.forget_unsaid(citizen_id=earlier.aino) == 0, "it has the mark of the fact"
        request = requests.opened(Correction.objects.get(pk=asked))
        assert (request.key, request.says, request.answer) == (ILLNESS, "Asthma", "You had.")
        assert request.row.mark == by_id[first].mark
    pages = earlier.pages()
    assert ILLNESS.encode() not in pages and b"smoker" not in pages and CENTRE.encode() in pages, "not in what was dropped either"
    with pytest.raises(Exception, match="not reversible"):
        call_command("migrate", "twin", "0012", database="owner", verbosity=0)


def test_what_nobody_can_open_stops_it_and_nothing_is_changed(earlier: Earlier) -> None:
    fact = earlier.fact(ILLNESS, "Asthma")
    earlier.fact("smoker", True)
    earlier.admin.execute("UPDATE twin_fact SET sealed = %s WHERE id = %s", [vault.head(b"\0\1") + bytes(40), fact])
    with pytest.raises(CannotCarry, match=str(fact)) as stopped:
        earlier.carry_over()
    assert ILLNESS not in str(stopped.value)
    rows = earlier.admin.execute("SELECT key FROM twin_fact ORDER BY key").fetchall()
    assert rows == [(ILLNESS,), ("smoker",)]
