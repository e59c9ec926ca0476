"""Whatever operators open, send, do and sign in with stands in a trail that nobody changes, under the tree of the access log, and names no citizen."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from aurora.audit import trail, verify
from aurora.audit.models import NOBODY, OperatorDeed, TrailHead
from aurora.database_url import DatabaseUrl
from aurora.identity.models import Operator
from aurora.journeys import allow_delay
from aurora.sandbox.config import OFFICE
from consent.errors import OutsideTransaction
from consent.ledger.models import DelayPermission, Pending
from consent.ledger.sequence import Sequencer
from tests.console.glass import ask, clear
from tests.console.glass import officer as glass_officer
from tests.console.officials import Official, official
from tests.support.cast import Cast, browser, services
from tests.support.log_keys import make_signer

AUDIT, MINE, CSV = (f"/en/console/audit/{p}" for p in ("", "mine/", "trail.csv"))
Role = Operator.Role
LAW = "fi.police.5-58"


@pytest.fixture
def ari(cast: Cast) -> Iterator[Official]:
    with official(Role.AUDITOR, name="Ari") as one:
        yield one


@pytest.fixture
def astrid(cast: Cast) -> Iterator[Official]:
    with official(Role.AGENCY_OFFICER, name="Astrid") as one:
        yield one


def _rows(who: Official | UUID) -> list[OperatorDeed]:
    operator_id = who if isinstance(who, UUID) else who.operator.pk
    return list(OperatorDeed.objects.filter(operator_id=operator_id).order_by("number"))


def _told(rows: list[OperatorDeed]) -> list[tuple[str, ...]]:
    return [(row.kind, row.route or row.deed, row.outcome) for row in rows]


def _admin() -> psycopg.Connection[Any]:
    return psycopg.connect(services().admin_url or "", autocommit=True)


@contextmanager
def _spoilt(statement: str, row_id: UUID, operator_id: UUID) -> Iterator[None]:
    """As somebody who owns the database would do it, past the triggers; all is as it was afterwards."""
    with _admin() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(f"CREATE TEMP TABLE rows_before AS SELECT * FROM audit_operatordeed WHERE operator_id = '{operator_id}'")  # type: ignore[call-overload]
        admin.execute("CREATE TEMP TABLE waiting_before AS SELECT * FROM ledger_pending WHERE entry_id IN (SELECT id FROM rows_before)")
        admin.execute(statement, [row_id])  # type: ignore[call-overload]
        try:
            yield
        finally:
            for table, before, key in (("audit_operatordeed", "rows_before", "id"), ("ledger_pending", "waiting_before", "entry_id")):
                admin.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {before})")  # type: ignore[call-overload]
                admin.execute(f"INSERT INTO {table} SELECT * FROM {before}")  # type: ignore[call-overload]


@pytest.fixture
def seal(cast: Cast) -> Iterator[Callable[[], None]]:
    """Takes all that waits into the tree, as the sequencer does, by the owner's connection."""
    former = dict(connections.settings)
    connections.settings = connections.configure_settings({**former, "owner": DatabaseUrl.parse(services().owner_url or "").django()})
    connections["owner"] = connections.create_connection("owner")

    def sealed() -> None:
        sequencer = Sequencer(signer=make_signer("aurora.test/trail", bytes(range(32))), using="owner")
        sequencer.begin()
        while sequencer.round():
            pass

    yield sealed
    connections["owner"].close()
    del connections["owner"]
    connections.settings = former


def test_pages_refusals_and_what_is_not_there_are_noted(astrid: Official) -> None:
    for path, status in ((f"agencies/{OFFICE}/", 200), ("models/", 403), ("agencies/no-such/", 404), ("operators/", 403)):
        assert astrid.get(f"/en/console/{path}").status_code == status
    rows = _rows(astrid)
    assert _told(rows) == [
        ("opened", "agency", "shown"), ("opened", "models", "forbidden"), ("opened", "agency", "not_found"), ("opened", "operators", "forbidden"),
    ]  # fmt: skip
    assert [row.about for row in rows] == [[OFFICE], [], ["no-such"], []]
    assert [row.number for row in rows] == [1, 2, 3, 4]


def test_what_is_sent_is_noted_before_and_its_deed_in_its_transaction(astrid: Official) -> None:
    at = "/en/console/delays/"
    assert astrid.post(at, agency="nobody", law=LAW, reason="x").status_code == 400
    assert astrid.post(at, agency=OFFICE, law=LAW, reason="By contract").status_code == 302
    permission = DelayPermission.objects.get(agency=OFFICE, asked_by=astrid.operator.pk)
    rows = _rows(astrid)
    assert _told(rows) == [
        ("sent", "delays", "begun"), ("sent", "delays", "invalid"), ("sent", "delays", "begun"), ("deed", "delays", "done"),
    ]  # fmt: skip
    assert (rows[3].deed, rows[3].about) == ("delay:asked_for", [OFFICE, LAW, str(permission.pk)])
    assert astrid.post(f"{at}{permission.pk}/", decision="approve").status_code == 403
    assert _rows(astrid)[-1].outcome == "same_person"
    allow_delay.decline(operator=astrid.operator, permission_id=permission.pk, now=timezone.now())


