"""The demo's operators: passwords and what the database keeps of them are made once, however often the demo is started."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import hashers

from aurora import demo
from aurora.identity.models import Operator
from aurora.management.commands import seed_demo


def _no_digest(*_: Any, **__: Any) -> Any:
    raise AssertionError("a slow digest was made")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "operators.json"


def test_a_digest_is_kept_beside_the_password_and_told_to_nobody(file: Path) -> None:
    made = demo.operators(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for one in made:
        assert hashers.check_password(one.password, one.password_digest)
        assert set(one.described()) == {"username", "name", "roles", "password", "totp_secret"}
        assert one.password_digest not in repr(one)


def test_the_next_start_makes_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = demo.operators(file)
    monkeypatch.setattr(hashers, "make_password", _no_digest)
    assert demo.operators(file) == made


def test_a_file_from_before_there_were_digests_keeps_its_passwords(file: Path) -> None:
    made = demo.operators(file)
    file.write_text(json.dumps([one.described() for one in made]))
    again = demo.operators(file)
    assert [one.described() for one in again] == [one.described() for one in made]
    assert all(hashers.check_password(one.password, one.password_digest) for one in again)
    assert demo.operators(file) == again


@pytest.mark.django_db
def test_a_digest_is_taken_as_it_is_and_gives_back_a_password_that_was_changed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, *_ = demo.operators(file)
    monkeypatch.setattr(seed_demo, "make_password", _no_digest)
    monkeypatch.setattr(seed_demo, "check_password", _no_digest)
    seed_demo._operator(asdict(one))
    row = Operator.objects.get(username=one.username)
    assert row.password == one.password_digest
    row.password = "of the operator's own choice"
    row.save()
    seed_demo._operator(asdict(one))
    row.refresh_from_db()
    assert row.password == one.password_digest


@pytest.mark.django_db
def test_without_a_digest_a_password_is_compared_and_set_anew_where_it_differs() -> None:
    wanted = {"username": "olli", "name": "Olli", "roles": ["operations"], "password": "correct horse battery staple"}
    seed_demo._operator(wanted)
    first = Operator.objects.get(username="olli").password
    assert hashers.check_password(wanted["password"], first)
    seed_demo._operator(wanted)
    assert Operator.objects.get(username="olli").password == first
    seed_demo._operator({**wanted, "password": "another"})
    assert hashers.check_password("another", Operator.objects.get(username="olli").password)
