"""The whole way from a request to the data, with and without PAR, and what is refused on it."""

from __future__ import annotations

import json
import time

import pytest
from jsonschema import Draft202012Validator
from sandbox_client import Browser, Sandbox

from aurora.sandbox import estates, personas, vocabulary, wards
from aurora.sandbox.agency.ways import OWN_FORM
from aurora.sandbox.config import HOSPITAL, JSON_SOURCES
from aurora.sandbox.hospital import assessments, outcomes
from recommender.training import households

SCOPE = {
    "population-register": "population.household",
    "tax-administration": "tax.income",
    "social-insurance": "social.pension",
    "hospital": "hospital.surgery",
}


@pytest.mark.parametrize("source", [source for source in JSON_SOURCES if source != OWN_FORM])
def test_the_citizens_own_facts_arrive_in_the_documented_form(steady: Sandbox, source: str) -> None:
    scope = " ".join(sorted(vocabulary.served_by(source)))
    who = "bertil" if source == HOSPITAL else "cecilia"  # whom a surgeon has seen; who has children
    peer, tokens = steady.tokens(source, scope, who=who.capitalize())
    index = int(steady.identifier(who)[1:7])
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 600 and tokens["scope"] == scope
    of_people = {register.CATEGORY: register.facts_of(index, personas.choose()) for register in (wards, estates)}
    of_hospital = {kind.CATEGORY: kind.facts_of(index, personas.choose()) for kind in (assessments, outcomes)}
    held = {**households.facts_of(index), **of_people, **of_hospital}
    for category in scope.split():
        answer = peer.read(category, tokens["access_token"])
        assert answer.status_code == 200
        body = peer.told(answer)
        assert (body["category"], body["version"]) == (category, vocabulary.categories()[category].version)
        assert body["subject"] == {"national_id": steady.identifier(who)}
        assert body["facts"] == held[category]
        Draft202012Validator(dict(vocabulary.categories()[category].schema)).validate(body["facts"])
        assert set(body) == {"category", "version", "subject", "observed_at", "valid_from", "valid_to", "facts"}
    peer.close()


@pytest.mark.parametrize("source", JSON_SOURCES)
def test_response_names_the_issuer_and_returns_the_state(steady: Sandbox, browser: Browser, source: str) -> None:
    peer = steady.peer(source)
    answer = steady.come_back(browser, peer, SCOPE[source])
    assert answer["iss"] == peer.issuer and answer["state"] == "state-1"
    assert browser.page is not None and browser.page.status_code == 303