def test_a_deed_that_is_rolled_back_was_none(astrid: Official) -> None:
    with pytest.raises(RuntimeError, match="at the last moment"), transaction.atomic():
        allow_delay.ask(operator=astrid.operator, agency_code=OFFICE, law=LAW, reason="x", now=timezone.now())
        raise RuntimeError("at the last moment")
    assert not _rows(astrid) and not DelayPermission.objects.filter(asked_by=astrid.operator.pk).exists()
    with pytest.raises(OutsideTransaction):
        trail.did(operator_id=astrid.operator.pk, deed="nothing:done")


@pytest.mark.parametrize("odd", ["a b", "line\nend", "Äiti", "x" * 1300, "'; DROP TABLE x; --"])
def test_no_text_that_somebody_wrote_gets_in(astrid: Official, odd: str) -> None:
    for field in ({"about": [odd]}, {"deed": odd[:200]}, {"route": odd[:200]}, {"outcome": odd[:200]}):
        with pytest.raises(DatabaseError), transaction.atomic():
            trail.note(**{"operator_id": astrid.operator.pk, "kind": trail.Kind.DEED, "outcome": "done", **field})
    assert not _rows(astrid)


def test_sign_ins_failures_lockouts_and_factors_are_noted(cast: Cast) -> None:
    olavi = Operator.objects.get(username="olavi")
    Operator.objects.filter(pk=olavi.pk).update(totp_last_step=-1, password=make_password("right one"))
    before = len(_rows(olavi.pk))
    face = browser()
    sign_in, factor = "/en/console/sign-in/", "/en/console/second-factor/"
    face.post(sign_in, {"username": "olavi", "password": "wrong"})
    face.post(sign_in, {"username": "olavi", "password": "right one"})
    face.post(factor, {"code": "000000"})
    face.post(factor, {"code": cast.code_now()})
    face.post("/en/console/sign-out/")
    for _ in range(6):
        browser().post(sign_in, {"username": "olavi", "password": "wrong"})
    told = [(row.deed, row.outcome) for row in _rows(olavi.pk)[before:]]
    assert told[:5] == [
        ("password:given", "wrong"), ("password:given", "done"), ("factor:given", "wrong"), ("factor:given", "done"), ("session:ended", "done"),
    ]  # fmt: skip
    assert [outcome for _, outcome in told[5:]] == ["wrong"] * 3 + ["locked_out"], (
        "the fifth wrong one locks; then nothing is judged and nothing noted"
    )


def test_of_a_stranger_no_name_is_kept_and_no_flood(cast: Cast) -> None:
    before = len(_rows(NOBODY))
    for number in range(40):
        browser().post("/en/console/sign-in/", {"username": f"my-password-{number}", "password": "x"})
    rows = _rows(NOBODY)[before:]
    assert [row.outcome for row in rows] == ["wrong"] * 30 + ["too_many"]
    assert not any("my-password" in verify.text_of(row) for row in rows)


def test_break_glass_is_there_without_saying_whose(cast: Cast) -> None:
    asker = glass_officer(Role.PRIVACY_OFFICER)
    row = ask(asker, cast.aino)
    asker.face.get(f"/en/console/break-glass/{row.pk}/")
    told = [verify.text_of(one) for one in _rows(asker.operator.pk)]
    assert len(told) == 2 and all(str(row.pk) in text for text in told) and "break_glass:asked" in told[0]
    for text in told:
        for secret in (*cast.secrets(), str(cast.aino.id), row.case):
            assert secret not in text
    clear()
    asker.operator.delete()


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_operatordeed SET outcome = 'done'", "DELETE FROM audit_operatordeed", "TRUNCATE audit_operatordeed"]
)
@pytest.mark.parametrize("who", ["service", "superuser"])
def test_nobody_changes_a_row(astrid: Official, statement: str, who: str) -> None:
    astrid.get("/en/console/")
    if who == "service":
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    else:
        with _admin() as admin, pytest.raises(psycopg.errors.InsufficientPrivilege, match="trail is refused"):
            admin.execute(statement)  # type: ignore[call-overload]
    assert len(_rows(astrid)) == 1


def test_only_what_is_five_years_old_goes_the_oldest_first(astrid: Official) -> None:
    for _ in range(3):
        astrid.get("/en/console/")
    first, second, _third = _rows(astrid)
    with _admin() as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE audit_operatordeed SET at = at - interval '61 months' WHERE id IN (%s, %s)", [first.id, second.id])
        admin.execute("SET session_replication_role = origin")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute("DELETE FROM audit_operatordeed WHERE id = %s", [second.id])
        admin.execute("DELETE FROM audit_operatordeed WHERE id = %s", [first.id])
    assert TrailHead.objects.get(pk=astrid.operator.pk).first == 2
    faults = [fault for fault in verify.verify().faults if fault.operator_id == astrid.operator.pk]
    assert [(fault.number, fault.what) for fault in faults] == [(2, "altered")], "its time was set back, and that shows"


