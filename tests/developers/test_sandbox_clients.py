"""A developer's own client in the sandbox: made by the rules of registration, bounded, managed by who has its secret and by nobody else; and a service that is no
sandbox has no such thing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.utils import timezone

from aurora.portal import sandboxed
from aurora.sandbox import jose
from consent.models import Agency
from consent.oauth import sandbox
from consent.oauth.models import Client, ClientDraft, SandboxClient, SandboxRequest
from tests.support.cast import FORM, HOST, Cast, Office, browser
from tests.support.stack import ROOT

CREDENTIALS, EVENTS = "/en/developers/credentials/", "/en/developers/events/"


def public(key: dict[str, str]) -> str:
    return json.dumps({name: value for name, value in key.items() if name != "d"})


@pytest.fixture
def key(cast: Cast) -> dict[str, str]:
    return jose.new_key()


def form(key: dict[str, str], **changes: Any) -> dict[str, Any]:
    return {
        "name": "Try-out",
        "redirect_uri": "http://localhost:9321/back",
        "notice_uri": "http://localhost:9321/notices",
        "jwk": public(key),
        "purposes": ["benefit-application"],
        "categories": ["tax.income"],
        **changes,
    }


def made(key: dict[str, str], **changes: Any) -> Any:
    answer = browser().post(CREDENTIALS, form(key, **changes))
    assert answer.status_code == 201, answer.content
    return answer.context["page"]


def opened(secret: str) -> Browser:
    face = browser()
    assert face.post(EVENTS, {"deed": "open", "secret": secret}).status_code == 302
    return face


def office(cast: Cast, client_id: str, key: dict[str, str]) -> Office:
    return replace(
        cast.office, client_id=client_id, key=key, redirect_uri="http://localhost:9321/back", categories=["tax.income"], http=browser()
    )


def test_a_client_is_made_by_one_form_and_can_ask_at_once(cast: Cast, key: dict[str, str]) -> None:
    page = made(key)
    own = office(cast, page.client_id, key)
    held = own.granted(cast.cecilia)
    assert own.read(held["access_token"], "tax.income").status_code == 200
    row = SandboxClient.objects.get(client__client_id=page.client_id)
    assert row.expires_at - row.created_at == timedelta(days=30)
    history = ClientDraft.objects.get(client_id=page.client_id)
    assert (history.state, history.requested_by, history.reason) == ("approved", None, sandbox.REASON)


@pytest.mark.parametrize(
    ("language", "mark"), [("fi", "kehittäjän testiohjelma"), ("sv", "utvecklares testprogram"), ("en", "a developer&#x27;s test program")]
)
def test_a_citizen_sees_what_it_is_wherever_they_meet_it(cast: Cast, key: dict[str, str], language: str, mark: str) -> None:
    page = made(key, name="Social Insurance")
    own = office(cast, page.client_id, key)
    face = cast.cecilia.browser()
    face.cookies["aurora-language"] = language
    asked = face.get(
        "/oauth/authorize", {"client_id": own.client_id, "request_uri": own.push(), "lang": language}, HTTP_ACCEPT_LANGUAGE=language
    )
    own.granted(cast.cecilia)
    for answer in (asked, face.get(f"/{language}/consents/"), face.get(f"/{language}/activity/")):
        text = answer.content.decode()
        assert "Social Insurance (" in text and mark in text.replace("kehitt&auml;j&auml;n", "kehittäjän"), answer.request["PATH_INFO"]


def test_the_secret_is_shown_once_and_kept_as_a_digest(cast: Cast, key: dict[str, str]) -> None:
    answer = browser().post(CREDENTIALS, form(key))
    secret = answer.context["page"].secret
    assert answer.content.decode().count(secret) == 1 and "no-store" in answer.headers["Cache-Control"]
    face = opened(secret)
    for path in (EVENTS, CREDENTIALS):
        assert secret not in face.get(path).content.decode()
    assert secret not in repr(answer.context["page"])
    assert secret.encode() not in bytes(SandboxClient.objects.get(client__client_id=answer.context["page"].client_id).secret_digest)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("redirect_uri", {"redirect_uri": "http://evil.example/back"}),
        ("redirect_uri", {"redirect_uri": "https://user@evil.example/"}),
        ("redirect_uri", {"redirect_uri": "javascript:alert(1)"}),
        ("notice_uri", {"notice_uri": "https://10.0.0.1/notices"}),
        ("notice_uri", {"notice_uri": "https://169.254.169.254/latest"}),
        ("notice_uri", {"notice_uri": "https://localhost.localdomain.internal/"}),
        ("notice_uri", {"notice_uri": "http://evil.example/"}),
        ("name", {"name": ""}),
        ("name", {"name": "x" * 61}),
        ("name", {"name": "Tax\u202eoffice"}),
        ("purposes", {"purposes": []}),
        ("purposes", {"purposes": ["own-overview"]}),
        ("categories", {"categories": ["hospital.surgery"]}),
        ("categories", {"categories": ["no.such"]}),
        ("jwk", {"jwk": "no json"}),
        ("jwk", {"jwk": "{}"}),
        ("jwk", {"jwk": "[]"}),
        ("jwk", {"jwk": '{"keys": 7}'}),
    ],
)
def test_what_may_not_be_registered_is_refused_at_its_field(cast: Cast, key: dict[str, str], field: str, changes: dict[str, Any]) -> None:
    before = SandboxClient.objects.count(), Client.objects.count(), Agency.objects.count()
    answer = browser().post(CREDENTIALS, form(key, **changes))
    assert answer.status_code == 400 and field in [one.field for one in answer.context["page"].errors]
    assert f'id="{field}-error"' in answer.content.decode()
    assert (SandboxClient.objects.count(), Client.objects.count(), Agency.objects.count()) == before


def test_a_private_key_is_refused_and_does_not_come_back(cast: Cast, key: dict[str, str]) -> None:
    answer = browser().post(CREDENTIALS, form(key, jwk=json.dumps(key)))
    assert answer.status_code == 400 and key["d"] not in answer.content.decode()


def test_another_developers_client_is_not_reached(cast: Cast, key: dict[str, str]) -> None:
    mine, other = made(key), made(jose.new_key(), name="Other")
    face = opened(mine.secret)
    text = face.get(EVENTS).content.decode()
    assert mine.client_id in text and other.client_id not in text
    face.post(EVENTS, {"deed": "delete", "client_id": other.client_id})
    assert Client.objects.get(client_id=other.client_id).active and not Client.objects.get(client_id=mine.client_id).active
    wrong = browser().post(EVENTS, {"deed": "open", "secret": mine.secret})
    assert wrong.status_code == 403, "its secret has gone with it"


@pytest.mark.parametrize("deed", ["ping", "key", "delete", "close", "nothing"])
def test_without_the_secret_nothing_is_done(cast: Cast, key: dict[str, str], deed: str) -> None:
    page = made(key)
    answer = browser().post(EVENTS, {"deed": deed, "client_id": page.client_id, "jwk": public(jose.new_key())})
    assert answer.status_code == 403
    assert Client.objects.get(client_id=page.client_id).active


def test_secrets_are_not_tried_without_end(cast: Cast) -> None:
    face = browser()
    statuses = [face.post(EVENTS, {"deed": "open", "secret": "a" * 43}).status_code for _ in range(sandboxed.LIMITS["tried"][1] + 1)]
    assert statuses == [403] * sandboxed.LIMITS["tried"][1] + [429]


def test_no_form_of_another_page_is_taken(cast: Cast, key: dict[str, str]) -> None:
    face = Browser(HTTP_HOST=HOST, enforce_csrf_checks=True)
    before = SandboxClient.objects.count()
    for path, sent in ((CREDENTIALS, form(key)), (EVENTS, {"deed": "open", "secret": made(key).secret})):
        assert face.post(path, sent).status_code == 403
    assert SandboxClient.objects.count() == before + 1


def test_a_session_is_open_for_half_an_hour(cast: Cast, key: dict[str, str]) -> None:
    face = opened(made(key).secret)
    session = face.session
    session[sandboxed.SESSION][1] -= sandboxed.OPEN_SECONDS + 1
    session.save()
    assert "secret" in face.get(EVENTS).content.decode() and face.post(EVENTS, {"deed": "delete"}).status_code == 403


def test_the_new_key_counts_at_once_and_the_old_one_no_more(cast: Cast, key: dict[str, str]) -> None:
    page, fresh = made(key), jose.new_key()
    face = opened(page.secret)
    assert face.post(EVENTS, {"deed": "key", "jwk": public(fresh)}).status_code == 302
    ask = {"grant_type": "client_credentials", "scope": "events"}
    assert office(cast, page.client_id, key).post("/oauth/token", **ask).status_code == 401
    assert office(cast, page.client_id, fresh).post("/oauth/token", **ask).status_code == 200
    assert face.post(EVENTS, {"deed": "key", "jwk": json.dumps(fresh)}).status_code == 400


def test_one_address_replaces_keys_so_often(cast: Cast, key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a row of history, which is never deleted."""
    monkeypatch.setitem(sandboxed.LIMITS, "key", (86_400 * 30, 2))
    page = made(key)
    monkeypatch.setattr(sandboxed, "address_of", lambda request: f"of {page.client_id}")
    face, keys = opened(page.secret), [public(jose.new_key()) for _ in range(3)]
    answers = [face.post(EVENTS, {"deed": "key", "jwk": each}) for each in keys]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert [error.field for error in answers[2].context["page"].errors] == ["jwk"]
    assert 'id="jwk-error"' in answers[2].content.decode()
    assert ClientDraft.objects.filter(client_id=page.client_id).count() == 3


