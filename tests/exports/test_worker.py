"""A copy's way: asked for, made by a worker that may die anywhere, fetched three times at most, and gone with its key."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from aurora.exports import files, forgetting, rows, seal
from aurora.exports.models import Export
from aurora.journeys import export
from consent.errors import NotFound
from consent.ledger.events import Event
from consent.scope import citizen_scope
from tests.support.cast import Cast, Person, services
from tests.support.copies import opened
from tests.support.services import ROOT

State = Export.State


@pytest.fixture
def aino(cast: Cast) -> Iterator[Person]:
    yield cast.aino
    with citizen_scope(cast.aino.id):
        forgetting.forget(citizen_id=cast.aino.id)


def asked(person: Person) -> export.Asked:
    return export.ask(citizen_id=person.id, language="en", now=timezone.now())


def made(person: Person) -> export.Asked:
    found = asked(person)
    export.run(export_id=found.export_id)
    return found


def row(person: Person, export_id: UUID) -> Export:
    with citizen_scope(person.id):
        return Export.objects.get(pk=export_id)


def in_folder() -> set[Path]:
    return set(files.folder().iterdir())


def fetched(person: Person, export_id: UUID) -> bytes:
    return b"".join(export.download(citizen_id=person.id, export_id=export_id, now=timezone.now()).pieces)


def test_it_is_made_once_and_tells_how_far_it_is(aino: Person) -> None:
    before, found = in_folder(), asked(aino)
    assert row(aino, found.export_id).state == State.QUEUED and in_folder() == before
    assert export.ask(citizen_id=aino.id, language="en", now=timezone.now()) == export.Asked(found.export_id), (
        "one at a time, no passphrase"
    )
    export.run(export_id=found.export_id)
    done = row(aino, found.export_id)
    assert (done.state, done.percent, done.downloads, done.part) == (State.DONE, 100, 0, "")
    [path] = in_folder() - before
    assert (
        path.stat().st_size == done.size
        and stat.S_IMODE(path.stat().st_mode) == 0o600
        and stat.S_IMODE(files.folder().stat().st_mode) == 0o700
    )
    assert aino.name.encode() not in path.read_bytes() and b"PK\x03\x04" not in path.read_bytes()[:100]
    entries = len(aino.entries())
    export.run(export_id=found.export_id)
    assert len(aino.entries()) == entries, "a message that comes twice does nothing"


def test_progress_is_told_part_by_part_in_whole_percents(aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the thread that tells it, for which the writer waits here at each part."""
    from aurora.journeys._export_write import Pulse

    told: list[tuple[str, int]] = []
    heard, note, at = threading.Condition(), rows.note, Pulse.at

    def noted(lease: rows.Lease, *, part: str, percent: int, now: datetime) -> bool:
        went_on = note(lease, part=part, percent=percent, now=now)
        with heard:
            told.append((part, percent))
            heard.notify_all()
        return went_on

    def reached(pulse: Pulse, part: str, percent: int) -> None:
        at(pulse, part, percent)
        with heard:
            assert heard.wait_for(lambda: told[-1:] == [(pulse.part, pulse.percent)], timeout=120), (part, percent)

    monkeypatch.setattr(rows, "note", noted)
    monkeypatch.setattr(Pulse, "at", reached)
    made(aino)
    percents = [percent for _, percent in told]
    assert percents == sorted(percents) and len(set(percents)) > 20 and {"facts", "consents", "log"} <= {part for part, _ in told}


def test_the_third_download_is_the_last_and_each_is_an_entry(aino: Person) -> None:
    found, before = made(aino), in_folder()
    for number in (1, 2, 3):
        assert opened(fetched(aino, found.export_id), found.passphrase)[:2] == b"PK"
        entry = aino.entries()[-1]
        assert entry.event == Event.EXPORT_DOWNLOADED and row(aino, found.export_id).state == (State.DONE if number < 3 else State.EXPIRED)
    with pytest.raises(NotFound):
        fetched(aino, found.export_id)
    over = row(aino, found.export_id)
    assert (over.code, over.key_sealed, over.lock, over.file_id) == ("fetched", None, None, None) and len(before - in_folder()) == 1


