"""Bodies of twenty megabytes at the one address that takes them: read for nobody who has not shown a token for it, and nowhere else.

Slow senders, and bodies that are no such form: tests/api/test_package_form.py. What is inside a package: tests/recommender/evaluators.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import owners
from tests.support.cast import Cast, browser
from tests.support.owners import KIND, PATH

LARGE = 20 * 1024 * 1024
MOST = 21 * 1024 * 1024


class Untouched:
    """A body whose sender would be waited for. Nobody may begin to."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def announced(length: int, *, path: str = PATH, method: str = "POST", **headers: str) -> Any:
    """A request whose body has not come yet."""
    return browser().generic(method, path, content_type=KIND, **{"CONTENT_LENGTH": str(length), "wsgi.input": Untouched(), **headers})


def test_a_stranger_is_turned_away_before_a_byte_is_read(cast: Cast) -> None:
    for headers in ({}, {"HTTP_AUTHORIZATION": f"DPoP {'a' * 43}"}, {"HTTP_AUTHORIZATION": f"Bearer {owners.own_token(cast)}"}):
        answer = announced(LARGE, **headers)
        assert answer.status_code == 401 and answer["WWW-Authenticate"].startswith("DPoP"), answer.content


@pytest.mark.parametrize("scope", ["events", "grant_management_query"])
def test_another_scope_is_turned_away_before_a_byte_is_read(cast: Cast, scope: str) -> None:
    token = owners.own_token(cast, scope)
    answer = announced(LARGE, **cast.office.bearing(token, PATH, method="POST"))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_a_citizens_token_registers_nothing(cast: Cast) -> None:
    assert announced(LARGE, **cast.office.bearing(cast.token, PATH, method="POST")).status_code == 401


def test_another_content_type_is_turned_away_before_a_byte_is_read(cast: Cast) -> None:
    token = owners.own_token(cast)
    for kind in ("application/json", "application/x-www-form-urlencoded", "application/zip", "multipart/mixed; boundary=x"):
        headers = {**cast.office.bearing(token, PATH, method="POST"), "CONTENT_TYPE": kind}
        assert announced(LARGE, **headers).status_code == 415, kind


def test_what_is_larger_than_any_package_is_turned_away_whoever_sends_it(cast: Cast) -> None:
    assert announced(MOST + 1).status_code == 413
    answer = announced(MOST + 1, **cast.office.bearing(owners.own_token(cast), PATH, method="POST"))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "path", [f"{PATH}/", f"{PATH}/00000000-0000-4000-8000-000000000000", "/api/v1//evaluators", "/api/v1/events", "/oauth/token", "/en/"]
)
def test_no_other_address_takes_so_much(cast: Cast, path: str) -> None:
    assert announced(LARGE, path=path).status_code == 413


def test_a_second_proof_is_needed_to_send_it_again(cast: Cast) -> None:
    headers = cast.office.bearing(owners.own_token(cast), PATH, method="POST")
    body = owners.form(b"no zip", b"{}")
    answers = [browser().post(PATH, body, content_type=KIND, **headers) for _ in range(2)]  # type: ignore[arg-type]
    assert answers[0].status_code in (403, 409, 422) and answers[1].status_code == 401
