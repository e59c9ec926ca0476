"""Every address against everything odd: an answer that says what is wrong, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils.encoding import repercent_broken_unicode

from aurora.identity.models import Operator
from consent.oauth import config
from tests.attacks import odd
from tests.attacks.routes import ROUTES, Route, served
from tests.support.cast import Cast, browser, changed, is_good, snapshot

SESSIONS = {"django_session"}
TAKES_FILES = {"LANG/console/catalogue/import/"}
# The agency's own token, made before the first look at the tables.
ITSELF: dict[str, str] = {}


def test_every_route_of_the_resolver_is_attacked() -> None:
    assert served() == set(ROUTES)


@pytest.fixture(scope="module")
def faces(committed_cast: Cast, django_db_blocker: Any) -> Iterator[list[Client]]:
    """A stranger, a citizen, and an operator who is signed in with both factors and has every role: no guard answers in a page's place."""
    with django_db_blocker.unblock():
        before = Operator.objects.get(username="olavi").roles
        Operator.objects.filter(username="olavi").update(roles=Operator.Role.values)
        made = [browser(), committed_cast.aino.browser(), committed_cast.operator_browser()]
    yield made
    with django_db_blocker.unblock():
        Operator.objects.filter(username="olavi").update(roles=before)


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], Any]:
    """The tables as the test before left them, under the tokens that it had: one look at all of them a test."""
    return {}


@pytest.fixture
def nothing_changes(
    faces: list[Client], cast: Cast, known: dict[tuple[str, str], Any], settings: Any, request: pytest.FixtureRequest
) -> Iterator[None]:
    """All tables before and after, but for what the route says that it writes, and sessions. Nobody is locked out meanwhile."""
    settings.AXES_FAILURE_LIMIT = 10**6
    if not is_good(ITSELF.get("token", "")):
        own = cast.office.post("/oauth/token", grant_type="client_credentials", scope=" ".join(config.SCOPES))
        ITSELF["token"] = own.json()["access_token"]  # type: ignore[attr-defined]
    tokens = cast.token, ITSELF["token"]
    before = known.get(tokens) or snapshot()
    yield
    after = snapshot()
    differing = changed(before, after)
    known.clear()
    known[tokens] = after
    assert differing <= SESSIONS | ROUTES[request.node.callspec.params["name"]].writes


def _ask(cast: Cast, face: Client, route: Route, method: str, *, path: str = "", query: str = "", **more: Any) -> HttpResponse:
    """As `route.who` would ask; the agency's token goes along where an agency is awaited."""
    address = (path or route.path) + (f"?{query}" if query else "")
    if route.who in ("agency", "itself"):
        path_ = repercent_broken_unicode(unquote_to_bytes(address.partition("?")[0])).decode()  # as Django reads it
        more = {
            **cast.office.bearing(
                cast.token if route.who == "agency" else ITSELF["token"], quote(path_, safe="/:@!$&'()*+,;=~"), method=method
            ),
            **more,
        }
    kind, data = more.pop("content_type", odd.FORM), more.pop("data", b"")
    answer: Any = face.generic(method, address, data, content_type=kind, **more)
    if answer.streaming:  # static files, and a citizen's bundle
        answer = _whole(answer)
    peers = [cast.urls["eid"]]
    own = [cast.aino.name] if route.who == "citizen" and face.cookies.get("aurora") else []
    secrets = [s for s in cast.secrets() if s not in own]
    odd.check(answer, secrets, what=f"{method} {address[:120]} {more}"[:300], peers=peers)
    return answer


def _whole(answer: Any) -> Any:
    """The same answer, read to its end: what streams has no `content` that could be looked at."""
    whole = HttpResponse(b"".join(answer.streaming_content), status=answer.status_code, headers=answer.headers)
    whole.cookies, whole.request = answer.cookies, answer.request  # type: ignore[attr-defined]
    return whole


