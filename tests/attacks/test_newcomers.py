"""Strangers without a session cannot fill the session table, the e-ID or the threads of the web service."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

from django.db import connections
from django.utils import timezone

from aurora.identity.models import Session
from aurora.identity.session_store import name_of
from tests.attacks import odd
from tests.attacks.conftest import PUSHED
from tests.support.cast import Cast, browser
from tests.support.hostile_peer import Peer, answer
from tests.support.stack import wait_for

SIGN_IN = "/en/sign-in/"


def test_an_address_begins_so_many_sign_ins_a_minute(cast: Cast, eid_of_ours: Peer, settings: Any) -> None:
    settings.AURORA_SIGN_INS_A_MINUTE = 5
    before = Session.objects.count()
    answers = [browser().get(SIGN_IN) for _ in range(12)]  # more than two minutes' worth: one may begin meanwhile
    refused = [a for a in answers if a.status_code == 429]
    begun = len(answers) - len(refused)
    assert {a.status_code for a in answers} == {302, 429} and 5 <= begun <= 10
    assert Session.objects.count() - before == begun == len(eid_of_ours.asked("/par")), "who is refused costs nothing"
    for one in refused:
        odd.check(one, cast.secrets(), what="too many")
        assert 1 <= int(one["Retry-After"]) <= 60 and b"au-main" in one.content and b"too often from your network" in one.content


def test_behind_a_proxy_others_may_still_begin(cast: Cast, eid_of_ours: Peer, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.AURORA_SIGN_INS_A_MINUTE = 2
    flood = [browser(HTTP_X_FORWARDED_FOR=f"192.0.2.{n}, 203.0.113.66").get(SIGN_IN).status_code for n in range(6)]
    assert 429 in flood
    assert browser(HTTP_X_FORWARDED_FOR="198.51.100.1").get(SIGN_IN).status_code == 302


def test_what_a_stranger_leaves_is_small_and_short(cast: Cast, eid_of_ours: Peer) -> None:
    face = browser()
    face.get(SIGN_IN, {"next": "/en/" + "x" * 600})
    assert face.session["sign-in-errand"]["next"] == ""
    row = Session.objects.get(pk=name_of(face.session.session_key))
    assert row.expire_date <= timezone.now() + timedelta(minutes=30) and len(row.session_data) < 1000


def test_a_slow_eid_holds_two_threads_of_a_process(cast: Cast, eid_of_ours: Peer) -> None:
    go_on = Event()

    def slowly(handler: Any) -> None:
        assert go_on.wait(timeout=120)
        answer(PUSHED, 201)(handler)

    def begin() -> int:
        try:
            return int(browser().get(SIGN_IN).status_code)
        finally:
            connections.close_all()

    eid_of_ours.answers["/par"] = slowly
    with ThreadPoolExecutor(2) as pool:
        try:
            waiting = [pool.submit(begin) for _ in range(2)]
            wait_for(lambda: len(eid_of_ours.asked("/par")) == 2, "both to wait for the e-ID")
            third = browser().get(SIGN_IN)
        finally:
            go_on.set()
        assert third.status_code == 503 and int(third["Retry-After"]) > 0
        assert b"Many people are signing in" in third.content and len(eid_of_ours.asked("/par")) == 2
        assert [one.result() for one in waiting] == [302, 302]
    assert browser().get(SIGN_IN).status_code == 302
