"""The list of erasures that is kept outside the database: a line is there whole or not at all, and what is broken is told."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from aurora.erasures import outside
from aurora.journeys import erase_again
from tests.support.services import ROOT

NOW = timezone.now()
WHO = uuid4()
NAIVE = '{"at": "2026-11-27T10:00:00", "citizen": "x", "what": "gone", "code": ""}'
GOME = '{"at": "2026-11-27T10:00:00+00:00", "citizen": "x", "what": "gome", "code": ""}'
# A disk that has room for half a line more; the kernel's signal for it is left to us as an error, as a full disk's is.
FULL = """
import resource, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID
from aurora.erasures import outside
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path(sys.argv[1])
outside.settings = SimpleNamespace(AURORA_ERASED_FILE=path)
room = path.stat().st_size + 40
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    outside.note(citizen_id=UUID(int=2), what="left", now=datetime.now(timezone.utc))
except OSError as error:
    print("refused", error.errno)
"""


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    settings.AURORA_ERASED_FILE = tmp_path / "erased"
    return tmp_path / "erased"


def _note(citizen: UUID, what: str = outside.LEFT, code: str = "", *, ago: timedelta = timedelta()) -> None:
    outside.note(citizen_id=citizen, what=what, code=code, now=NOW - ago)


def _who(path: Path) -> list[str]:
    return [line.citizen for line in outside.read([path])[0]]


def test_a_disk_that_fills_amid_a_line_leaves_the_list_as_it_was(kept: Path) -> None:
    first, third = uuid4(), uuid4()
    _note(first, ago=timedelta(minutes=1))
    before = kept.read_bytes()
    said = subprocess.run([sys.executable, "-c", FULL, str(kept)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert said.stdout.startswith("refused"), said.stderr
    assert kept.read_bytes() == before
    _note(third)
    assert _who(kept) == [outside.digest(first), outside.digest(third)] and outside.read([kept])[1] == []


@pytest.mark.parametrize(
    "torn", ['{"at": "2026-11-', '{"at": "2026-11-27T10:00:00+00:00"}', "\x00\x00\x00", "[1]", '"word"', "null", NAIVE, GOME]
)
def test_what_a_death_left_costs_no_line_after_it_and_is_told(kept: Path, torn: str) -> None:
    first, second = uuid4(), uuid4()
    _note(first, ago=timedelta(minutes=1))
    with kept.open("a") as file:
        file.write(torn)
    _note(second)
    lines, broken = outside.read([kept])
    assert [line.citizen for line in lines] == [outside.digest(first), outside.digest(second)]
    assert broken == [f"line 2 of {kept}"]


def test_each_line_is_json_and_names_nobody(kept: Path) -> None:
    who = uuid4()
    _note(who, outside.GONE)
    [text] = kept.read_text().splitlines()
    assert json.loads(text)["what"] == "gone" and str(who) not in text and kept.stat().st_mode & 0o077 == 0


def _deeds(kept: Path, *known: outside.Known) -> list[tuple[str, str]]:
    [again] = erase_again.needed(outside.read([kept])[0], {WHO: known}) or [erase_again.Again(WHO, ())]
    return list(again.deeds)


def _row(what: str, code: str = "", *, asked: int, finished: int | None = None, called_off: bool = False) -> outside.Known:
    """A row of an erasure, in hours ago."""
    until = None if finished is None else NOW - timedelta(hours=finished)
    return outside.Known(what, code, NOW - timedelta(hours=asked), until, called_off)


def test_what_the_database_does_not_know_is_erased_again_and_what_it_knows_is_not(kept: Path) -> None:
    _note(WHO, "source", "tax", ago=timedelta(hours=30))
    _note(WHO, "category", "tax.income", ago=timedelta(hours=20))
    _note(uuid4(), "category", "tax.wealth", ago=timedelta(hours=20))
    assert _deeds(kept, _row("source", "tax", asked=31, finished=29)) == [("category", "tax.income")]
    assert _deeds(kept, _row("source", "tax", asked=31, finished=29), _row("category", "tax.income", asked=20, finished=20)) == []
    others = (_row("category", "tax", asked=31, finished=29), _row("source", "tax.income", asked=21, finished=19))
    assert _deeds(kept, *others) == [("source", "tax"), ("category", "tax.income")], "of the same scope and code"


def test_an_erasure_of_the_same_before_or_after_it_is_another(kept: Path) -> None:
    """So a database that was set back is caught, whatever has run on it since."""
    _note(WHO, "source", "tax", ago=timedelta(hours=30))
    _note(WHO, "source", "tax", ago=timedelta(hours=30))  # a worker that died after the line has written it anew
    assert _deeds(kept, _row("source", "tax", asked=40, finished=31), _row("source", "tax", asked=2, finished=1)) == [("source", "tax")]


def test_clocks_of_two_hosts_may_differ(kept: Path) -> None:
    _note(WHO, "source", "tax", ago=timedelta(hours=30, seconds=20))
    assert _deeds(kept, _row("source", "tax", asked=30, finished=29)) == []


def test_who_is_gone_is_gone_whatever_the_database_says(kept: Path) -> None:
    _note(WHO, "source", "tax", ago=timedelta(hours=900))
    _note(WHO, outside.LEFT, ago=timedelta(hours=800))
    _note(WHO, outside.GONE, ago=timedelta(hours=10))
    assert _deeds(kept, _row("everything", asked=800, finished=10)) == [("gone", "")]


def test_who_stays_or_leaves_anew_does_so_again(kept: Path) -> None:
    waits, stays = _row("everything", asked=50), _row("everything", asked=50, finished=40, called_off=True)
    _note(WHO, outside.LEFT, ago=timedelta(hours=50))
    assert (_deeds(kept), _deeds(kept, waits)) == ([("left", "")], [])
    _note(WHO, outside.STAYED, ago=timedelta(hours=40))
    assert (_deeds(kept), _deeds(kept, waits), _deeds(kept, stays)) == ([("left", ""), ("stayed", "")], [("stayed", "")], [])
    _note(WHO, outside.LEFT, ago=timedelta(hours=30))
    assert _deeds(kept, waits) == [("stayed", ""), ("left", "")], "thirty days from then, not from the first time"
    assert _deeds(kept, stays) == [("left", "")]
    assert (
        erase_again.Again(WHO, (("stayed", ""), ("left", ""))).leaves and not erase_again.Again(WHO, (("left", ""), ("stayed", ""))).leaves
    )