def _users(faces: list[Client], route: Route) -> list[Client]:
    """The stranger always, and who the page is for."""
    return [faces[0], *({"citizen": [faces[1]], "operator": [faces[2]]}.get(route.who, []))]


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.usefixtures("nothing_changes")
def test_a_method_that_is_not_served_is_405_and_says_which_are(cast: Cast, faces: list[Client], name: str) -> None:
    route = ROUTES[name]
    for method in set(odd.METHODS) - route.methods:
        for face in _users(faces, route):
            answer = _ask(cast, face, route, method)
            assert answer.status_code == 405, (method, answer.status_code)
            allowed = set(answer["Allow"].replace(" ", "").split(","))
            assert method not in allowed and route.methods - {"HEAD"} <= allowed


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if "POST" in r.methods])
@pytest.mark.usefixtures("nothing_changes")
def test_odd_bodies_change_nothing(cast: Cast, faces: list[Client], name: str) -> None:
    route = ROUTES[name]
    for what, (body, kind) in odd.BODIES.items():
        for face in _users(faces, route):
            answer = _ask(cast, face, route, "POST", data=body, content_type=kind)
            if what.startswith("oversized") and len(body) > route.largest:
                assert answer.status_code == 413
            elif route.who == "client":
                assert answer.status_code in (400, 401, 413), (what, answer.status_code)


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.usefixtures("nothing_changes")
def test_odd_queries_change_nothing(cast: Cast, faces: list[Client], name: str) -> None:
    route = ROUTES[name]
    method = "GET" if "GET" in route.methods else "POST"
    for query in odd.QUERIES.values():
        for face in _users(faces, route):
            answer = _ask(cast, face, route, method, query=query)
            if route.who == "client" or route.path == "/api/v1/schema/":
                assert answer.status_code == 400, query  # nothing belongs into the query there


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.usefixtures("nothing_changes")
def test_odd_headers_change_nothing(cast: Cast, faces: list[Client], name: str) -> None:
    route = ROUTES[name]
    method = "GET" if "GET" in route.methods else "POST"
    for what, headers in {**odd.HEADERS, **(odd.BEARERS if route.who == "agency" else {})}.items():
        answer = _ask(cast, _users(faces, route)[-1], route, method, **headers)
        if what in ("foreign host", "host with path", "two hosts"):
            assert answer.status_code == 400
        elif what.startswith("absurd length"):
            assert answer.status_code == 413


@pytest.mark.parametrize("name", ROUTES)
@pytest.mark.usefixtures("nothing_changes")
def test_odd_paths_are_not_found_and_change_nothing(cast: Cast, faces: list[Client], name: str) -> None:
    route = ROUTES[name]
    method = "GET" if "GET" in route.methods else "POST"
    for path in odd.paths(name, route.path):
        for face in _users(faces, route):
            answer = _ask(cast, face, route, method, path=path)
            # A proof that names so long an address is too long itself.
            also = {401} if route.who in ("agency", "itself") and len(path) > 4000 else set()
            # What has an address of its own with a slash behind it is told so.
            slash = answer.status_code == 301 and answer["Location"].startswith(route.path) and answer["Location"].endswith("/")
            assert slash or answer.status_code in {302, 400, 404} | also, (path[:80], answer.status_code)


@pytest.mark.parametrize("name", [n for n, r in ROUTES.items() if "POST" in r.methods and r.who not in ("client", "itself")])
@pytest.mark.usefixtures("nothing_changes")
def test_no_form_works_without_its_csrf_token(cast: Cast, faces: list[Client], name: str) -> None:
    route = ROUTES[name]
    for one in faces:
        face = browser(enforce_csrf_checks=True)
        face.cookies = one.cookies
        answer = _ask(cast, face, route, "POST", data=b"decision=allow")
        # Where files come the guard stands before the token, which lies in a body that nobody reads for strangers.
        shut = name in TAKES_FILES and one is not faces[-1] and answer.status_code == 302 and "/sign-in/" in answer["Location"]
        assert shut or answer.status_code == 403
        told = answer.cookies.get("aurora")  # a refusal opens no session; one that there is may be told that it goes on
        assert told is None or (name in TAKES_FILES and told.value == one.cookies["aurora"].value)
