"""docs/agency/client does what a newcomer does: it knows Aurora's metadata address, its own keys and addresses, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from aurora.sandbox import national_id
from tests.interop.example import Example, free_address, manage
from tests.interop.test_agency_by_openid_client import with_parameter
from tests.support.stack import Stack, wait_for
from tests.support.steps import connect, sign_in, wait_until_pulled

pytestmark = pytest.mark.xdist_group("stack")

NEWCOMER = "newcomers-office"
CITIZEN = 11_101  # whom no other test is
HOUSEHOLD, PERSON = "population.household", "population.person"


@pytest.fixture(scope="module")
def example(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Keys made, and the client registered by the operator's command."""
    folder = tmp_path_factory.mktemp("newcomer")
    example = Example(folder)
    registration = example.run(
        *("init", f"{stack.base_url}/.well-known/oauth-authorization-server", NEWCOMER, free_address("/callback")),
        *("--notices", free_address("/notices"), "--category", HOUSEHOLD, "--category", PERSON),
    )
    assert "already" in example.failed("init", "--demo", "demo.json")
    assert example.refused("ask", HOUSEHOLD)["refused"] == "invalid_client"  # nobody has registered it
    assert "d" not in registration["jwks"]["keys"][0] and example.file.stat().st_mode & 0o777 == 0o600
    (folder / "client.json").write_text(json.dumps(registration))
    assert f"{NEWCOMER} is registered." in manage(stack, "register_client", "--file", str(folder / "client.json"))
    return example


@pytest.fixture(scope="module")
def citizen(stack: Stack, browser: Browser) -> Page:
    """Signed in, with the Population Register connected."""
    page = browser.new_context().new_page()
    sign_in(page, stack.base_url, national_id.make(CITIZEN))
    connect(page, stack.base_url, "population-register")
    wait_until_pulled(page)
    return page


def allowed(example: Example, citizen: Page, asked: tuple[str, ...], ticked: tuple[str, ...], *how: str) -> dict[str, Any]:
    """The citizen opens the link that `ask` printed, allows `ticked`, and comes back to the example's own server."""
    with example.started("ask", *asked, *how) as ask:
        citizen.goto(ask.next()["send_the_citizen_to"])
        stray = citizen.request.get(f"{example.state['redirect_uri']}?state=another&code=guessed")
        assert stray.status == 400  # and the example goes on waiting
        for category in ticked:
            citizen.locator(f'input[name=categories][value="{category}"]').check(force=True)
        citizen.get_by_role("button", name="Allow").click()
        expect(citizen.locator("body")).to_contain_text("You may close this page")
        granted = ask.next()
        assert ask.ended() == 0
    return granted


def consent_page(stack: Stack, citizen: Page) -> str:
    """The newest consent to the newcomer."""
    citizen.goto(f"{stack.base_url}/en/consents/")
    link = citizen.get_by_role("link", name=f"Text, history and uses (Handling your benefit application, {NEWCOMER})").first
    return f"{stack.base_url}{link.get_attribute('href')}"


def withdraw(citizen: Page, consent: str) -> None:
    citizen.goto(consent)
    citizen.get_by_role("link", name="Withdraw").click()
    citizen.get_by_role("button", name="Withdraw").first.click()
    expect(citizen.get_by_role("main")).to_contain_text("The consent has been withdrawn")


def test_from_the_first_request_to_the_confirmed_deletion(stack: Stack, example: Example, citizen: Page, tmp_path: Path) -> None:
    granted = allowed(example, citizen, (HOUSEHOLD, PERSON), (HOUSEHOLD,))
    assert granted["authorization_details"][0]["categories"] == [HOUSEHOLD]
    reading = example.run("read", HOUSEHOLD)
    assert {fact["source"] for fact in reading["facts"]} == {"population-register"}
    refusal = example.refused("read", PERSON)
    assert refusal["refused"] == "category_not_covered" and "--merge" in refusal["what_to_do"]

    before = example.state["grants"][granted["grant_id"]]["access_token"]
    assert example.run("refresh")["grant_id"] == granted["grant_id"]
    assert example.state["grants"][granted["grant_id"]]["access_token"] != before

    merged = allowed(example, citizen, (PERSON,), (HOUSEHOLD, PERSON), "--merge", granted["grant_id"])
    assert merged["grant_id"] == granted["grant_id"]
    assert example.run("read", PERSON)["subject"] == reading["subject"]
    shown = example.run("show")
    assert shown["grant"]["authorization_details"][0]["categories"] == [HOUSEHOLD, PERSON]
    assert shown["token"]["active"] and shown["token"]["client_id"] == NEWCOMER

    assert example.run("report", "Tried Aurora out")["uses"] == 2, "both reads, each once"
    assert example.run("report", "Tried Aurora out")["uses"] == 0
    citizen.goto(f"{stack.base_url}/en/activity/{reading['ledger_entry']}/")
    expect(citizen.get_by_role("main")).to_contain_text("The agency has reported how it used this data.")
    expect(citizen.get_by_role("main")).to_contain_text("Tried Aurora out")

    consent = consent_page(stack, citizen)
    citizen.goto(consent)
    citizen.get_by_role("link", name="Receipt").first.click()
    with citizen.expect_download() as download:
        citizen.get_by_role("link", name="Download the signed receipt (JWT)").click()
    receipt = tmp_path / "receipt.jwt"
    download.value.save_as(receipt)
    checked = example.run("receipt", str(receipt))
    assert checked["sub"] == reading["subject"] and checked["iss"] == stack.base_url

    withdraw(citizen, consent)
    refusal = example.refused("read", HOUSEHOLD)
    assert refusal["refused"] == "consent_withdrawn" and refusal["ledger_entry"]
    assert example.refused("refresh")["refused"] == "invalid_grant"
    assert example.refused("show")["refused"] == "not_found"
    assert set(example.state["grants"][granted["grant_id"]]["readings"]) == {HOUSEHOLD, PERSON}
    citizen.goto(consent)
    expect(citizen.get_by_role("main")).not_to_contain_text("It says that it deleted the data")

    events = example.run("events")["events"]
    assert [event["type"] for event in events if event["asked"]] == ["consent.withdrawn"]
    assert events[-1]["deleted"] == [HOUSEHOLD, PERSON]
    assert example.state["grants"][granted["grant_id"]]["readings"] == {}
    citizen.goto(consent)
    expect(citizen.get_by_role("main")).to_contain_text("It says that it deleted the data")
    assert example.run("events")["events"] == []


