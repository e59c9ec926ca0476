"""A test notice: signed, sent once by the worker through the egress guard, shown with what came of it; verified by the programs that the pages print."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import ping_client
from aurora.journeys.officers import NotAnOfficer
from aurora.sandbox import jose
from aurora.ui.developers import samples
from consent.oauth.models import Client
from consent.webhooks import keys, pings
from consent.webhooks.models import Ping
from tests.developers.test_sandbox_clients import EVENTS, made, opened
from tests.interop.peer import EXAMPLE, node
from tests.support.cast import Cast, browser


class Receiver(HTTPServer):
    """An agency's server: keeps what comes, answers `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.came = status, list[tuple[dict[str, str], bytes]]()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/notices"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append(({name.lower(): value for name, value in self.headers.items()}, body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        if self.server.status in (301, 302):  # type: ignore[attr-defined]
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *unused: Any) -> None:
        return


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    server = Receiver(getattr(request, "param", 204))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def asked(address: str) -> tuple[Any, Any, Ping]:
    """The page of a fresh client, its browser, and a ping that it asked for by the button."""
    page = made(jose.new_key(), notice_uri=address)
    face = opened(page.secret)
    assert face.post(EVENTS, {"deed": "ping"}).status_code == 302
    return page, face, Ping.objects.get(client__client_id=page.client_id)


def test_the_button_sends_a_signed_ping_and_the_page_says_what_came_of_it(cast: Cast, receiver: Receiver) -> None:
    page, face, row = asked(receiver.address)
    assert row.state == "pending" and receiver.came == [], "the worker sends it, not the web"
    ping_client.run(ping_id=row.pk)
    ((headers, body),) = receiver.came
    row.refresh_from_db()
    assert (row.state, row.status, row.error) == ("delivered", 204, "") and row.took_ms is not None
    told = json.loads(body)
    assert told["type"] == "ping" and told["data"] == {"event_id": str(row.pk), "client_id": page.client_id}
    assert row.sent == {name: headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    text = face.get(EVENTS).content.decode()
    assert "Taken" in text and headers["webhook-signature"] in text.replace("&#x3D;", "=").replace("&#x2B;", "+")
    ping_client.run(ping_id=row.pk)
    assert len(receiver.came) == 1, "a message that comes twice sends nothing twice"


@pytest.mark.parametrize(
    ("receiver", "error"),
    [(400, "refused"), (410, "gone"), (500, "receiver_failed"), (302, "redirected"), (429, "too_many_requests")],
    indirect=["receiver"],
)
def test_what_was_wrong_is_said(cast: Cast, receiver: Receiver, error: str) -> None:
    _, face, row = asked(receiver.address)
    ping_client.run(ping_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.error, row.status) == ("failed", error, receiver.status) and len(receiver.came) == 1
    assert "Not taken" in face.get(EVENTS).content.decode()


def test_a_server_that_is_down_and_an_address_that_leads_inside_are_told_apart(cast: Cast) -> None:
    _, _, down = asked("http://127.0.0.1:9/notices")
    ping_client.run(ping_id=down.pk)
    _, _, inside = asked("http://127.0.0.1:9/notices")
    # Past the rules of registration: what a name may come to lead to is the guard's to refuse.
    Client.objects.filter(pk=inside.client_id).update(notice_uri="https://10.0.0.1/notices")
    ping_client.run(ping_id=inside.pk)
    for row in (down, inside):
        row.refresh_from_db()
    assert (down.error, inside.error) == ("receiver_down", "address_refused") and inside.status is None


def test_one_is_under_way_at_a_time_and_so_many_a_minute(cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping_client, "A_MINUTE", 2)
    _, face, row = asked(receiver.address)
    assert face.post(EVENTS, {"deed": "ping"}).status_code == 409
    ping_client.run(ping_id=row.pk)
    assert face.post(EVENTS, {"deed": "ping"}).status_code == 429
    assert Ping.objects.filter(client=row.client).count() == 1


def test_a_ping_whose_worker_died_is_found_and_given_up_in_the_end(cast: Cast, receiver: Receiver) -> None:
    _, _, row = asked(receiver.address)
    now = timezone.now()
    for _ in range(pings.MOST_ATTEMPTS):
        assert row.pk in pings.due(now=now, most=1000) and pings.claim(ping_id=row.pk, now=now)
        assert row.pk not in pings.due(now=now, most=1000) and pings.claim(ping_id=row.pk, now=now) is None
        now += pings.LEASE + timedelta(seconds=1)
    assert pings.claim(ping_id=row.pk, now=now) is None
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "gave_up") and receiver.came == []


