"""The agency's whole story with npm `openid-client` as the agency: what it accepts as OAuth is OAuth, and it knows nothing of Aurora."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from aurora.sandbox import national_id
from tests.interop.peer import Peer
from tests.support.stack import Stack
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")

HOUSEHOLD = 11_001  # a citizen whom no other test is
ASKED, UNTICKED = "population.household", "tax.income"


@pytest.fixture(scope="module")
def office(stack: Stack) -> dict[str, Any]:
    """The benefits office's registration, as `.aurora/demo.json` hands it to an integrator."""
    return dict(stack.demo["agencies"][0])


@pytest.fixture
def agency(stack: Stack, office: dict[str, Any]) -> Iterator[Peer]:
    with Peer("agency.mjs", registration(stack, office)) as peer:
        yield peer


@pytest.fixture(scope="module")
def citizen(stack: Stack, browser: Browser) -> Iterator[Page]:
    """Signed in, with the Population Register connected."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, stack.base_url, national_id.make(HOUSEHOLD))
    connect(page, stack.base_url, "population-register")
    wait_until_pulled(page)
    yield page
    context.close()


def registration(stack: Stack, office: dict[str, Any]) -> dict[str, Any]:
    shared = {"client_id": office["client_id"], "jwk": office["private_jwk"], "redirect_uri": office["redirect_uris"][0]}
    return {"do": "discover", "issuer": stack.base_url, **shared}


def details(office: dict[str, Any]) -> list[dict[str, Any]]:
    until = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    return [{"type": "aurora_twin_access", "purpose": office["purposes"][0], "categories": office["categories"], "until": until}]


def decided(page: Page, redirect_uri: str, url: str, decide: Callable[[Page], None]) -> str:
    """Opens the agency's link and decides; returns the address that the browser was sent back to."""
    page.goto(url)
    with page.expect_request(lambda request: request.url.startswith(redirect_uri)) as back:
        decide(page)
    return back.value.url


def allow_the_household(page: Page) -> None:
    page.locator(f'input[name=categories][value="{ASKED}"]').check(force=True)
    expect(page.locator(f'input[name=categories][value="{UNTICKED}"]')).not_to_be_checked()
    page.get_by_role("button", name="Allow").click()


def decline(page: Page) -> None:
    page.get_by_role("button", name="Decline").click()


def with_parameter(url: str, name: str, value: str | None) -> str:
    """The same address with one parameter changed, or without it."""
    parts = urlsplit(url)
    changed = {key: values[0] for key, values in parse_qs(parts.query).items()} | ({name: value} if value else {})
    if value is None:
        del changed[name]
    return parts._replace(query=urlencode(changed)).geturl()