def test_a_whole_trail_verifies_and_each_change_is_found(astrid: Official, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(4):
        astrid.get("/en/console/")
    mine = astrid.operator.pk

    def faults() -> list[tuple[int, str]]:
        return [(fault.number, fault.what) for fault in verify.verify().faults if fault.operator_id == mine]

    assert faults() == []
    kept = {str(mine): verify.heads()[str(mine)]}
    rows = _rows(astrid)
    spoils = {
        "UPDATE audit_operatordeed SET outcome = 'done' WHERE id = %s": [(2, "altered")],
        "DELETE FROM audit_operatordeed WHERE id = %s": [(3, "missing")],
        "UPDATE audit_operatordeed SET operator_id = gen_random_uuid() WHERE id = %s": [(3, "missing")],
        "DELETE FROM ledger_pending WHERE entry_id = %s": [(2, "not_in_tree")],
        "DELETE FROM audit_operatordeed WHERE number > 2 AND operator_id = (SELECT operator_id FROM audit_operatordeed WHERE id = %s)": [
            (4, "head")
        ],
    }
    for statement, found in spoils.items():
        with _spoilt(statement, rows[1].id, mine):
            assert faults() == found, statement
    assert faults() == []
    assert not list(verify.differing(kept))
    assert [fault.what for fault in verify.differing({str(mine): (kept[str(mine)][0], "00" * 32)})] == ["kept_head"]
    file = tmp_path / "heads.json"
    file.write_text(json.dumps({str(mine): [9, "00" * 32]}))
    with pytest.raises(CommandError, match="not what was written"):
        call_command("verify_audit", against=file)
    assert f"operator {mine}, row 9: kept_head" in capsys.readouterr().out


def test_auditors_read_everybodys_by_operator_kind_deed_and_day(ari: Official, astrid: Official) -> None:
    for _ in range(60):
        astrid.get("/en/console/agencies/")
    today = timezone.localdate().isoformat()
    query = {"operator": str(astrid.operator.pk), "kind": "opened", "deed": "agencies", "day": today}
    page = ari.get(AUDIT, query).context["page"]
    assert len(page.rows) == 50 and page.next_url and {row.who for row in page.rows} == {"Astrid"}
    rest = ari.get(page.next_url).context["page"]
    assert [row.number for row in (*page.rows, *rest.rows)] == list(range(60, 0, -1)) and not rest.next_url
    assert not ari.get(AUDIT, {**query, "day": "2020-01-01"}).context["page"].rows
    for odd in ({"operator": "x"}, {"kind": "x"}, {"day": "x"}, {"day": "0001-01-01"}, {"before": "x"}):
        assert ari.get(AUDIT, odd).status_code == 404, odd


def test_the_file_has_every_row_with_its_proof_and_is_noted(ari: Official, astrid: Official) -> None:
    astrid.get("/en/console/agencies/")
    answer = ari.get(CSV, {"operator": str(astrid.operator.pk)})
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    (row,) = _rows(astrid)
    assert len(lines) == 1 and lines[0]["commitment"] == verify.commitment_of(row).hex() and lines[0]["salt"] == bytes(row.salt).hex()
    assert _told(_rows(ari)) == [("opened", "audit_csv", "shown")]


def test_each_operator_reads_their_own_and_no_other(ari: Official, astrid: Official) -> None:
    ari.get("/en/console/")
    astrid.get("/en/console/")
    page = astrid.get(MINE, {"operator": str(ari.operator.pk)}).context["page"]
    assert [(row.who, row.code) for row in page.rows] == [("Astrid", "overview")]
    assert astrid.get(AUDIT).status_code == astrid.get(CSV).status_code == 403
    with official(name="No roles") as nobody:
        assert nobody.get(MINE).status_code == 200


def test_a_row_is_committed_to_the_public_tree(astrid: Official, seal: Callable[[], None]) -> None:
    astrid.get("/en/console/")
    (row,) = _rows(astrid)
    assert bytes(Pending.objects.get(entry_id=row.id).commitment) == verify.commitment_of(row) == bytes(row.commitment)
    seal()
    assert not Pending.objects.filter(entry_id=row.id).exists()
    verdict = verify.verify()
    assert verdict.size and not [fault for fault in verdict.faults if fault.operator_id == astrid.operator.pk]


def test_without_the_row_there_is_no_page(astrid: Official, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: Any) -> int:
        raise DatabaseError("the trail is away")

    monkeypatch.setattr(trail, "note", away)
    answer = astrid.get(f"/en/console/agencies/{OFFICE}/")
    assert answer.status_code >= 500 and "govuk-table" not in answer.content.decode()
