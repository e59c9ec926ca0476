"""Operators' pages with a row an agency, in a country where each agency has one: every table is cut for itself, no row is lost, and the page keeps its size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.utils import timezone

from aurora.console import paging
from aurora.corrections import across as corrections
from aurora.identity.models import Operator, OperatorRequest
from consent.concerns import across as concerns
from consent.ledger import delays
from consent.ledger.models import DelayPermission
from consent.webhooks import queue
from tests.console.country import MANY, only
from tests.console.officials import official
from tests.support.cast import Cast

LONG = 123_456_789


class Table(NamedTuple):
    page: str
    name: str
    field: str
    rows: int


TABLES = (
    Table("withdrawals", "agencies", "counts", MANY), Table("withdrawals", "troubles", "troubled", 200),
    Table("concerns", "agencies", "counts", MANY), Table("concerns", "late", "late", 200), Table("concerns", "corrections", "corrections", MANY),
    Table("delays", "months", "counts", MANY), Table("delays", "permissions", "permissions", 200),
)  # fmt: skip


@pytest.fixture
def full(country: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database's functions would tell of such a country. They are tested where they are; here it is how it is shown."""
    codes, now = [f"{country}-{number:03}" for number in range(MANY)], timezone.now()
    some = [codes[number % MANY] for number in range(200)]
    late = [concerns.Late(uuid4(), code, "unknown", now - timedelta(days=60), now - timedelta(days=30)) for code in some]
    trouble = [
        queue.Trouble(uuid4(), code, code, "consent.narrowed", "failed", "timeout", 99, now, None, now - timedelta(days=9)) for code in some
    ]
    asked = [
        DelayPermission(pk=uuid4(), agency=code, law="police", reason="x" * 300, state="standing", asked_by=uuid4(), asked_at=now)
        for code in some
    ]
    monkeypatch.setattr(queue, "counts", lambda *, now: [queue.Count(code, code, *[LONG] * 6) for code in codes])
    monkeypatch.setattr(queue, "troubled", lambda *, now, most: trouble[:most])
    monkeypatch.setattr(concerns, "counts", lambda *, now: [concerns.Count(code, *[LONG] * 5) for code in codes])
    monkeypatch.setattr(concerns, "late", lambda *, now, most: late[:most])
    monkeypatch.setattr(corrections, "counts", lambda *, now: [corrections.Count(code, *[LONG] * 5) for code in codes])
    monkeypatch.setattr(delays, "counts", lambda: [delays.Count(code, "police", date(2026, 1, 1), *[LONG] * 6) for code in codes])
    monkeypatch.setattr(delays, "permissions", lambda: asked)


@pytest.fixture
def everybody(cast: Cast) -> Iterator[Browser]:
    """Somebody with every role: no table and no button is hidden."""
    with official(*Operator.Role.values) as one:
        yield one.face


def _get(face: Browser, page: str, query: str = "", language: str = "en") -> Any:
    answer: Any = face.get(f"/{language}/console/{page}/{query}")
    assert answer.status_code == 200
    return answer


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.page}-{table.name}")
def test_every_row_is_met_once_on_the_way_through_a_table(everybody: Browser, table: Table) -> None:
    met, query, turns = 0, "", 0
    while True:
        page = _get(everybody, table.page, query).context["page"]
        way, turns = page.turns[table.name], turns + 1
        met += len(getattr(page, table.field))
        assert way.number == turns and bool(way.previous_url) == (turns > 1)
        if not way.next_url:
            break
        assert way.next_url.endswith(f"#{table.name}")
        query = way.next_url.partition("#")[0]
    assert met == table.rows and turns == way.count > 1


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("page", ["withdrawals", "concerns", "delays"])
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_page_with_every_table_full_keeps_its_size(everybody: Browser, country: str, page: str, language: str) -> None:
    answer = _get(everybody, page, language=language)
    names = re.findall(r'<nav class="govuk-pagination" aria-label="([^"]+)"', answer.content.decode())
    assert len(names) == len(set(names)) == len([table for table in TABLES if table.page == page]), "each way is told from the others"
    assert len(only(country, answer.content.decode())) <= 40_000


def test_operators_and_what_is_asked_of_them_are_cut_too(cast: Cast, everybody: Browser) -> None:
    mark, who = f"q{uuid4().hex[:10]}", f"{'Maximiliana Konstantia ' * 5}"
    some = [
        Operator(username=f"{mark}-{number}-{'x' * 40}", name=f"{mark} {who}{number}"[:120], roles=list(Operator.Role.values))
        for number in range(32)
    ]
    *asked_about, asker, decider = some
    Operator.objects.bulk_create(some)
    State = OperatorRequest.State
    now = timezone.now()
    decided: dict[str, dict[str, Any]] = {State.OPEN: {}, State.DECLINED: {"decided_by": decider.pk, "decided_at": now}}
    OperatorRequest.objects.bulk_create(
        [
            OperatorRequest(kind="give", subject_id=one.pk, roles=["auditor"], reason="x", requested_by=asker.pk, requested_at=now, state=state, **by)
            for state, by in decided.items() for one in asked_about
        ]
    )  # fmt: skip
    for name, field, whom in (("operators", "operators", some), ("open", "open", asked_about), ("decided", "history", asked_about)):
        query, met = "", []
        while True:
            page = _get(everybody, "operators", query).context["page"]
            met += [row.name if name == "operators" else row.about for row in getattr(page, field)]
            if not page.turns[name].next_url:
                break
            query = page.turns[name].next_url.partition("#")[0]
        assert sorted(name for name in met if name.startswith(mark)) == sorted(one.name for one in whom)
    for language in ("fi", "sv", "en"):
        assert len(_get(everybody, "operators", "?operators=2&open=2&decided=2", language).content) <= 40_000


def test_turning_one_table_leaves_the_others_where_they_are() -> None:
    turns = paging.Turns({"a": "2", "b": "3", "c": "x", "d": "9"}, "a", "b", "c")
    assert (list(turns.cut("a", range(25), most=10)), list(turns.cut("b", range(5), most=10))) == ([*range(10, 20)], [*range(5)])
    assert list(turns.cut("c", range(25), most=10)) == [*range(10)] and list(paging.Turns({}, "a").cut("a", [], most=5)) == []
    assert turns.ways["a"].previous_url.startswith("?a=1") and turns.ways["c"].next_url == "?a=2&c=2#c"
    assert (turns.ways["b"].number, turns.ways["b"].next_url, turns.ways["c"].previous_url) == (1, "", "")