def test_after_a_week_file_and_key_go(aino: Person) -> None:
    found, before = made(aino), in_folder()
    done = row(aino, found.export_id)
    assert done.expires_at is not None and done.finished_at is not None and done.expires_at - done.finished_at == timedelta(days=7)
    export.expire(now=done.expires_at - timedelta(seconds=1))  # others of this folder may go
    assert row(aino, found.export_id).state == State.DONE
    with pytest.raises(NotFound):
        export.download(citizen_id=aino.id, export_id=found.export_id, now=done.expires_at)
    assert export.expire(now=done.expires_at) >= 1
    assert row(aino, found.export_id).code == "run_out" and row(aino, found.export_id).key_sealed is None and before - in_folder()
    export.expire(now=done.expires_at + timedelta(days=31))
    with citizen_scope(aino.id):
        assert not Export.objects.filter(pk=found.export_id).exists()


def test_another_copy_takes_the_place_of_a_finished_one_and_a_day_has_five(aino: Person) -> None:
    first = made(aino)
    second = made(aino)
    assert row(aino, first.export_id).code == "replaced" and second.passphrase and second.passphrase != first.passphrase
    for _ in range(rows.A_DAY - 2):
        export.delete(citizen_id=aino.id, export_id=asked(aino).export_id, now=timezone.now())
    with pytest.raises(export.TooManyExports):
        asked(aino)
    assert export.ask(citizen_id=aino.id, language="fi", now=timezone.now() + timedelta(days=1, seconds=5)).passphrase


def test_a_new_passphrase_opens_and_the_one_before_does_not(aino: Person) -> None:
    found = made(aino)
    new = export.new_passphrase(citizen_id=aino.id, export_id=found.export_id, now=timezone.now())
    page = fetched(aino, found.export_id)
    assert opened(page, new)[:2] == b"PK"
    with pytest.raises(seal.NotOpened, match="wrong"):
        opened(page, found.passphrase)


def test_the_passphrase_is_kept_nowhere(aino: Person, caplog: pytest.LogCaptureFixture) -> None:
    found = made(aino)
    digits = found.passphrase.replace("-", "")
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        stored = str(admin.execute("SELECT to_jsonb(e) FROM exports_export e WHERE id = %s", [found.export_id]).fetchone())
    assert found.passphrase not in stored and digits not in stored
    assert found.passphrase not in caplog.text and found.passphrase not in repr(found)
    assert all(digits.encode() not in path.read_bytes() for path in in_folder())


