"""Refresh tokens that rotate, for clients that asked for it (RFC 9700, 2.2.2 and 4.14.2; RFC 6749, 10.4); and those that do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from consent.oauth.errors import InvalidToken
from consent.oauth.models import RefreshToken
from consent.scope import citizen_scope


@pytest.fixture
def rotating(office: Any) -> Any:
    office.client.rotate_refresh = True
    office.client.save(update_fields=["rotate_refresh"])
    return office


def dead(office: Any, token: str) -> bool:
    try:
        office.context(token)
    except InvalidToken as error:
        return error.code == "invalid_token"
    return False


def refused(response: Any) -> None:
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant"), response.content


def test_each_refresh_gives_a_new_one_and_uses_the_old_one_up(rotating, tokens_of, aino) -> None:
    first = tokens_of["refresh_token"]
    second = rotating.refresh(first).json()
    third = rotating.refresh(second["refresh_token"]).json()
    assert len({first, second["refresh_token"], third["refresh_token"]}) == 3
    assert rotating.introspect(first) == rotating.introspect(second["refresh_token"]) == {"active": False}
    assert rotating.introspect(third["refresh_token"])["active"] is True
    assert not dead(rotating, tokens_of["access_token"]) and not dead(rotating, third["access_token"])
    with citizen_scope(aino):
        lives = {row.expires_at for row in RefreshToken.objects.filter(citizen_id=aino)}
    assert len(lives) == 1, "a new one lives no longer than the consent"


@pytest.mark.parametrize("place", [0, 1])
def test_who_presents_a_used_one_ends_the_whole_family(rotating, tokens_of, place) -> None:
    """4.14.2: which of the two is the thief cannot be told. Any used one tells, not the newest only."""
    answers = [tokens_of]
    for _ in range(2):
        answers.append(rotating.refresh(answers[-1]["refresh_token"]).json())
    refused(rotating.refresh(answers[place]["refresh_token"]))
    assert all(dead(rotating, one["access_token"]) for one in answers)
    for one in answers:
        refused(rotating.refresh(one["refresh_token"]))
        assert rotating.introspect(one["refresh_token"]) == {"active": False}


def test_a_used_one_in_another_clients_hands_is_a_leak(rotating, rival, tokens_of) -> None:
    fresh = rotating.refresh(tokens_of["refresh_token"]).json()
    refused(rival.refresh(tokens_of["refresh_token"]))
    assert dead(rotating, fresh["access_token"])


def test_an_unused_one_in_another_clients_hands_is_refused_and_lives(rotating, rival, tokens_of) -> None:
    refused(rival.refresh(tokens_of["refresh_token"]))
    assert rotating.refresh(tokens_of["refresh_token"]).status_code == 200


def test_a_refused_refresh_uses_nothing_up(rotating, tokens_of) -> None:
    token = tokens_of["refresh_token"]
    assert rotating.refresh(token, authorization_details="[]").json()["error"] == "invalid_authorization_details"
    assert rotating.refresh(token, scope="x").json()["error"] == "invalid_scope"
    no_proof = rotating.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token}, HTTP_DPOP="")
    assert no_proof.json()["error"] == "invalid_dpop_proof"
    assert rotating.refresh(token).status_code == 200


def test_another_family_of_the_same_citizen_is_not_concerned(rotating, tokens_of, aino, agree, rival) -> None:
    other = rival.redeem(agree(rival, aino).code).json()
    rotating.refresh(tokens_of["refresh_token"])
    refused(rotating.refresh(tokens_of["refresh_token"]))
    assert not dead(rival, other["access_token"]) and rival.refresh(other["refresh_token"]).status_code == 200


def test_of_parallel_refreshes_one_wins_and_the_others_are_reuse(committed, agree) -> None:
    """Real commits: one answer with tokens, and the losers' presentation ends the family, the winner's tokens too."""
    office, aino = committed
    type(office.client).objects.filter(pk=office.client.pk).update(rotate_refresh=True)
    held = office.redeem(agree(office, aino).code).json()
    start = Barrier(3)

    def refresh(_: int) -> Any:
        try:
            start.wait(timeout=60)
            return office.refresh(held["refresh_token"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(refresh, range(3)))
    assert sorted(a.status_code for a in answers) == [200, 400, 400]
    won = next(a for a in answers if a.status_code == 200).json()
    assert dead(office, won["access_token"]) and dead(office, held["access_token"])
    refused(office.refresh(won["refresh_token"]))
    with citizen_scope(aino):
        assert RefreshToken.objects.filter(citizen_id=aino).count() == 2, "no loser made one"


def test_who_did_not_ask_for_it_keeps_one_token(office, tokens_of) -> None:
    """FAPI 2.0, 5.3.2.1."""
    for _ in range(3):
        answer = office.refresh(tokens_of["refresh_token"])
        assert answer.status_code == 200 and "refresh_token" not in answer.json()