def test_a_notice_is_verified_obeyed_and_confirmed(stack: Stack, example: Example, citizen: Page) -> None:
    granted = allowed(example, citizen, (HOUSEHOLD,), (HOUSEHOLD,))
    example.run("read", HOUSEHOLD)
    consent = consent_page(stack, citizen)
    with example.started("listen") as listening:
        address = listening.next()["listening"]
        forged = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1a,AAAA"}
        assert citizen.request.post(address, headers=forged, data={"type": "consent.withdrawn"}).status == 400
        withdraw(citizen, consent)
        assert listening.next() | {"id": ""} == {
            "id": "", "type": "consent.withdrawn", "grant_id": granted["grant_id"], "deleted": [HOUSEHOLD],
        }  # fmt: skip
        wait_for(lambda: all(one["confirmed"] for one in example.state["done"].values()), "the confirmation", within=90)
    citizen.goto(consent)
    expect(citizen.get_by_role("main")).to_contain_text("It says that it deleted the data")


def test_a_concern_is_told_without_its_text_read_and_answered(stack: Stack, example: Example, citizen: Page) -> None:
    allowed(example, citizen, (HOUSEHOLD,), (HOUSEHOLD,))
    entry = example.run("read", HOUSEHOLD)["ledger_entry"]
    citizen.goto(f"{stack.base_url}/en/activity/{entry}/concern/")
    citizen.locator("input[name=kind][value=unknown]").check(force=True)
    citizen.get_by_label("In your own words").fill("Who are you?")
    citizen.get_by_role("button", name="Send").click()
    citizen.wait_for_url("**/en/concerns/*/")
    (told,) = [event for event in example.run("events")["events"] if event["type"] == "concern.raised"]
    assert citizen.url.endswith(f"/{told['concern_id']}/") and set(told) == {"id", "type", "concern_id"}
    (case,) = [one for one in example.run("concerns")["concerns"] if one["id"] == told["concern_id"]]
    assert case["entry"]["id"] == entry and case["said"][0]["text"] == "Who are you?"
    answer = ("answer", case["id"], "lawful", "The office that you applied to.", "Housing Support Act, section 12")
    assert example.run(*answer)["state"] == "answered"
    assert example.refused(*answer)["refused"] == "concern_moved"
    citizen.reload()
    expect(citizen.get_by_role("main")).to_contain_text("The office that you applied to.")


def test_a_grant_is_given_back(stack: Stack, example: Example, citizen: Page) -> None:
    granted = allowed(example, citizen, (HOUSEHOLD,), (HOUSEHOLD,), "--once")
    assert granted["authorization_details"][0]["once"]
    consent = consent_page(stack, citizen)
    assert example.run("end") == {"ended": granted["grant_id"]}
    assert example.refused("read", HOUSEHOLD)["refused"] == "consent_withdrawn"
    assert example.refused("end")["refused"] == "not_found"
    citizen.goto(consent)
    expect(citizen.get_by_role("main")).to_contain_text("The agency gave this consent back")


def test_what_was_agreed_to_can_be_outdated_and_is_asked_anew(stack: Stack, example: Example, citizen: Page, tmp_path: Path) -> None:
    allowed(example, citizen, (HOUSEHOLD,), (HOUSEHOLD,))
    about = {
        "code": NEWCOMER, "roles": ["data_user"], "name": dict.fromkeys(("fi", "sv", "en"), NEWCOMER), "country": "SX",
        "legal_name": "Merged Offices", "business_id": "0000009-9", "contact": {"email": "data@office.example"},
    }  # fmt: skip
    merger = tmp_path / "agency.json"
    was = {**about, "version": 1, "since": "2026-01-01"}
    merger.write_text(json.dumps([was, {**about, "version": 2, "binding_since": 2, "since": "2026-01-02"}]))
    manage(stack, "load_agencies", str(merger))
    assert example.refused("read", HOUSEHOLD)["refused"] == "consent_outdated"
    allowed(example, citizen, (HOUSEHOLD,), (HOUSEHOLD,))
    assert example.run("read", HOUSEHOLD)["facts"]


def test_the_answer_can_be_brought_by_hand_once_and_unchanged(stack: Stack, tmp_path: Path, citizen: Page) -> None:
    """With the sandbox office's credentials, whose own server takes the citizen back."""
    example = Example(tmp_path)
    office = example.run("init", "--demo", str(stack.state / "demo.json"))
    asked = example.run("ask", HOUSEHOLD)
    citizen.goto(asked["send_the_citizen_to"])
    with citizen.expect_request(lambda request: request.url.startswith(office["redirect_uri"])) as back:
        citizen.get_by_role("button", name="Decline").click()
    assert "unknown" in example.failed("back", with_parameter(back.value.url, "state", "another"))
    assert example.refused("back", back.value.url)["refused"] == "access_denied"
    assert "unknown" in example.failed("back", back.value.url)
