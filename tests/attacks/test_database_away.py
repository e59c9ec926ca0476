"""While PostgreSQL is away, pages and problems say so (503) and when to come again; no other error is taken for that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction

from aurora.portal.outages import away
from tests.attacks.conftest import PUSHED
from tests.support.cast import Cast, browser, services
from tests.support.hostile_peer import Peer, answer

PAGES = ("/en/home/", "/en/sources/", "/en/consents/")

MACHINES = ("/ledger/checkpoint", "/api/v1/twin/tax.income")


@pytest.fixture
def nobody_listens(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real client of the database at an address where nobody listens."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", "1")
        yield
    connection.close()


@pytest.fixture
def faces(cast: Cast) -> dict[str, Any]:
    return {"citizen": cast.aino.browser(), "operator": cast.operator_browser()}


def test_pages_and_problems_say_so(cast: Cast, faces: dict[str, Any], nobody_listens: None) -> None:
    answers: list[Any] = [faces["citizen"].get(path) for path in PAGES]
    answers += [browser().get("/en/sign-in/"), faces["operator"].get("/fi/console/")]
    answers += [browser().get("/oauth/authorize", {"client_id": "x", "request_uri": f"urn:ietf:params:oauth:request_uri:{'a' * 43}"})]
    for one in answers:
        assert not any(secret.encode() in one.content for secret in [*cast.secrets(), "psycopg", "127.0.0.1"])
        assert one.status_code == 503 and int(one["Retry-After"]) > 0 and b"au-main" in one.content
    machines: list[Any] = [browser().get(path, **cast.office.bearing(cast.token, path)) for path in MACHINES]
    machines.append(cast.office.post("/oauth/token", grant_type="refresh_token", refresh_token="x"))
    for one in machines:
        assert (one.status_code, one["Content-Type"]) == (503, "application/problem+json"), one.content
        assert one.json()["code"] == "unavailable" and int(one["Retry-After"]) > 0


def test_what_was_only_looked_at_may_be_asked_for_again_and_what_was_sent_may_not(faces: dict[str, Any], nobody_listens: None) -> None:
    """A link to the same address would send nothing a second time, and show another page than the form's."""
    again = b'<a class="govuk-button" href="">'
    assert again in faces["citizen"].get("/en/home/").content
    sent = faces["citizen"].post("/en/life/", {"k.household": "1"})
    assert sent.status_code == 503 and again not in sent.content and b"front page" in sent.content


def test_so_does_a_session_that_cannot_be_written(cast: Cast, request: pytest.FixtureRequest) -> None:
    """After the view, where no view's error is seen."""
    face = browser()
    session = face.session
    session["sign-in-errand"] = "not an errand"
    session.save()
    face.cookies["aurora"] = session.session_key
    request.getfixturevalue("nobody_listens")
    answer = face.get("/sign-in/callback", {"state": "x", "code": "y"})
    assert answer.status_code == 503 and int(answer["Retry-After"]) > 0


def test_so_does_a_session_that_cannot_be_made(cast: Cast, eid_of_ours: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away while the e-ID answers: Django meets that outside of all views."""

    def falls_over(handler: Any) -> None:
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")  # one for all threads
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
        with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
            # Waits until each is gone: told only, the page's own could still be used for what comes next.
            gone = admin.execute("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'aurora_app'").fetchall()
            assert gone and all(one == (True,) for one in gone)
        answer(PUSHED, 201)(handler)

    eid_of_ours.answers["/par"] = falls_over
    left = browser().get("/en/sign-in/")
    monkeypatch.undo()
    connection.close()
    assert left.status_code == 503 and int(left["Retry-After"]) > 0


def test_it_is_over_when_the_database_is_back(cast: Cast) -> None:
    assert cast.aino.browser().get("/en/home/").status_code == 200


@pytest.mark.parametrize(
    ("statement", "kind", "what"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", OperationalError, "database"),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(20)", OperationalError, ""),
        ("SELECT nothing FROM nowhere", ProgrammingError, ""),
        ("SELECT 1 / 0", DataError, ""),
    ],
)  # fmt: skip
def test_only_a_connection_that_is_gone_is_an_outage(cast: Cast, statement: str, kind: type[Exception], what: str) -> None:
    with pytest.raises(kind) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert away(caught.value) == what
    connection.close()