def test_forget_takes_everything_at_once_and_stops_a_worker(aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    before = in_folder()
    made(aino)
    with citizen_scope(aino.id):
        assert forgetting.forget(citizen_id=aino.id) == 1
    assert in_folder() == before
    from aurora.journeys import _export_write

    real = _export_write._entry

    def meanwhile(*a: Any, **k: Any) -> None:
        connection.cursor().execute("SELECT 1")
        with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
            admin.execute("DELETE FROM exports_export WHERE citizen_id = %s", [aino.id])
        real(*a, **k)

    monkeypatch.setattr(_export_write, "_entry", meanwhile)
    found = asked(aino)
    export.run(export_id=found.export_id)
    with citizen_scope(aino.id):
        assert not Export.objects.exists()
    assert in_folder() == before, "what it had written is gone"


def test_a_file_that_was_changed_or_is_gone_is_not_given_out(aino: Person) -> None:
    def change(path: Path) -> None:
        was = path.read_bytes()
        path.write_bytes(was[:-1] + bytes([was[-1] ^ 1]))

    for spoil in (change, Path.unlink):
        found = made(aino)
        file_id = row(aino, found.export_id).file_id
        assert file_id
        spoil(files.path_of(file_id))
        entries = len(aino.entries())
        with pytest.raises(export.FileGone):
            fetched(aino, found.export_id)
        assert row(aino, found.export_id).code == "lost" and len(aino.entries()) == entries


def test_files_that_no_row_names_are_deleted_when_they_are_old(aino: Person) -> None:
    found = made(aino)
    stray = files.path_of(uuid4())
    stray.write_bytes(b"left")
    assert files.remove_orphans() == 0 and stray.exists(), "somebody may be writing it at this moment"
    for path in in_folder():
        os.utime(path, (1, 1))
    assert files.remove_orphans() >= 1 and not stray.exists()
    assert opened(fetched(aino, found.export_id), found.passphrase)


def test_a_full_disk_is_said_and_leaves_nothing(aino: Person) -> None:
    """By RLIMIT_FSIZE, which fails a write as a full disk does (EFBIG for ENOSPC), in the middle of the file."""
    before, found = in_folder(), asked(aino)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        export.run(export_id=found.export_id)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    over = row(aino, found.export_id)
    assert (over.state, over.code, over.key_sealed) == (State.FAILED, "no_room", None) and in_folder() == before
    assert made(aino).passphrase, "and another may be asked for"


POINTS = ["claimed", "begun", "opened", "read", "written", "finished"]


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_step_is_followed_by_another(aino: Person, point: str) -> None:
    before, found = in_folder(), asked(aino)
    folder = settings.AURORA_EXPORT_FOLDER.parent / "crash"
    folder.mkdir(exist_ok=True)
    (folder / f"export.{point}").touch()
    command = [
        sys.executable,
        "manage.py",
        "shell",
        "-c",
        f"from aurora.journeys import export; from uuid import UUID; export.run(export_id=UUID('{found.export_id}'))",
    ]
    environ = os.environ | {"AURORA_CRASH_POINTS": "1", "AURORA_SANDBOX": "1", "AURORA_EXPORT_DIR": str(settings.AURORA_EXPORT_FOLDER)}
    died = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, start_new_session=True, check=False, timeout=600)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-500:]
    left = row(aino, found.export_id)
    if point == "finished":
        assert left.state == State.DONE and len(in_folder() - before) == 1
        return
    assert left.state == State.RUNNING and left.lease_until and len(in_folder() - before) == (0 if point == "claimed" else 1)
    export.run(export_id=found.export_id)
    assert row(aino, found.export_id).state == State.RUNNING, "its lease is not over"
    with citizen_scope(aino.id):
        Export.objects.filter(pk=found.export_id).update(lease_until=timezone.now())
    assert found.export_id in rows.overdue(now=timezone.now(), most=100)
    export.run(export_id=found.export_id)
    done = row(aino, found.export_id)
    assert done.state == State.DONE and done.attempt == 2 and done.file_id != left.file_id and done.salt != left.salt
    assert len(in_folder() - before) == 1, "half a file is gone"
    assert json.loads(_document(fetched(aino, found.export_id), found.passphrase))["format"] == "aurora-export-2"


def _document(page: bytes, passphrase: str) -> bytes:
    import io
    import zipfile

    return zipfile.ZipFile(io.BytesIO(opened(page, passphrase))).read("export.jsonld")


def test_after_five_deaths_it_has_failed(aino: Person) -> None:
    found = asked(aino)
    with citizen_scope(aino.id):
        Export.objects.filter(pk=found.export_id).update(attempt=rows.MAXIMUM_ATTEMPTS)
    export.run(export_id=found.export_id)
    assert (row(aino, found.export_id).state, row(aino, found.export_id).code) == (State.FAILED, "gave_up")


def test_somebody_elses_entry_in_that_very_moment_only_delays_it(aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    from aurora.journeys import _export_write, own_data

    real = _export_write.mandates.confirm
    calls = []

    def confirm(**given: Any) -> Any:
        # The second is the door's own: its snapshot stands, and its entry is not written yet.
        calls.append(1)
        if len(calls) == 2:
            other = threading.Thread(target=lambda: (own_data.view(citizen_id=aino.id, now=timezone.now()), connection.close()))
            monkeypatch.setattr(_export_write.mandates, "confirm", real)
            other.start()
            other.join()
        return real(**given)

    found = asked(aino)
    monkeypatch.setattr(_export_write.mandates, "confirm", confirm)
    export.run(export_id=found.export_id)
    again = row(aino, found.export_id)
    assert (again.state, again.code, again.file_id) == (State.QUEUED, "busy", None) and again.due_at > timezone.now()
    with citizen_scope(aino.id):
        Export.objects.filter(pk=found.export_id).update(due_at=timezone.now())
    export.run(export_id=found.export_id)
    assert row(aino, found.export_id).state == State.DONE


@pytest.mark.parametrize("column", ["citizen_id", "mandate_id", "language", "requested_at"])
def test_the_service_cannot_make_a_copy_another_s(aino: Person, column: str) -> None:
    from django.db import ProgrammingError, transaction
    from django.db.models import F

    found = asked(aino)
    with citizen_scope(aino.id), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Export.objects.filter(pk=found.export_id).update(**{column: F(column)})
