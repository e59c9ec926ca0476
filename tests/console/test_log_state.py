"""The console's page about the access log: who may look, what it warns of, and an alarm that stays until somebody has looked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.utils import timezone, translation

from aurora.console import present_ledger
from aurora.console.auth import VERIFIED
from aurora.environ import WitnessAddress
from aurora.identity.models import Operator
from aurora.ui import log_words
from aurora.ui.contexts.log_state import LogStatePage
from consent.ledger import cosignatures, note
from consent.ledger.models import Checkpoint
from consent.ledger.witness_models import Alarm, Witness
from tests.support.cast import Cast, browser
from tests.support.log_keys import make_signer, witness_vkey
from tests.support.patients import admin

Role = Operator.Role
PATH = "/en/console/ledger/"
ORIGIN = "aurora.test/console"
VKEY = str(witness_vkey("witness.test/w", bytes(32)))
WITNESS = WitnessAddress(VKEY, "https://witness.test")


@pytest.fixture
def faces(cast: Cast) -> Iterator[dict[str, tuple[Operator, Browser]]]:
    """One operator of each role, with both factors passed."""
    made = {}
    for role in Role:
        operator = Operator.objects.create(username=f"{role}-{uuid4().hex[:6]}", name=f"Who is {role}", roles=[role])
        face = browser()
        face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
        session = face.session
        session[VERIFIED] = str(operator.pk)
        session.save()
        made[role.value] = (operator, face)
    yield made
    for operator, _ in made.values():
        operator.delete()


@pytest.fixture(autouse=True)
def own_log(cast: Cast) -> Iterator[None]:
    """A newest checkpoint of our own beyond all others, and nothing left of it; the log itself stays as it is."""
    size = 10**12
    signed = make_signer(ORIGIN, bytes(32)).checkpoint(size, bytes(32))
    with admin() as database:
        database.execute("INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (%s, %s, now(), %s)", [size, bytes(32), signed])
    yield
    with admin() as database:
        database.execute("DELETE FROM ledger_checkpoint WHERE size = %s", [size])
        database.execute("DELETE FROM ledger_alarm; DELETE FROM ledger_witness")


def state(**changes: object) -> LogStatePage:
    with translation.override("en"):
        return present_ledger.state(**{"now": timezone.now(), "may_see": True} | changes)  # type: ignore[arg-type]


def raise_alarm(kind: Alarm.Kind = Alarm.Kind.INCONSISTENT, size: int = 4711) -> Alarm:
    cosignatures.alarm(kind=kind, origin=ORIGIN, witness="witness.test/w", size=size, now=timezone.now())
    return Alarm.objects.get(kind=kind, size=size)


def test_operations_and_auditors_look_and_nobody_else(faces: dict[str, tuple[Operator, Browser]]) -> None:
    may = {role for role, (_, face) in faces.items() if face.get(PATH).status_code == 200}
    assert may == {"operations", "auditor"}
    assert all(face.get(PATH).status_code == 403 for role, (_, face) in faces.items() if role not in may)
    shown = {role for role, (_, face) in faces.items() if PATH in face.get("/en/console/").content.decode()}
    assert shown == may, "who may not look is not sent there"


def test_an_alarm_stays_on_every_page_until_operations_have_looked(faces: dict[str, tuple[Operator, Browser]]) -> None:
    alarm = raise_alarm()
    operator, face = faces["operations"]
    _, auditor = faces["auditor"]
    sentence = "witness.test/w says that the log does not extend the 4,711 entries"
    place = f"{PATH}alarms/{alarm.pk}/"
    assert browser().get("/readyz").json()["alarms"] == ["ledger"] and browser().get("/readyz").status_code == 200
    for one in (face, auditor):
        assert sentence in one.get(PATH).content.decode()
        assert "of the access log ha" in one.get("/en/console/").content.decode()
    assert place in face.get(PATH).content.decode() and place not in auditor.get(PATH).content.decode()
    assert {role: one.post(place).status_code for role, (_, one) in faces.items() if role != "operations"} == dict.fromkeys(
        faces.keys() - {"operations"}, 403
    )
    assert face.get(place).status_code == 405 and cosignatures.unseen()
    assert face.post(place).status_code == 302
    page = face.get(PATH).content.decode()
    assert f"{operator.name} looked into it on" in page and sentence in page and place not in page
    assert browser().get("/readyz").json()["alarms"] == []
    assert "of the access log ha" not in face.get("/en/console/").content.decode()
    assert face.post(place).status_code == 302, "twice is no error, and changes nothing"
    assert face.post(f"{PATH}alarms/{alarm.pk + 1}/").status_code == 404 and face.post(f"{PATH}alarms/{10**30}/").status_code == 404


def test_it_warns_of_a_sequencer_that_stands_still_and_of_a_clock(cast: Cast) -> None:
    with override_settings(AURORA_WITNESSES=(WITNESS,)):
        now = timezone.now()
        assert state(now=now + timedelta(days=1)).warnings == () or state().pending, "nothing waits: an old checkpoint is a quiet log"
        with admin() as database:
            database.execute("INSERT INTO ledger_pending (entry_id, commitment) VALUES (%s, sha256('x'))", [uuid4()])
        try:
            assert state(now=now).warnings == ()
            (stopped,) = state(now=now + timedelta(minutes=2)).warnings
            assert "the sequencer does not run" in stopped
        finally:
            with admin() as database:
                database.execute("DELETE FROM ledger_pending WHERE commitment = sha256('x')")
        (ahead,) = state(now=now - timedelta(minutes=2)).warnings
        assert "still to come" in ahead
    assert "no witness" in " ".join(state().warnings)


def test_it_says_how_far_each_witness_is(cast: Cast) -> None:
    newest = Checkpoint.objects.order_by("-size")[0]
    with override_settings(AURORA_WITNESSES=(WITNESS,)):
        (asked,) = state().witnesses
        assert (asked.size, asked.at, asked.trouble) == (None, None, "")
        now = timezone.now()
        row = Witness.objects.create(origin=ORIGIN, vkey=VKEY, due_at=now, trouble="unknown_log")
        assert state().witnesses[0].trouble == "It does not watch this log. Its operator must enter the log's name and keys."
        Witness.objects.filter(pk=row.pk).update(size=newest.size - 5, cosigned_at=now, stated_at=int(now.timestamp()), trouble="")
        (well,) = state().witnesses
        assert (well.name, well.size, well.behind, well.trouble, well.at) == ("witness.test/w", newest.size - 5, 5, "", now)
        Witness.objects.filter(pk=row.pk).update(stated_at=int(now.timestamp()) - 7200)
        assert state().witnesses[0].trouble == "Its clock differs from ours by 120 minutes."
        Witness.objects.filter(pk=row.pk).update(stated_at=2**63 - 1, trouble="source_down")
        assert state().witnesses[0].trouble.startswith("It does not answer. Its clock differs")
        with admin() as database:
            database.execute("UPDATE ledger_witness SET origin = 'of another name'")
        assert state().witnesses[0].size is None, "what it cosigned under another name is another log's"
    assert state().witnesses == ()


def test_it_lists_the_keys_as_they_are_published(cast: Cast) -> None:
    former, present = make_signer(ORIGIN, bytes(32)), make_signer(ORIGIN, b"\x01" * 32)
    with admin() as database:
        kept = database.execute("SELECT vkey, since FROM ledger_key").fetchall()
        newest = timezone.now() + timedelta(hours=1)
        rows = [(vkey, newest - age * timedelta(minutes=1)) for age, signer in enumerate((present, former)) for vkey in signer.vkeys]
        for row in rows:
            database.execute("INSERT INTO ledger_key (vkey, since) VALUES (%s, %s)", row)
    try:
        keys = state().keys[:4]
        assert [(key.kind, key.in_use) for key in keys] == [
            ("Ed25519", True),
            ("ML-DSA-44", True),
            ("Ed25519", False),
            ("ML-DSA-44", False),
        ]
        assert [key.id for key in keys] == [note.parse_vkey(vkey).key_id.hex() for vkey in (*present.vkeys, *former.vkeys)]
    finally:
        with admin() as database:
            database.execute("DELETE FROM ledger_key WHERE NOT vkey = ANY(%s)", [[vkey for vkey, _ in kept]])


def test_every_alarm_and_trouble_has_its_words_in_all_languages(cast: Cast) -> None:
    said = set()
    for language in ("fi", "sv", "en"):
        with translation.override(language):
            said |= {log_words.alarm(kind, witness="w", size=1) for kind in Alarm.Kind}
            said |= {log_words.trouble(code) for code in ("unknown_log", "busy", "conflict", "address_refused", "tree_damaged", "timeout")}
    assert len(said) == 3 * (len(Alarm.Kind) + 6)


def test_the_page_asks_the_database_as_often_however_many_alarms_there_are(cast: Cast) -> None:
    def asked() -> int:
        with connection.execute_wrapper(counting):
            counting.calls = 0  # type: ignore[attr-defined]
            state()
            return int(counting.calls)  # type: ignore[attr-defined]

    def counting(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        counting.calls += 1  # type: ignore[attr-defined]
        return execute(sql, params, many, context)

    before = asked()
    for size in range(1, 12):
        raise_alarm(size=size)
    assert asked() <= before + 1