def test_the_metadata_names_what_the_agency_needs(stack: Stack, agency: Peer) -> None:
    about = agency.ready
    assert about["issuer"] == stack.base_url
    for endpoint in ("pushed_authorization_request", "authorization", "token", "revocation", "introspection"):
        assert about[f"{endpoint}_endpoint"].startswith(f"{stack.base_url}/oauth/")
    assert about["require_pushed_authorization_requests"] and about["authorization_response_iss_parameter_supported"]
    assert about["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert about["code_challenge_methods_supported"] == ["S256"]
    assert about["authorization_details_types_supported"] == ["aurora_twin_access"]
    assert about["dpop_signing_alg_values_supported"] == ["ES256", "PS256", "EdDSA"]


def test_a_part_is_granted_read_refreshed_and_given_back(stack: Stack, agency: Peer, citizen: Page, office: dict[str, Any]) -> None:
    pushed = agency.ask(do="push", details=details(office))
    tokens = agency.ask(do="redeem", url=decided(citizen, office["redirect_uris"][0], pushed["url"], allow_the_household))
    assert tokens["token_type"] == "dpop"  # openid-client writes it small
    assert tokens["authorization_details"][0]["categories"] == [ASKED]

    reading = agency.ask(do="read", token=tokens["access_token"], url=f"{stack.base_url}/api/v1/twin/{ASKED}")
    assert reading["status"] == 200
    assert {fact["source"] for fact in reading["body"]["facts"]} == {"population-register"}
    refusal = agency.ask(do="read", token=tokens["access_token"], url=f"{stack.base_url}/api/v1/twin/{UNTICKED}")
    assert (refusal["status"], refusal["type"]) == (403, "application/problem+json")
    assert refusal["body"]["code"] == "category_not_covered"

    told = agency.ask(do="introspect", token=tokens["access_token"])
    assert told["active"] and told["client_id"] == office["client_id"] and told["iss"] == stack.base_url
    assert told["authorization_details"] == tokens["authorization_details"]
    fresh = agency.ask(do="refresh", token=tokens["refresh_token"])
    assert fresh["access_token"] != tokens["access_token"]

    url = f"{stack.base_url}/api/v1/twin/{ASKED}"
    assert agency.ask(do="read", token=fresh["access_token"], url=url)["status"] == 200
    assert agency.ask(do="revoke", token=fresh["access_token"]) == {}
    assert agency.ask(do="introspect", token=fresh["access_token"]) == {"active": False}
    dead = agency.refused(do="read", token=fresh["access_token"], url=url)
    assert dead["status"] == 401 and dead["body"]["code"] == "invalid_token"
    challenge = dead["challenges"][0]
    assert challenge["scheme"] == "dpop" and challenge["parameters"]["error"] == "invalid_token"
    assert challenge["parameters"]["algs"] == "ES256 PS256 EdDSA"
    assert challenge["parameters"]["resource_metadata"] == f"{stack.base_url}/.well-known/oauth-protected-resource/api/v1"
    # The refresh token stands for the grant: with it goes what was issued before (RFC 7009, 2.1).
    assert agency.ask(do="revoke", token=tokens["refresh_token"]) == {}
    assert agency.refused(do="read", token=tokens["access_token"], url=url)["status"] == 401
    assert agency.refused(do="refresh", token=tokens["refresh_token"])["oauth"] == "invalid_grant"


@pytest.mark.parametrize("alg", ["PS256", "EdDSA"])
def test_a_stolen_token_is_worth_nothing_and_a_refresh_may_bring_another_key(
    stack: Stack, citizen: Page, office: dict[str, Any], alg: str
) -> None:
    """RFC 9449, 5 and 7.1."""
    url = f"{stack.base_url}/api/v1/twin/{ASKED}"
    with Peer("agency.mjs", registration(stack, office) | {"dpop_alg": alg}) as agency:
        pushed = agency.ask(do="push", details=details(office))
        tokens = agency.ask(do="redeem", url=decided(citizen, office["redirect_uris"][0], pushed["url"], allow_the_household))
        assert agency.ask(do="read", token=tokens["access_token"], url=url)["status"] == 200
        assert "jkt" in agency.ask(do="introspect", token=tokens["access_token"])["cnf"]
        as_bearer = agency.refused(do="read", token=tokens["access_token"], url=url, bearer=True)
        assert as_bearer["status"] == 401 and as_bearer["challenges"][0]["scheme"] == "dpop"

        agency.ask(do="change_key")
        stolen = agency.refused(do="read", token=tokens["access_token"], url=url)
        assert stolen["status"] == 401 and stolen["challenges"][0]["parameters"]["error"] == "invalid_token"
        fresh = agency.ask(do="refresh", token=tokens["refresh_token"])
        assert agency.ask(do="read", token=fresh["access_token"], url=url)["status"] == 200


def test_a_code_that_was_asked_for_with_one_key_is_not_redeemed_with_another(agency: Peer, citizen: Page, office: dict[str, Any]) -> None:
    """RFC 9449, 10: the library proves its key when it pushes."""
    pushed = agency.ask(do="push", details=details(office))
    back = decided(citizen, office["redirect_uris"][0], pushed["url"], allow_the_household)
    agency.ask(do="change_key")
    assert agency.refused(do="redeem", url=back)["oauth"] == "invalid_grant"


def test_nonces_that_are_asked_for_are_brought(stack: Stack, agency: Peer, citizen: Page, office: dict[str, Any]) -> None:
    """RFC 9449, 8 and 9, at all three: the library signs again by itself."""
    with stack.admin() as admin:
        admin.execute("UPDATE consent_oauth_client SET dpop_nonce = true WHERE client_id = %s", [office["client_id"]])
        try:
            pushed = agency.ask(do="push", details=details(office))
            tokens = agency.ask(do="redeem", url=decided(citizen, office["redirect_uris"][0], pushed["url"], allow_the_household))
            for _ in range(2):
                reading = agency.ask(do="read", token=tokens["access_token"], url=f"{stack.base_url}/api/v1/twin/{ASKED}")
                assert reading["status"] == 200
        finally:
            admin.execute("UPDATE consent_oauth_client SET dpop_nonce = false WHERE client_id = %s", [office["client_id"]])


def test_the_agency_itself_gets_a_token_that_reads_nobody(stack: Stack, agency: Peer, office: dict[str, Any]) -> None:
    """RFC 6749, 4.4."""
    own = agency.ask(do="own", scope="events grant_management_query")
    assert own["token_type"] == "dpop" and own["scope"] == "events grant_management_query" and "refresh_token" not in own
    assert agency.ask(do="introspect", token=own["access_token"])["scope"] == own["scope"]
    assert agency.refused(do="read", token=own["access_token"], url=f"{stack.base_url}/api/v1/twin/{ASKED}")["status"] == 401
    assert agency.refused(do="own", scope="twin")["oauth"] == "invalid_scope"


def test_a_changed_answer_is_refused_and_a_code_works_once(stack: Stack, agency: Peer, citizen: Page, office: dict[str, Any]) -> None:
    pushed = agency.ask(do="push", details=details(office))
    back = decided(citizen, office["redirect_uris"][0], pushed["url"], allow_the_household)
    for name, value, complaint in (
        ("iss", "http://localhost:1", 'unexpected "iss" (issuer) response parameter value'),
        ("iss", None, 'response parameter "iss" (issuer) missing'),
        ("state", "another", 'unexpected "state" response parameter value'),
    ):
        failed = agency.refused(do="redeem", url=with_parameter(back, name, value))
        assert failed["reason"] == complaint, failed

    tokens = agency.ask(do="redeem", url=back)
    url = f"{stack.base_url}/api/v1/twin/{ASKED}"
    assert agency.ask(do="read", token=tokens["access_token"], url=url)["status"] == 200
    again = agency.refused(do="redeem", url=back)
    assert (again["name"], again["status"], again["oauth"]) == ("ResponseBodyError", 400, "invalid_grant")
    # Either of the two who had the code may be its thief (RFC 6749, 4.1.2).
    assert agency.refused(do="read", token=tokens["access_token"], url=url)["status"] == 401


def test_the_citizens_no_arrives_as_access_denied(agency: Peer, citizen: Page, office: dict[str, Any]) -> None:
    pushed = agency.ask(do="push", details=details(office))
    back = decided(citizen, office["redirect_uris"][0], pushed["url"], decline)
    forged = agency.refused(do="redeem", url=with_parameter(back, "iss", "http://localhost:1"))
    assert forged["reason"] == 'unexpected "iss" (issuer) response parameter value'
    failed = agency.refused(do="redeem", url=back)
    assert (failed["name"], failed["oauth"]) == ("AuthorizationResponseError", "access_denied")


def test_somebody_elses_key_is_refused(stack: Stack, office: dict[str, Any]) -> None:
    other = {
        "kty": "EC", "crv": "P-256", "kid": office["private_jwk"]["kid"],
        # RFC 7515, A.3: a key that everyone knows.
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    }  # fmt: skip
    with Peer("agency.mjs", registration(stack, office | {"private_jwk": other})) as thief:
        failed = thief.refused(do="push", details=details(office))
    assert failed["status"] == 401, failed
