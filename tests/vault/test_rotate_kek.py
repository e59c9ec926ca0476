"""`manage.py rotate_kek`, while others write: everything that is sealed for the platform comes under the newest key, in a token for instance."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.test import override_settings
from django.utils import timezone

from aurora.feedback import reports
from aurora.feedback.models import Report
from aurora.identity import eid, keys, rotation, totp, vault
from aurora.identity.citizens import name_of
from aurora.identity.kek import rewrap
from aurora.identity.kek.ring import HEAD_BYTES, KekRing
from aurora.identity.models import Citizen, DataKey, IdentityProvider, Operator
from aurora.journeys._sealed_columns import OF_PLATFORM
from aurora.keyfiles import KeyFile
from consent.scope import citizen_scope
from tests.support import hsm as hsms
from tests.support.cast import Cast, services
from tests.support.hsm import Hsm
from tests.support.services import ROOT


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Hsm:
    found = hsms.make(tmp_path_factory.mktemp("hsm"))
    found.make_key("kek-2")
    return found


@pytest.fixture
def glass(cast: Cast) -> Iterator[UUID]:
    """A break-glass request's words, which its history keeps from being changed."""
    request_id = uuid4()
    with admin() as database:
        database.execute("SET session_replication_role = replica")
        database.execute(
            'INSERT INTO consent_breakglass_request (id, reason, "case", text_sealed, who_digest, categories, minutes, asked_by, asked_at, state, verdict) '
            "VALUES (%s, 'x', 'x', %s, %s, '{tax.income}', 10, %s, now(), 'asked', '')",
            [request_id, _old(b"why", b"break-glass-reason:" + request_id.bytes), b"0" * 32, uuid4()],
        )
        try:
            yield request_id
        finally:
            database.execute("DELETE FROM consent_breakglass_request WHERE id = %s", [request_id])


@pytest.fixture
def said(cast: Cast) -> Iterator[UUID]:
    """Feedback on accessibility that was answered."""
    report_id = uuid4()
    row = Report.objects.create(
        id=report_id, reference="AAAA-2222", language="en", received_on=timezone.localdate(), state="answered", answered_by=uuid4(),
        answered_at=timezone.now(), sealed=_old(b'{"page": "p", "text": "t", "address": ""}', reports.place(report_id, what=reports.WORDS)),
        answer_sealed=_old(b"mended", reports.place(report_id, what=reports.ANSWER)),
    )  # fmt: skip
    yield report_id
    row.delete()


@pytest.fixture
def back_again(cast: Cast) -> Iterator[None]:
    """Every value is under the tests' own key again."""
    yield
    run = _command("rotate_kek", AURORA_FORMER_KEK_URLS=str(_urls["former"]))
    assert run.returncode == 0, run.stderr


_urls: dict[str, str] = {}


def admin() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(services().admin_url or "", autocommit=True)


def _file() -> str:
    place = keys.settings.AURORA_KEK
    assert isinstance(place, KeyFile)
    return str(place.path)


def _old(plain: bytes, context: bytes) -> bytes:
    """As it was sealed before keys had names."""
    nonce = os.urandom(12)
    return nonce + keys._ring().newest.encrypt(nonce, plain, context)


def _command(*arguments: str, crash: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    state = Path(os.environ["AURORA_STATE_DIR"])
    if crash:
        (state / "crash").mkdir(exist_ok=True)
        (state / "crash" / crash).touch()
    environ = {**os.environ, "AURORA_CRASH_POINTS": "1", "DATABASE_OWNER_URL": services().owner_url or "", **environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], env=environ, capture_output=True, text=True, cwd=ROOT, start_new_session=True
    )


def _left_under(head: bytes) -> int:
    with admin() as database:
        return sum(
            database.execute(
                f'SELECT count(*) FROM "{column.model._meta.db_table}" WHERE octet_length("{column.column}") > 0 '  # type: ignore[arg-type,misc]
                f'AND substring("{column.column}" FROM 1 FOR {HEAD_BYTES}) <> %s',
                [head],
            ).fetchone()[0]
            for column in OF_PLATFORM
        )