def test_page_says_who_asks_for_what_and_offers_two_equal_answers(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("tax-administration")
    browser.open(peer.authorize_url(client_id=peer.client_id, request_uri=peer.push("tax.income tax.housing")))
    assert "You are signing in to:" in browser.text and "Tax Administration" in browser.text
    browser.press("Bertil")
    assert "Aurora asks for this data" in browser.text and "Income" in browser.text and "Housing in taxation" in browser.text
    assert steady.name("bertil") in browser.text
    labels = [button["label"] for form in browser.forms() for button in form.buttons]
    assert labels == ["Allow", "Refuse"]


@pytest.mark.parametrize(("language", "word"), [("fi", "Salli"), ("sv", "Tillåt"), ("en", "Allow")])
def test_ui_locales_chooses_the_language_of_both_sites(steady: Sandbox, language: str, word: str) -> None:
    peer, browser = steady.peer("tax-administration"), Browser("http://nobody.invalid", language="de")
    uri = peer.push("tax.income", ui_locales=f"{language} en")
    browser.open(peer.authorize_url(client_id=peer.client_id, request_uri=uri))
    assert f'lang="{language}"' in browser.text
    browser.press("Aino")
    assert word in browser.text and f'lang="{language}"' in browser.text
    browser.close()


def test_refusal_comes_back_as_access_denied(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("social-insurance")
    browser.open(peer.authorize_url(**peer.params("social.pension"))).press("Aino").press("Refuse")
    assert browser.answer["error"] == "access_denied" and browser.answer["iss"] == peer.issuer
    assert "code" not in browser.answer


def test_leaving_the_eid_without_signing_in_comes_back_as_access_denied(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("social-insurance")
    browser.open(peer.authorize_url(**peer.params("social.pension"))).press("Go back")
    assert browser.answer["error"] == "access_denied" and browser.answer["iss"] == peer.issuer


def test_second_agency_needs_one_click_at_the_eid_and_can_be_somebody_else(steady: Sandbox, browser: Browser) -> None:
    first, second = steady.peer("tax-administration"), steady.peer("social-insurance")
    steady.come_back(browser, first, "tax.income", who="Aino")
    browser.open(second.authorize_url(**second.params("social.pension")))
    assert steady.name("aino") in browser.text
    browser.press("Continue")
    assert steady.name("aino") in browser.text
    again = next(line for line in browser.text.split('"') if line.startswith("/sign-in?tx="))
    browser.open(second.issuer + again).press("Bertil")
    assert steady.name("bertil") in browser.text
    tokens = second.redeem(browser.press("Allow").answer["code"]).json()
    body = second.read("social.pension", tokens["access_token"]).json()
    assert body["person"]["id"] == steady.identifier("bertil")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "tax.income"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"request": "eyJ"}, "request_not_supported"),
    ],
)
def test_bad_request_returns_to_the_client_with_iss(steady: Sandbox, browser: Browser, changed: dict[str, str | None], error: str) -> None:
    peer = steady.peer("social-insurance")
    browser.open(peer.authorize_url(**peer.params("social.pension", **changed)))
    assert browser.answer["error"] == error
    assert browser.answer["iss"] == peer.issuer and browser.answer["state"] == "state-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "http://nobody.invalid/sources/social-insurance/callback/"},
        {"redirect_uri": "http://nobody.invalid/sources/social-insurance/callback?x=1"},
        {"redirect_uri": "http://evil.invalid/"},
        {"redirect_uri": None},
        {"client_id": "somebody"},
        {"client_id": None},
    ],
)
def test_untrusted_redirect_uri_gets_a_page_and_no_redirect(steady: Sandbox, browser: Browser, changed: dict[str, str | None]) -> None:
    peer = steady.peer("social-insurance")
    browser.open(peer.authorize_url(**peer.params("social.pension", **changed)))
    assert browser.status == 400 and browser.arrived == "" and "Something went wrong" in browser.text


def test_agency_with_par_takes_nothing_else(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("tax-administration")
    browser.open(peer.authorize_url(**peer.params("tax.income")))
    assert browser.answer["error"] == "invalid_request" and browser.answer["iss"] == peer.issuer


def test_wrong_or_missing_verifier_gets_no_tokens_and_the_right_one_still_does(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("tax-administration")
    code = steady.come_back(browser, peer, "tax.income")["code"]
    assert peer.redeem(code, code_verifier="x" * 43).json()["error"] == "invalid_grant"
    assert peer.redeem(code, code_verifier="").json()["error"] == "invalid_request"
    assert peer.redeem(code, redirect_uri="http://nobody.invalid/other").json()["error"] == "invalid_grant"
    assert peer.redeem(code).status_code == 200


def test_reused_code_is_refused_and_kills_the_tokens_of_its_first_use(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("tax-administration")
    code = steady.come_back(browser, peer, "tax.income")["code"]
    tokens = peer.redeem(code).json()
    assert peer.read("tax.income", tokens["access_token"]).status_code == 200
    again = peer.redeem(code)
    assert again.status_code == 400 and again.json()["error"] == "invalid_grant"
    assert peer.read("tax.income", tokens["access_token"]).status_code == 401
    assert peer.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_callback_of_the_eid_is_bound_to_the_browser_that_asked(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("social-insurance")
    browser.open(f"{peer.issuer}/sign-in/callback?code=x&state=forged&iss={steady.made.aurora['eid']['issuer']}")
    assert browser.status == 400 and "request_expired" in browser.text


def test_decision_without_the_forms_token_is_refused(steady: Sandbox, browser: Browser) -> None:
    peer = steady.peer("social-insurance")
    browser.open(peer.authorize_url(**peer.params("social.pension"))).press("Aino")
    form = browser.forms()[0]
    forged = browser.http.post(f"{peer.issuer}/decide", data={"tx": form.fields["tx"], "decision": "allow"})
    assert forged.status_code == 403 and "form_expired" in forged.text


def test_answer_does_not_change_between_reads_and_has_an_etag(steady: Sandbox) -> None:
    peer, tokens = steady.tokens("tax-administration", "tax.income")
    first = peer.read("tax.income", tokens["access_token"])
    second = peer.read("tax.income", tokens["access_token"], **{"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 304 and second.headers["ETag"] == first.headers["ETag"] and second.content == b""
    assert json.loads(first.text)["observed_at"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
