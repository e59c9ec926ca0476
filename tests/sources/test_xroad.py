"""Over X-Road (PR-REST 1.0): who asks and what for stands in headers, an answer is the one to this message, and an error of X-Road is one of ours."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from asking import FACTS, INVALID, SCHEMAS, answer, refusal, said, unchanged

from aurora.sources.connectors import Mark, xroad
from aurora.sources.connectors.declared import SettingsWrong
from consent.models import DataCategoryVersion
from tests.support.hostile_peer import Answer as Says
from tests.support.hostile_peer import Peer
from tests.support.hostile_peer import answer as http

CLIENT, SERVICE = "FI/GOV/1000001-1/aurora portal", "FI/GOV/2000002-2/tax/citizen-data"
PATH = "/r1/FI/GOV/2000002-2/tax/citizen-data/data/tax.income"
HASH = base64.b64encode(hashlib.sha512(b"request").digest()).decode()


def declared(peer: Peer, **changes: Any) -> dict[str, Any]:
    return {"xroad": {"security_server": peer.url, "client": CLIENT, "service": SERVICE} | changes}


def carried(body: Any = None, status: int = 200, headers: dict[str, str | None] | None = None, **own: str) -> Says:
    """As a security server answers; a header of None is left out."""

    def send(handler: Any) -> None:
        usual: dict[str, str | None] = {
            "X-Road-Client": handler.headers["X-Road-Client"],
            "X-Road-Service": SERVICE,
            "X-Road-Id": handler.headers["X-Road-Id"],
            "X-Road-Request-Id": str(uuid.uuid4()),
            "X-Road-Request-Hash": HASH,
        }
        kept = {name: value for name, value in (usual | (headers or {})).items() if value is not None}
        http(said() if body is None else body, status, **own, **kept)(handler)

    return send


def test_a_question_says_who_asks_and_nothing_of_whom(peer: Peer) -> None:
    peer.answers[PATH] = carried()
    found = answer(peer, xroad.fetch, settings=declared(peer))
    assert found.facts == FACTS and not found.attested
    [request] = peer.seen
    assert request.path == PATH and request.headers["authorization"] == "Bearer token-1"
    assert request.headers["x-road-client"] == "FI/GOV/1000001-1/aurora%20portal"
    assert uuid.UUID(request.headers["x-road-id"]).version == 4
    assert {name for name in request.headers if name.startswith("x-road")} == {"x-road-client", "x-road-id"}


def test_what_an_operator_declares_beside_is_sent(peer: Peer) -> None:
    peer.answers[PATH] = carried()
    beside = {"server": "FI/GOV/1000001-1/ss1", "user_id": "FIaurora-1", "represented_party": "GOV/3000003-3", "issue": "aurora/7"}
    answer(peer, xroad.fetch, settings=declared(peer, **beside))
    sent = peer.seen[-1].headers
    assert sent["x-road-security-server"] == "FI/GOV/1000001-1/ss1" and sent["x-road-userid"] == "FIaurora-1"
    assert sent["x-road-represented-party"] == "GOV/3000003-3" and sent["x-road-issue"] == "aurora/7"


def test_each_message_has_a_name_of_its_own(peer: Peer) -> None:
    peer.answers[PATH] = carried(said(facts={"wages": 1}), Link='<?page=2>; rel="next"')
    peer.answers[f"{PATH}?page=2"] = carried(said(facts={"interest": 2}))
    assert answer(peer, xroad.fetch, settings=declared(peer)).facts == {"wages": 1, "interest": 2}
    assert len({request.headers["x-road-id"] for request in peer.seen}) == 2


@pytest.mark.parametrize(
    "target",
    [
        "/r1/FI/GOV/2000002-2/tax/citizen-data/data/tax.housing",
        "/r1/FI/GOV/9999999-9/other/service/data/tax.income?page=2",
        "../data/../../other?page=2",
        "/listClients",
        "https://tax.example/data/tax.income?page=2",
    ],
)
def test_no_link_leads_to_another_service_with_the_citizens_token(peer: Peer, target: str) -> None:
    peer.answers[PATH] = carried(Link=f'<{target}>; rel="next"')
    assert refusal(peer, xroad.fetch, settings=declared(peer)) == INVALID
    assert len(peer.seen) == 1


def test_marks_go_through(peer: Peer) -> None:
    peer.answers[PATH] = carried(ETag='"a"')
    mark = answer(peer, xroad.fetch, settings=declared(peer)).mark
    assert mark == Mark(etag='"a"')
    peer.answers[PATH] = carried(b"", 304)
    assert unchanged(peer, xroad.fetch, settings=declared(peer), since=mark).mark == mark


NOT_OURS: dict[str, dict[str, str | None]] = {
    "to another client": {"X-Road-Client": "FI/GOV/5000005-5/other"},
    "to no client": {"X-Road-Client": None},
    "of another service": {"X-Road-Service": "FI/GOV/2000002-2/tax/other"},
    "of no service": {"X-Road-Service": None},
    "to another message": {"X-Road-Id": str(uuid.uuid4())},
    "to no message": {"X-Road-Id": None},
    "without the request's id": {"X-Road-Request-Id": None},
    "with a request's id that is none": {"X-Road-Request-Id": "42"},
    "without the request's hash": {"X-Road-Request-Hash": None},
    "with a short hash": {"X-Road-Request-Hash": "AAAA"},
    "with a hash that is none": {"X-Road-Request-Hash": "4c519cf0-0e5e-4ccf-b72b-8ed6fe289e6e"},
}


@pytest.mark.parametrize("headers", NOT_OURS.values(), ids=NOT_OURS.keys())
@pytest.mark.parametrize("status", [200, 401, 304])
def test_an_answer_that_no_security_server_gave_to_this_message_is_none(peer: Peer, headers: dict[str, str | None], status: int) -> None:
    peer.answers[PATH] = carried(headers=headers, status=status)
    assert refusal(peer, xroad.fetch, settings=declared(peer), since=Mark(etag='"a"')) == INVALID


def test_one_answer_is_not_taken_for_two_pages(peer: Peer) -> None:
    same = {"X-Road-Request-Id": str(uuid.uuid4())}
    peer.answers[PATH] = carried(said(facts={"wages": 1}), headers=dict(same), Link='<?page=2>; rel="next"')
    peer.answers[f"{PATH}?page=2"] = carried(said(facts={"interest": 2}), headers=dict(same))
    assert refusal(peer, xroad.fetch, settings=declared(peer)) == INVALID


ERRORS = {
    "Server.ServerProxy.AccessDenied": ("oauth_error", False),
    "server.server_proxy.access_denied": ("oauth_error", False),
    "Client.BadRequest": ("oauth_error", False),
    "Server.ClientProxy.UnknownMember": ("oauth_error", False),
    "Server.ServerProxy.UnknownService": ("oauth_error", False),
    "Server.ServerProxy.ServiceFailed.InvalidContentType": ("source_down", True),
    "Server.ServerProxy.ServiceDisabled": ("source_down", True),
    "Server.ServerProxy.NetworkError": ("source_down", True),
    "Server.ServerProxy.DatabaseError": ("source_down", True),
    "Server.ClientProxy.OutdatedGlobalConf": ("source_down", True),
    "Something.New": ("source_down", True),
    "<script>": INVALID,
}


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("status", [200, 401, 500])
def test_an_error_of_x_road_is_one_of_ours(peer: Peer, kind: str, status: int) -> None:
    body = {"type": kind, "message": "S000123-Y is not known at 10.1.2.3", "detail": str(uuid.uuid4())}
    peer.answers[PATH] = http(body, status, X_Road_Error=kind)
    assert refusal(peer, xroad.fetch, settings=declared(peer)) == ERRORS[kind]


@pytest.mark.parametrize(
    ("status", "found"),
    [(401, ("revoked", False)), (404, INVALID), (429, ("too_many_requests", True)), (503, ("source_down", True)), (302, INVALID)],
)
def test_an_error_of_the_source_goes_through(peer: Peer, status: int, found: tuple[str, bool]) -> None:
    peer.answers[PATH] = carried({}, status)
    assert refusal(peer, xroad.fetch, settings=declared(peer)) == found


@pytest.mark.parametrize(("status", "found"), [(429, ("too_many_requests", True)), (502, ("source_down", True))])
def test_what_stands_before_the_security_server_may_be_busy_or_down(peer: Peer, status: int, found: tuple[str, bool]) -> None:
    peer.answers[PATH] = http(b"<html>", status)
    assert refusal(peer, xroad.fetch, settings=declared(peer)) == found


MAPPING: dict[str, Any] = {
    "subject": "/id",
    "observed_at": {"at": "/at"},
    "categories": {"tax.income": {"version": 1, "name": "income", "facts": {"wages": {"at": "/pay", "as": "integer"}}}},
}


def test_an_agencys_own_json_is_mapped_on_this_way_too(peer: Peer) -> None:
    peer.answers["/r1/FI/GOV/2000002-2/tax/citizen-data/v2/income/mine"] = carried(
        {"id": "S000123-Y", "at": said()["observed_at"], "pay": 7}
    )
    settings = declared(peer, path="/v2/{category}/mine") | {"mapping": MAPPING}
    assert answer(peer, xroad.fetch, settings=settings).facts == {"wages": 7}


def check(whole: dict[str, Any]) -> None:
    xroad.check(whole, {"tax.income": DataCategoryVersion(category_id="tax.income", version=1, schema=SCHEMAS["tax.income"])})


RIGHT: dict[str, Any] = {"xroad": {"security_server": "https://ss.example:8443", "client": CLIENT, "service": SERVICE}, "mapping": MAPPING}


def test_a_right_declaration_is_taken() -> None:
    check(RIGHT)
    check(
        {"xroad": RIGHT["xroad"] | {"client": "FI/GOV/1000001-1", "path": "", "server": "FI/GOV/1/ss", "user_id": "EE1"}, "signature": {}}
    )


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "nothing of X-Road": (lambda whole: whole.pop("xroad"), "'xroad' is a required property"),
    "no service": (lambda whole: whole["xroad"].pop("service"), "settings/xroad: 'service'"),
    "a service without code": (lambda whole: whole["xroad"].update(service="FI/GOV/2000002-2"), "settings/xroad/service"),
    "a service with steps upwards": (lambda whole: whole["xroad"].update(service="FI/GOV/../tax/x"), "settings/xroad/service"),
    "an identifier encoded already": (lambda whole: whole["xroad"].update(client="FI/GOV/1%2F2/x"), "settings/xroad/client"),
    "a security server with a path": (
        lambda whole: whole["xroad"].update(security_server="https://ss.example/r1"),
        "settings/xroad/security_server",
    ),
    "a path with a query": (lambda whole: whole["xroad"].update(path="/data?x={category}"), "settings/xroad/path"),
    "a user that is nobody's": (lambda whole: whole["xroad"].update(user_id="12345"), "settings/xroad/user_id"),
    "a mapping that is wrong": (lambda whole: whole["mapping"].pop("subject"), "settings/mapping: 'subject'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_declaration_is_refused_with_its_place(name: str) -> None:
    change, sentence = WRONG[name]
    whole = deepcopy(RIGHT)
    change(whole)
    with pytest.raises(SettingsWrong) as wrong:
        check(whole)
    assert sentence in str(wrong.value)