def test_it_ends_by_itself_and_nothing_of_it_is_answered(cast: Cast, key: dict[str, str]) -> None:
    page = made(key)
    own = office(cast, page.client_id, key)
    token = own.granted(cast.cecilia)["access_token"]
    later = timezone.now() + timedelta(days=31)
    assert sandbox.of_secret(secret=page.secret, now=later) is None
    assert sandbox.purge(now=later) >= 1
    assert own.read(token, "tax.income").status_code == 401
    assert own.post("/oauth/token", grant_type="client_credentials", scope="events").status_code == 401
    assert not SandboxRequest.objects.filter(client__client__client_id=page.client_id).exists()


@pytest.fixture
def full(cast: Cast, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    monkeypatch.setattr(sandbox, request.param, SandboxClient.objects.filter(ended_at__isnull=True).count())
    yield


@pytest.mark.parametrize("full", ["A_DAY", "AT_ONCE"], indirect=True)
def test_there_are_so_many_a_day_and_in_all(cast: Cast, key: dict[str, str], full: None) -> None:
    before = SandboxClient.objects.count()
    answer = browser().post(CREDENTIALS, form(key))
    assert answer.status_code == 429 and SandboxClient.objects.count() == before


def test_one_address_makes_so_many_a_day(cast: Cast, key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sandboxed.LIMITS, "made", (86_400, 2))
    assert [browser().post(CREDENTIALS, form(key)).status_code for _ in range(3)] == [201, 201, 429]


# What it asked


def test_what_it_asked_stands_on_its_page_with_what_came_of_it(cast: Cast, key: dict[str, str]) -> None:
    page = made(key)
    own = office(cast, page.client_id, key)
    held = own.granted(cast.cecilia)
    own.read(held["access_token"], "tax.income")
    own.read(held["access_token"], "population.household")
    own.post("/oauth/par", **own.request(purpose="no-such"))
    replace(own, key=jose.new_key()).post("/oauth/token", grant_type="client_credentials", scope="events")
    told = [(one.what, one.status, one.code, one.proved) for one in opened(page.secret).get(EVENTS).context["page"].requests]
    assert told[::-1] == [
        ("Pushed an authorization request", 201, "", True),
        ("Asked for a token", 200, "", True),
        ("Read a kind of data: tax.income", 200, "", True),
        ("Read a kind of data: population.household", 403, "category_not_covered", True),
        ("Pushed an authorization request", 400, "invalid_authorization_details", True),
        ("Asked for a token", 401, "invalid_client", False),
    ]


def test_nothing_of_tokens_citizens_or_values_is_kept(cast: Cast, key: dict[str, str]) -> None:
    page = made(key)
    own = office(cast, page.client_id, key)
    held = own.granted(cast.aino)
    answer = own.read(held["access_token"], "tax.income").json()
    kept = json.dumps(list(SandboxRequest.objects.filter(client__client__client_id=page.client_id).values()), default=str)
    text = opened(page.secret).get(EVENTS).content.decode()
    secret = [
        held["access_token"],
        held["refresh_token"],
        held["grant_id"],
        answer["subject"],
        answer["ledger_entry"],
        *cast.personal(),
        str(cast.aino.id),
    ]
    assert kept != "[]" and not [one for one in secret if one in kept or one in text]


def test_others_cannot_push_what_is_proved_out_of_the_page(cast: Cast, key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_UNPROVED", 3)
    page = made(key)
    own = office(cast, page.client_id, key)
    own.push()
    for _ in range(5):
        browser().post("/oauth/token", urlencode({"client_id": page.client_id, "grant_type": "x"}), content_type=FORM)
    rows = SandboxRequest.objects.filter(client__client__client_id=page.client_id)
    assert rows.filter(proved=True).count() == 1 and rows.filter(proved=False).count() == 3


def test_it_keeps_so_many_for_a_week(cast: Cast, key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_REQUESTS", 2)
    page = made(key)
    own = office(cast, page.client_id, key)
    for _ in range(4):
        own.push()
    rows = SandboxRequest.objects.filter(client__client__client_id=page.client_id)
    assert rows.count() == 2
    sandbox.purge(now=timezone.now() + timedelta(days=8))
    assert rows.count() == 0


def test_of_clients_that_officers_registered_nothing_is_noted(cast: Cast) -> None:
    before = SandboxRequest.objects.count()
    cast.office.push()
    cast.office.read(cast.token, "tax.income")
    assert SandboxRequest.objects.count() == before


@pytest.mark.parametrize("assertion", ["a.b.c", "a.e30.c", "a." + "A" * 9000 + ".c", "...", "a.bnVsbA.c"])
def test_odd_requests_are_answered_as_ever(cast: Cast, assertion: str) -> None:
    sent = urlencode({"client_assertion": assertion, "client_id": "sandbox-nobody"})
    assert browser().post("/oauth/token", sent, content_type=FORM).status_code in (400, 401)


# Elsewhere


def test_a_service_that_is_no_sandbox_has_no_such_route(cast: Cast) -> None:
    program = (
        "import django; django.setup(); from django.test import Client; from django.urls import NoReverseMatch, reverse, resolve, Resolver404\n"
        "from django.conf import settings\n"
        "try: reverse('portal:developers_events'); print('there')\n"
        "except NoReverseMatch: print('not there')\n"
        "from aurora.journeys import sandbox_clients; from consent.errors import NotFound\n"
        "try: sandbox_clients.opened(secret='a' * 43, now=None); print('there')\n"
        "except NotFound: print('not there')\n"
        "print(any('sandboxed' in one for one in settings.MIDDLEWARE))\n"
        "face = Client(HTTP_HOST='aurora.example')\n"
        "print(face.get('/en/developers/credentials/', secure=True).status_code, face.post('/en/developers/credentials/', secure=True).status_code,"
        " face.get('/en/developers/events/', secure=True).status_code, face.get('/en/developers/', secure=True).status_code)"
    )
    environ = {
        **os.environ,
        "AURORA_BASE_URL": "https://aurora.example",
        "AURORA_SANDBOX": "0",
        "DJANGO_SETTINGS_MODULE": "aurora.settings",
    }
    done = subprocess.run([sys.executable, "-c", program], env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["not there", "not there", "False", "200 404 404 200"], done.stderr