def test_they_are_kept_a_week(cast: Cast, receiver: Receiver) -> None:
    _, _, row = asked(receiver.address)
    ping_client.run(ping_id=row.pk)
    pings.purge(now=timezone.now() + timedelta(days=6))
    assert Ping.objects.filter(pk=row.pk).exists()
    pings.purge(now=timezone.now() + timedelta(days=8))
    assert not Ping.objects.filter(pk=row.pk).exists()


def test_an_officer_sends_one_from_the_console_and_no_other_operator(cast: Cast, receiver: Receiver) -> None:
    page = made(jose.new_key(), notice_uri=receiver.address)
    path = f"/en/console/clients/{page.client_id}/pings/"
    face = cast.operator_browser()
    assert path in face.get(f"/en/console/agencies/{page.client_id}/").content.decode()
    assert face.post(path).status_code == 302
    row = Ping.objects.get(client__client_id=page.client_id)
    ping_client.run(ping_id=row.pk)
    assert row.asked_by == Operator.objects.get(username="olavi").pk and "Taken" in face.get(path).content.decode()
    steward = Operator.objects.create(username=f"s-{uuid4().hex[:6]}", name="S", roles=["model_steward"], password="!")
    left = Operator.objects.create(username=f"s-{uuid4().hex[:6]}", name="S", roles=["agency_officer"], password="!")
    Operator.objects.filter(pk=left.pk).update(is_active=False)  # since the request has loaded them
    for nobody in (steward, left):
        with pytest.raises(NotAnOfficer):
            ping_client.ask(client_id=page.client_id, operator=nobody, now=timezone.now())
    assert browser().post(path).status_code == 302, "to sign in"
    assert Ping.objects.filter(client__client_id=page.client_id).count() == 1


def _signed(receiver: Receiver) -> tuple[dict[str, str], bytes]:
    _, _, row = asked(receiver.address)
    ping_client.run(ping_id=row.pk)
    return receiver.came[-1]


def test_the_python_of_the_page_verifies_it_and_nothing_else(cast: Cast, receiver: Receiver) -> None:
    headers, body = _signed(receiver)
    space: dict[str, Any] = {}
    exec(samples.PYTHON, space)
    judge, known = space["is_from_aurora"], keys.published()["keys"]
    assert judge(headers, body, known)
    assert not judge(headers, body + b" ", known) and not judge({**headers, "webhook-id": "x"}, body, known)
    assert not judge({**headers, "webhook-timestamp": str(int(time.time()) - 400)}, body, known) and not judge(headers, body, [])


@pytest.mark.parametrize("source", ["page", "client"])
def test_so_do_the_javascript_of_the_page_and_the_example_client(cast: Cast, receiver: Receiver, source: str, tmp_path: Path) -> None:
    headers, body = _signed(receiver)
    module = tmp_path / "verify.mjs"
    module.write_text(samples.JAVASCRIPT)
    imported = (
        f"import {{ isFromAurora as judge }} from '{module}';" if source == "page" else "import { isSigned as judge } from './notices.mjs';"
    )
    program = (
        f"{imported} const [h, b, k] = JSON.parse(process.argv[1]); const body = Buffer.from(b);"
        "console.log(judge(h, body, k), judge(h, Buffer.from(b + ' '), k), judge({...h, 'webhook-id': 'x'}, body, k), judge(h, body, []));"
    )
    told = json.dumps([headers, body.decode(), keys.published()["keys"]])
    done = subprocess.run(
        [node(), "--input-type=module", "-e", program, told], cwd=EXAMPLE, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout.split() == ["true", "false", "false", "false"], done.stderr
