"""The e-ID as an OpenID provider: the ID Token, sign-in, single sign-on, prompt, logout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sandbox_client import Browser, Peer, Sandbox

from aurora.sandbox import jose, national_id, people
from recommender.training import households


@pytest.fixture
def eid(sandbox: Sandbox) -> Iterator[Peer]:
    one = sandbox.peer("eid")
    yield one
    one.close()


def _start(eid: Peer, browser: Browser, **changed: str | None) -> Browser:
    params = {**eid.params("openid profile"), "nonce": "nonce-1"}
    params = {name: value for name, value in {**params, **changed}.items() if value is not None}
    return browser.open(eid.authorize_url(**params))


def _claims(eid: Peer, browser: Browser) -> dict[str, Any]:
    answer = eid.redeem(browser.answer["code"])
    assert answer.status_code == 200, answer.text
    jwks = eid.http.get(f"{eid.issuer}/jwks").json()
    return {**jose.verify(answer.json()["id_token"], jwks), "_tokens": answer.json()}


def test_id_token_says_who_signed_in_to_whom(sandbox: Sandbox, eid: Peer, browser: Browser) -> None:
    _start(eid, browser).press("Aino")
    assert browser.answer["iss"] == eid.issuer and browser.answer["state"] == "state-1"
    claims = _claims(eid, browser)
    assert claims["iss"] == eid.issuer and claims["aud"] == "aurora" and claims["nonce"] == "nonce-1"
    assert claims["national_id"] == sandbox.identifier("aino") and claims["name"] == sandbox.name("aino")
    index = int(claims["national_id"][1:7])
    assert claims["birthdate"] == people.birthdate_of(index).isoformat()
    assert abs(claims["auth_time"] - time.time()) < 60 and claims["iat"] <= time.time() < claims["exp"]
    header = {"Authorization": f"Bearer {claims['_tokens']['access_token']}"}
    info = eid.http.get(f"{eid.issuer}/userinfo", headers=header).json()
    assert info == {name: claims[name] for name in ("sub", "national_id", "name", "birthdate")}
    assert eid.http.get(f"{eid.issuer}/userinfo").status_code == 401


def test_subject_is_stable_for_a_client_and_different_for_another(sandbox: Sandbox, eid: Peer, browser: Browser) -> None:
    first = _claims(eid, _start(eid, browser).press("Aino"))["sub"]
    again = _claims(eid, _start(eid, browser).press("Continue"))["sub"]
    other = Peer({**sandbox.made.processes["tax-administration"]["eid"], "redirect_uri": ""})
    other.redirect_uri = f"{sandbox.running['tax-administration'].base_url}/sign-in/callback"
    browser.stop_at = other.redirect_uri
    foreign = _claims(other, _start(other, browser).press("Continue"))["sub"]
    assert first == again != foreign and sandbox.identifier("aino") not in (first, foreign)


def test_anyone_of_the_extract_can_sign_in_by_identifier(eid: Peer, browser: Browser) -> None:
    last = national_id.make(households.count() - 1)
    _start(eid, browser).press("Sign in", identifier=f" {last.lower()} ")
    assert _claims(eid, browser)["national_id"] == last


@pytest.mark.parametrize("identifier", ["S000123-Z", "S999999-7", national_id.make(999_999), "", "'; DROP", "S" * 20])
def test_wrong_identifier_is_told_and_signs_nobody_in(eid: Peer, browser: Browser, identifier: str) -> None:
    _start(eid, browser).press("Sign in", identifier=identifier)
    assert browser.status == 400 and "Nobody has this identifier" in browser.text
    assert browser.press("Aino").answer["code"]


def test_single_sign_on_takes_one_click_and_somebody_else_may_sign_in(sandbox: Sandbox, eid: Peer, browser: Browser) -> None:
    _start(eid, browser).press("Aino")
    _start(eid, browser)
    assert sandbox.name("aino") in browser.text and sandbox.name("bertil") not in browser.text
    link = next(part for part in browser.text.split('"') if "as=other" in part).replace("&amp;", "&")
    browser.open(eid.issuer + link).press("Bertil")
    assert _claims(eid, browser)["national_id"] == sandbox.identifier("bertil")


def test_prompt_none_answers_without_a_page(eid: Peer, browser: Browser) -> None:
    _start(eid, browser, prompt="none")
    assert browser.answer["error"] == "login_required" and browser.answer["iss"] == eid.issuer
    _start(eid, browser).press("Aino")
    _start(eid, browser, prompt="none")
    assert "code" in browser.answer


@pytest.mark.parametrize("changed", [{"prompt": "login"}, {"max_age": "0"}])
def test_signing_in_anew_can_be_demanded(eid: Peer, browser: Browser, changed: dict[str, str]) -> None:
    _start(eid, browser).press("Aino")
    began = int(time.time())
    while int(time.time()) == began:
        pass
    _start(eid, browser, **changed)
    form = browser.forms()[0]
    forced = browser.http.post(f"{eid.issuer}/login", data={**form.fields, "continue": "yes"})
    assert forced.status_code == 200 and "Choose who you are" in forced.text
    assert _claims(eid, browser.press("Aino"))["auth_time"] > began


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"nonce": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
    ],
)
def test_bad_request_goes_back_with_iss(eid: Peer, browser: Browser, changed: dict[str, str | None], error: str) -> None:
    _start(eid, browser, **changed)
    assert browser.answer["error"] == error and browser.answer["iss"] == eid.issuer


def test_code_is_used_once_and_needs_its_verifier(eid: Peer, browser: Browser) -> None:
    code = _start(eid, browser).press("Aino").answer["code"]
    assert eid.redeem(code, code_verifier="y" * 43).json()["error"] == "invalid_grant"
    tokens = eid.redeem(code).json()
    assert eid.redeem(code).json()["error"] == "invalid_grant"
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert eid.http.get(f"{eid.issuer}/userinfo", headers=header).status_code == 401


def test_finished_sign_in_cannot_be_sent_again(eid: Peer, browser: Browser) -> None:
    _start(eid, browser)
    fields = browser.forms()[0].fields
    browser.press("Aino")
    again = browser.http.post(f"{eid.issuer}/login", data={**fields, "continue": "yes"})
    assert again.status_code == 400 and "sign_in_expired" in again.text


def test_logout_with_hint_goes_back_at_once_and_ends_the_session(eid: Peer, browser: Browser) -> None:
    claims = _claims(eid, _start(eid, browser).press("Aino"))
    back = "http://nobody.invalid/"
    query = {"id_token_hint": claims["_tokens"]["id_token"], "post_logout_redirect_uri": back, "state": "s"}
    response = browser.http.get(f"{eid.issuer}/logout", params=query)
    assert response.status_code == 303 and response.headers["Location"] == f"{back}?state=s"
    assert _start(eid, browser, prompt="none").answer["error"] == "login_required"


def test_logout_without_hint_asks_first_and_never_goes_to_a_foreign_address(eid: Peer, browser: Browser) -> None:
    _start(eid, browser).press("Aino")
    query = {"client_id": "aurora", "post_logout_redirect_uri": "http://evil.invalid/"}
    browser.page = browser.http.get(f"{eid.issuer}/logout", params=query)
    assert browser.status == 200 and "Do you want to sign out?" in browser.text
    assert "code" in _start(eid, browser, prompt="none").answer
    browser.page = browser.http.get(f"{eid.issuer}/logout", params=query)
    browser.press("Sign out")
    assert browser.url.startswith(eid.issuer) and "Nobody is signed in" in browser.text


def test_pages_have_no_script_and_say_that_they_are_a_sandbox(eid: Peer, browser: Browser) -> None:
    _start(eid, browser)
    assert "<script" not in browser.text and "style=" not in browser.text and "Sandbox" in browser.text
    assert browser.page is not None
    assert "default-src 'none'" in browser.page.headers["Content-Security-Policy"]