def test_everything_comes_under_the_newest_key_however_often_the_command_dies(
    cast: Cast, glass: UUID, said: UUID, hsm: Hsm, back_again: None
) -> None:
    newer = {"AURORA_KEK_URL": hsm.url("kek-2"), "AURORA_FORMER_KEK_FILES": _file()}
    _urls["former"] = hsm.url("kek-2")
    ring = KekRing.of([hsm.place("kek-2"), keys.settings.AURORA_KEK])
    assert rotation.begin(citizen_id=cast.cecilia.id, now=timezone.now())
    with citizen_scope(cast.aino.id):
        DataKey.objects.filter(pk=cast.aino.id).update(
            wrapped=_old(
                keys.open_for_platform(DataKey.objects.get(pk=cast.aino.id).wrapped, context=vault.wrapping_context(cast.aino.id)),
                vault.wrapping_context(cast.aino.id),
            )
        )
    before = {cast.aino.id: _name(cast.aino.id), cast.cecilia.id: _name(cast.cecilia.id)}
    assert _command("rotate_kek", "--check", **newer).returncode == 1
    assert _command("rotate_kek", crash="rewrap.batch", **newer).returncode == -9
    assert _left_under(ring.head()) > 0
    assert _command("rotate_kek", crash="rewrap.batch", **newer).returncode == -9
    done = _command("rotate_kek", **newer)
    assert done.returncode == 0 and "Nothing is sealed by any other key" in done.stdout, done.stderr
    assert hsms.PIN not in done.stdout + done.stderr
    assert _left_under(ring.head()) == 0
    assert _command("rotate_kek", "--check", **newer).returncode == 0
    with admin() as database:
        assert database.execute("SELECT DISTINCT kek_id FROM vault.data_key UNION SELECT kek_id FROM vault.former_key").fetchall() == [
            (ring.newest.id,)
        ]
        (words,) = database.execute("SELECT text_sealed FROM consent_breakglass_request WHERE id = %s", [glass]).fetchone() or (b"",)
    assert ring.open(bytes(words), context=b"break-glass-reason:" + glass.bytes) == b"why"  # type: ignore[call-overload]
    report = Report.objects.get(pk=said)
    for sealed, what, plain in ((report.sealed, reports.WORDS, b'"text": "t"'), (report.answer_sealed, reports.ANSWER, b"mended")):
        assert plain in ring.open(bytes(sealed or b""), context=reports.place(said, what=what))
    provider = IdentityProvider.objects.get(active=True)
    assert b'"d"' in ring.open(bytes(provider.key_sealed), context=eid.key_context(provider.issuer))
    olavi = Operator.objects.get(username="olavi")
    assert ring.open(bytes(olavi.totp_secret_sealed or b""), context=totp.sealing_context(olavi.pk)) == cast.operator_secret
    # A process that has both keys, and one that has only the newer one, open everything.
    for places in ((hsm.place("kek-2"), keys.settings.AURORA_KEK), (hsm.place("kek-2"),)):
        with override_settings(AURORA_KEK=places[0], AURORA_FORMER_KEKS=places[1:]):
            keys._ring.cache_clear()
            vault._open_keys._keys.clear()
            assert {citizen_id: _name(citizen_id) for citizen_id in before} == before
    keys._ring.cache_clear()
    vault._open_keys._keys.clear()


def test_a_value_under_a_key_that_is_not_named_is_said_and_left(cast: Cast, hsm: Hsm) -> None:
    other = base64.urlsafe_b64encode(os.urandom(32)).decode()
    path = Path(os.environ["AURORA_STATE_DIR"]) / "other-kek"
    path.write_text(other)
    path.chmod(0o600)
    run = _command("rotate_kek", AURORA_KEK_URL=f"file://{path}")
    assert run.returncode == 1 and "are sealed by keys that are not named" in run.stderr
    assert other not in run.stdout + run.stderr
    assert _name(cast.aino.id)
    vault._open_keys._keys.clear()


def test_a_value_that_is_written_meanwhile_keeps_what_was_written(
    cast: Cast, hsm: Hsm, back_again: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between being read and being sealed anew: by the batch's own statement, which changes only what it has read."""
    _urls["former"] = hsm.url("kek-2")
    provider = IdentityProvider.objects.get(active=True)
    opened: Callable[..., bytes] = keys.open_for_platform
    with override_settings(AURORA_KEK=hsm.place("kek-2"), AURORA_FORMER_KEKS=(keys.settings.AURORA_KEK,)):
        keys._ring.cache_clear()
        later = keys.seal_for_platform(b"later", context=eid.key_context(provider.issuer))

        def meanwhile(sealed: bytes, *, context: bytes) -> bytes:
            with admin() as database:
                database.execute("UPDATE identity_identityprovider SET key_sealed = %s WHERE id = %s", [later, provider.pk])
            return opened(sealed, context=context)

        monkeypatch.setattr(rewrap.keys, "open_for_platform", meanwhile)
        column = next(one for one in OF_PLATFORM if one.model is IdentityProvider)
        try:
            with pytest.raises(StopIteration):
                progress = rewrap.rewrap([column])
                assert next(progress).anew == 0
                next(progress)
            provider.refresh_from_db()
            assert bytes(provider.key_sealed) == later
        finally:
            monkeypatch.undo()
            IdentityProvider.objects.filter(pk=provider.pk).update(
                key_sealed=keys.seal_for_platform(b'{"d": ""}', context=eid.key_context(provider.issuer))
            )
    keys._ring.cache_clear()


def _name(citizen_id: UUID) -> str:
    vault.forget(citizen_id=citizen_id)
    with citizen_scope(citizen_id):
        return name_of(Citizen.objects.get(pk=citizen_id))
