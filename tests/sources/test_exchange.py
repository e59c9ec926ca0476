"""Marks, pages and increments: the whole answer is taken, once, or nothing is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from asking import FACTS, INVALID, OBSERVED, PATH, answer, refusal, said, unchanged

from aurora.outbound.oauth import PeerFailed
from aurora.sources.connectors import Mark, exchange
from tests.support.hostile_peer import Peer
from tests.support.hostile_peer import answer as http

ETAG = '"a1b2"'


# Conditional requests


def test_an_etag_is_sent_back_and_no_news_is_no_answer(peer: Peer) -> None:
    peer.says(PATH, said(), ETag=ETAG)
    first = answer(peer)
    assert first.mark == Mark(etag=ETAG) and "if-none-match" not in peer.seen[-1].headers
    peer.says(PATH, b"", 304)
    assert unchanged(peer, since=first.mark).mark == first.mark
    assert peer.seen[-1].headers["if-none-match"] == ETAG


def test_no_news_is_none_where_nothing_was_asked_since(peer: Peer) -> None:
    peer.says(PATH, b"", 304)
    assert refusal(peer) == INVALID


@pytest.mark.parametrize("etag", ["unquoted", '"' + "x" * 300 + '"', '"a b"', '"ä"', '"', "W/x", "*"])
def test_an_etag_that_could_not_be_sent_back_is_none(peer: Peer, etag: str) -> None:
    peer.answers[PATH] = http(said(), ETag=etag)
    assert answer(peer).mark == Mark()


# Pages


def pages(peer: Peer, *parts: dict[str, Any], link: str = '<?page={}>; rel="next"', **headers: str) -> None:
    """A page a part: `facts` and what else is another than on a right page."""
    for number, part in enumerate(parts):
        more = {"Link": link.format(number + 1)} if number + 1 < len(parts) else {}
        peer.says(PATH if number == 0 else f"{PATH}?page={number}", said(**part), **headers, **more)


def test_pages_become_one_answer_and_each_shows_that_work_goes_on(peer: Peer) -> None:
    pages(peer, {"facts": {"wages": 1}}, {"facts": {}}, {"facts": {"interest": 2}}, ETag=ETAG)
    turns: list[int] = []
    found = answer(peer, still=lambda: turns.append(len(peer.seen)))
    assert found.facts == {"wages": 1, "interest": 2} and turns == [1, 2]
    assert [request.query for request in peer.seen] == ["", "page=1", "page=2"]
    assert {request.headers["authorization"] for request in peer.seen} == {"Bearer token-1"}
    assert found.mark == Mark(), "the ETag of a page is not that of the answer"


def test_who_must_stop_stops_between_two_pages(peer: Peer) -> None:
    pages(peer, {"facts": {"wages": 1}}, {"facts": {"interest": 2}})

    def lost() -> None:
        raise PeerFailed("lease_lost", retryable=False)

    assert refusal(peer, still=lost) == ("lease_lost", False)
    assert len(peer.seen) == 1


WRONG_PAGES: dict[str, list[dict[str, Any]]] = {
    "of another citizen": [{"facts": {"wages": 1}}, {"facts": {"interest": 2}, "subject": {"national_id": "S000999-0"}}],
    "of another category": [{"facts": {"wages": 1}}, {"facts": {"interest": 2}, "category": "tax.housing"}],
    "of another time": [{"facts": {"wages": 1}}, {"facts": {"interest": 2}, "observed_at": "2026-01-01T00:00:00Z"}],
    "of another year": [{"facts": {"wages": 1}}, {"facts": {"interest": 2}, "valid_to": None}],
    "with a fact said twice": [{"facts": {"wages": 1}}, {"facts": {"wages": 1}}],
    "with a fact unheard of": [{"facts": {"wages": 1}}, {"facts": {"wealth": 1}}],
    "without facts at all": [{"facts": {}}, {"facts": {}}],
    "that turn into an increment": [{"facts": {"wages": 1}}, {"facts": {"interest": 1}, "since": "c1", "gone": []}],
    "that break off": [{"facts": {"wages": 1}}, {"facts": ...}],
}


@pytest.mark.parametrize("parts", WRONG_PAGES.values(), ids=WRONG_PAGES.keys())
def test_pages_that_do_not_fit_together_are_no_answer(peer: Peer, parts: list[dict[str, Any]]) -> None:
    pages(peer, *parts)
    assert refusal(peer) == INVALID


@pytest.mark.parametrize(
    "link",
    [
        f'<{PATH}>; rel="next"',
        '<>; rel="next"',
        '<#more>; rel="next"',
        '<https://elsewhere.example/data/tax.income?page=2>; rel="next"',
        '<//elsewhere.example/data>; rel="next"',
        '<javascript:alert(1)>; rel="next"',
        '<http://169.254.169.254/latest>; rel="next"',
        '<http://user@127.0.0.1/x>; rel="next"',
        '<?page=1>; rel="next", <?page=2>; rel="next"',
        '?page=1; rel="next"',
        '<?page=1; rel="next"',
        '<?page=1>; rel="next',
        "<?page=" + "1" * 5000 + '>; rel="next"',
        "<?page=" + "1" * 3000 + '>; rel="next"',
        '<?pa ge=1>; rel="next"',
    ],
)
def test_a_link_elsewhere_back_or_unreadable_is_not_followed(peer: Peer, link: str) -> None:
    peer.says(PATH, said(), Link=link)
    assert refusal(peer) == INVALID
    assert len(peer.seen) == 1


def test_links_of_other_kinds_are_no_pages(peer: Peer) -> None:
    peer.says(PATH, said(), Link='<?page=0>; rel="prev last"; title="a, b", </x>; rel=describedby, <?page=9>; rel=next; anchor="/other"')
    assert answer(peer).facts == FACTS and len(peer.seen) == 1


def test_pages_in_a_ring_are_no_answer(peer: Peer) -> None:
    peer.says(PATH, said(facts={"wages": 1}), Link='<?page=1>; rel="next"')
    peer.says(f"{PATH}?page=1", said(facts={"interest": 1}), Link='<?page=2>; rel="next"')
    peer.says(f"{PATH}?page=2", said(facts={"dividends": 1}), Link='<?page=1>; rel="next"')
    assert refusal(peer) == INVALID
    assert len(peer.seen) == 3


def test_pages_without_end_are_cut_off(peer: Peer) -> None:
    def another(handler: Any) -> None:
        number = int(handler.path.partition("page=")[2] or 0)
        http(said(facts={"wages": 1} if not number else {}), Link=f'<?page={number + 1}>; rel="next"')(handler)

    peer.answers[PATH] = another
    assert refusal(peer) == ("too_large", False)
    assert len(peer.seen) == exchange.MOST_PAGES


def test_pages_that_are_large_together_are_cut_off(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_BYTES", 600)
    pages(peer, *({"facts": {}, "more": "x" * 100} for _ in range(9)))
    assert refusal(peer) == ("too_large", False)
    assert len(peer.seen) < 4


def test_pages_that_take_too_long_together_are_asked_for_later(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "LONGEST_SECONDS", -1.0)
    pages(peer, {"facts": {"wages": 1}}, {"facts": {"interest": 2}})
    assert refusal(peer) == ("timeout", True)


# Since a cursor


def test_a_cursor_is_sent_back_and_an_increment_says_what_changed_and_what_is_gone(peer: Peer) -> None:
    peer.says(PATH, said(cursor="c 1&x"), ETag=ETAG)
    first = answer(peer)
    assert first.gone is None and first.mark == Mark(cursor="c 1&x")
    peer.says(PATH, said(facts={"wages": 5}, gone=["interest"], since="c 1&x", cursor="c2"))
    second = answer(peer, since=first.mark)
    assert peer.seen[-1].query == "since=c+1%26x" and "if-none-match" not in peer.seen[-1].headers
    assert (second.facts, second.gone, second.mark) == ({"wages": 5}, frozenset({"interest"}), Mark(cursor="c2"))


def test_an_increment_may_be_empty_and_still_says_whose_it_is(peer: Peer) -> None:
    peer.says(PATH, said(facts={}, gone=[], since="c1", cursor="c1"))
    found = answer(peer, since=Mark(cursor="c1"))
    assert (found.facts, found.gone, found.national_id, found.mark.cursor) == ({}, frozenset(), "S000123-Y", "c1")


def test_who_knows_the_cursor_no_more_says_everything(peer: Peer) -> None:
    peer.says(PATH, said(cursor="c9"))
    found = answer(peer, since=Mark(cursor="c1"))
    assert found.gone is None and found.facts == FACTS and found.mark.cursor == "c9"


def test_an_increment_in_pages_has_the_last_ones_cursor(peer: Peer) -> None:
    part = {"since": "c1", "cursor": "half-way"}
    pages(peer, {"facts": {"wages": 1}, "gone": ["interest"]} | part, {"facts": {}, "gone": ["dividends"]} | part | {"cursor": "c2"})
    peer.answers[f"{PATH}?since=c1"] = peer.answers[PATH]
    found = answer(peer, since=Mark(cursor="c1"))
    assert found.gone == {"interest", "dividends"} and found.facts == {"wages": 1} and found.mark == Mark(cursor="c2")


WRONG_INCREMENTS: dict[str, dict[str, Any]] = {
    "since another cursor": {"since": "c0", "gone": []},
    "without what is gone": {"since": "c1"},
    "without since when": {"gone": ["interest"]},
    "gone and there": {"since": "c1", "gone": ["wages"]},
    "gone what never was": {"since": "c1", "gone": ["wealth"]},
    "gone twice": {"since": "c1", "gone": ["interest", "interest"], "facts": {}},
    "gone no key": {"since": "c1", "gone": [1]},
    "gone a word": {"since": "c1", "gone": "interest"},
    "since a number": {"since": 1, "gone": []},
    "a cursor that is none": {"cursor": 7},
    "an endless cursor": {"cursor": "c" * 513},
    "a cursor with a line in it": {"cursor": "a\r\nX-Evil: 1"},
}


@pytest.mark.parametrize("change", WRONG_INCREMENTS.values(), ids=WRONG_INCREMENTS.keys())
def test_an_increment_that_does_not_follow_is_no_answer(peer: Peer, change: dict[str, Any]) -> None:
    peer.says(PATH, said(**({"facts": {"wages": 1}} | change)))
    assert refusal(peer, since=Mark(cursor="c1")) == INVALID


def test_an_increment_that_nobody_asked_for_is_no_answer(peer: Peer) -> None:
    peer.says(PATH, said(since="", gone=[]))
    assert refusal(peer) == INVALID
    peer.says(PATH, said(since="c1", gone=[]))
    assert refusal(peer) == INVALID


# Times of single facts


def test_a_fact_may_have_times_of_its_own(peer: Peer) -> None:
    own = {"observed_at": "2026-03-01T10:00:00+02:00", "valid_from": "2026-01-01"}
    peer.says(PATH, said(times={"wages": own}))
    [times] = answer(peer).times.values()
    assert times.observed_at == datetime(2026, 3, 1, 8, tzinfo=UTC) and (times.valid_from, times.valid_to) == (date(2026, 1, 1), None)
    assert answer(peer).observed_at == OBSERVED


@pytest.mark.parametrize(
    "times",
    [
        {"wealth": {"observed_at": "2026-03-01T10:00:00Z"}},
        {"wages": {}},
        {"wages": {"observed_at": "2026-03-01"}},
        {"wages": {"observed_at": "2999-03-01T10:00:00Z"}},
        {"wages": {"observed_at": "2026-03-01T10:00:00Z", "valid_from": "2026-02-02", "valid_to": "2026-02-01"}},
        {"wages": {"observed_at": "2026-03-01T10:00:00Z", "valid_from": "soon"}},
        {"wages": {"observed_at": "2026-03-01T10:00:00Z", "until": "2026-02-01"}},
        {"wages": "2026-03-01T10:00:00Z"},
        [],
    ],
    ids=str,
)
def test_times_that_are_none_are_no_answer(peer: Peer, times: Any) -> None:
    peer.says(PATH, said(times=times))
    assert refusal(peer) == INVALID


def test_numbers_are_sound_however_deep_they_stand() -> None:
    assert exchange.plain({"a": [1.0, {"b": -3.5}]}) == {"a": [1, {"b": -3.5}]} and type(exchange.plain([1.0])[0]) is int
    with pytest.raises(PeerFailed):
        exchange.plain({"a": [{"b": 2**53}]})
