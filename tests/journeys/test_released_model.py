"""The running stack ends with a released model: the hospital trained and registered it by itself, and two operators are written down for it."""

from __future__ import annotations

from typing import Any

import httpx

from aurora.sandbox import http, jose
from aurora.sandbox.as_client import AsClient
from aurora.sandbox.config import Peer
from tests.support.stack import Stack, wait_for


def test_the_hospitals_model_is_released_by_two_without_a_click(stack: Stack) -> None:
    [owner] = stack.demo["model_owners"]
    told = wait_for(lambda: _told(owner) if _told(owner)["state"] == "registered" else None, "the model to be registered", within=120)
    with stack.admin() as admin:
        query = "SELECT state, asked_by, released_by FROM recommender_evaluatorversion WHERE id = %s"
        state, asked_by, released_by = wait_for(
            lambda: next((row for row in admin.execute(query, [told["id"]]) if row[0] != "registered" and row[0] != "asked"), None),
            "it to be released",
            within=60,
        )
        stewards = {row[0] for row in admin.execute("SELECT id FROM identity_operator WHERE 'model_steward' = ANY(roles)")}
    assert state == "released" and asked_by != released_by and {asked_by, released_by} <= stewards


def test_its_owner_sees_what_became_of_it(stack: Stack) -> None:
    """Over the API, with what demo.json tells an integrator."""
    [owner] = stack.demo["model_owners"]
    client = AsClient(Peer(stack.base_url, owner["client_id"], owner["private_jwk"]), jose.new_key())
    url = f"{stack.base_url}/api/v1/evaluators"
    token = client.own_token("evaluators")

    def released() -> list[dict[str, Any]]:
        answer = client.bearing("GET", url, token, lambda headers: http.get(url, headers=headers))
        assert answer.status == 200, answer.body
        return [one for one in answer.body["evaluators"] if one["state"] == "released"]

    first = "joint-surgery-risk"
    one = wait_for(lambda: next((o for o in released() if o["identifier"] == first), None), "the model to be released", within=180)
    assert (one["owner"], one["identifier"], one["version"], one["purpose"]) == ("hospital", "joint-surgery-risk", 1, "surgery-risk")
    page = httpx.get(owner["base_url"], headers={"Accept-Language": "en"}, trust_env=False, timeout=60).text
    assert "Aurora has taken the model" in page and "joint-surgery-risk 1" in page


def test_the_second_model_which_reads_the_first_ones_result_is_released_too(stack: Stack) -> None:
    [owner] = stack.demo["model_owners"]
    query = "SELECT state, contract_json->>'result' FROM recommender_evaluatorversion WHERE identifier = 'hospital-stay'"
    with stack.admin() as admin:
        found = wait_for(
            lambda: next((row for row in admin.execute(query) if row[0] == "released"), None), "the second model to be released", within=240
        )
    assert found[1] == "derived.hospital_stay" and _told(owner)["others"] == ["hospital-stay"]


def _told(owner: dict[str, Any]) -> dict[str, Any]:
    return dict(httpx.get(f"{owner['base_url']}/_sandbox/evaluator", trust_env=False, timeout=60).json())
