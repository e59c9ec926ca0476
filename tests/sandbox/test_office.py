"""The benefits office against a strict stand-in for Aurora; the journeys' tests drive it against Aurora itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aurora_double import Answer, AuroraDouble
from sandbox_client import Browser

from aurora.sandbox import launch
from aurora.sandbox.config import OFFICE, PROCESSES
from aurora.sandbox.provision import provision, write_configs


@dataclass
class Office:
    url: str
    aurora: AuroraDouble


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    urls = launch.free_urls(["aurora", *PROCESSES])
    aurora = AuroraDouble(int(urls["aurora"].rsplit(":", 1)[1]))
    made = provision(urls=urls)
    aurora.registration = made.aurora["agencies"][0]
    configs = write_configs(made, folder / "config")
    running = launch.start_all({OFFICE: configs[OFFICE]}, state=folder / "state", urls=urls)
    yield Office(running[OFFICE].base_url, aurora)
    launch.stop_all(running)
    aurora.stop()


@pytest.fixture
def office(started: Office) -> Iterator[Office]:
    """The office, Aurora's stand-in in its first mood; afterwards nothing that the office sent may have been wrong."""
    aurora = started.aurora
    aurora.answer_with = lambda answer: answer
    aurora.grant = ["population.household", "tax.income"]
    aurora.expires_in, aurora.twin, aurora.par_status, aurora.complaints, aurora.nonce = 600, aurora.facts, 201, [], ""
    yield started
    assert aurora.complaints == []


@pytest.fixture
def visitor() -> Iterator[Browser]:
    one = Browser("http://nobody.invalid")
    yield one
    one.close()


def test_application_is_granted_and_read(office: Office, visitor: Browser) -> None:
    visitor.open(office.url)
    assert "Income" in visitor.text and "Household" in visitor.text
    visitor.press("Apply for housing support")
    assert "You allowed us to read" in visitor.text and "benefit-application" in visitor.text
    visitor.press("Read now", category="tax.income")
    assert "21000" in visitor.text and "something_new" in visitor.text and "HTTP 200" in visitor.text
    visitor.open(office.url)
    assert "we received permission" in visitor.text


def test_a_nonce_is_brought_when_it_is_asked_for(office: Office, visitor: Browser) -> None:
    """RFC 9449 sections 8 and 9; all proofs are of one key, which is not the one that signs assertions."""
    office.aurora.nonce = "a-nonce-of-aurora"
    visitor.open(office.url).press("Apply").press("Read now")
    assert "21000" in visitor.text
    assert len({jwk["x"] for jwk in office.aurora.proof_jwks}) == 1


def test_page_shows_what_was_left_out_and_the_reason_when_it_is_read_all_the_same(office: Office, visitor: Browser) -> None:
    def twin(category: str) -> Answer:
        return 403, {"type": "about:blank", "status": 403, "code": "category_not_covered"}

    office.aurora.grant, office.aurora.twin = ["tax.income"], twin
    visitor.open(office.url).press("Apply")
    rows = visitor.text.split("<tbody>")[1].split("</tr>")
    assert "Household" in rows[0] and "<td>No</td>" in rows[0] and "Income" in rows[1] and "<td>Yes</td>" in rows[1]
    visitor.press("Read now")
    assert "category_not_covered" in visitor.text and "HTTP 403" in visitor.text


def test_withdrawn_consent_shows_auroras_code(office: Office, visitor: Browser) -> None:
    visitor.open(office.url).press("Apply").press("Read now")
    assert "21000" in visitor.text
    office.aurora.twin = lambda category: (403, {"code": "consent_withdrawn"})
    visitor.press("Read now")
    assert "consent_withdrawn" in visitor.text and "21000" not in visitor.text


def test_refusal_shows_the_error_and_offers_no_reading(office: Office, visitor: Browser) -> None:
    office.aurora.answer_with = lambda a: {"error": "access_denied", "state": a["state"], "iss": a["iss"]}
    visitor.open(office.url).press("Apply")
    assert "access_denied" in visitor.text and "Read now" not in visitor.text


def test_access_token_about_to_end_is_renewed_before_reading(office: Office, visitor: Browser) -> None:
    office.aurora.expires_in = 1
    before = office.aurora.refreshes
    visitor.open(office.url).press("Apply").press("Read now")
    assert "21000" in visitor.text and office.aurora.refreshes == before + 1
    visitor.press("Read now")
    assert "21000" in visitor.text and office.aurora.refreshes == before + 1


def test_answer_with_a_foreign_or_missing_issuer_is_not_used(office: Office, visitor: Browser) -> None:
    for iss in ("http://evil.invalid", ""):
        office.aurora.answer_with = lambda a, iss=iss: {**a, "iss": iss}  # type: ignore[misc]
        visitor.open(office.url).press("Apply")
        assert visitor.status == 400 and "wrong_issuer" in visitor.text
    assert len(office.aurora.codes) >= 2


def test_answer_with_a_foreign_state_or_in_another_browser_is_not_used(office: Office, visitor: Browser) -> None:
    office.aurora.answer_with = lambda a: {**a, "state": "forged"}
    visitor.open(office.url).press("Apply")
    assert visitor.status == 400 and "request_expired" in visitor.text
    seen: list[dict[str, str]] = []
    office.aurora.answer_with = lambda a: seen.append(a) or {"error": "access_denied", **a}  # type: ignore[func-returns-value]
    stranger = Browser("http://nobody.invalid")
    visitor.open(office.url).press("Apply")
    stranger.open(f"{office.url}/callback?code={seen[0]['code']}&state={seen[0]['state']}&iss={seen[0]['iss']}")
    assert stranger.status == 400 and "request_expired" in stranger.text
    stranger.close()


def test_answer_is_used_once(office: Office, visitor: Browser) -> None:
    seen: list[dict[str, str]] = []
    office.aurora.answer_with = lambda a: seen.append(a) or a  # type: ignore[func-returns-value]
    visitor.open(office.url).press("Apply")

    again = visitor.http.get(f"{office.url}/callback", params=seen[0])
    assert again.status_code == 400 and "request_expired" in again.text


def test_application_of_another_browser_is_not_found(office: Office, visitor: Browser) -> None:
    visitor.open(office.url).press("Apply")
    stranger = Browser("http://nobody.invalid")
    assert stranger.open(visitor.url).status == 404 and "application_unknown" in stranger.text
    stranger.close()


def test_aurora_that_refuses_the_request_gives_a_page_with_its_code(office: Office, visitor: Browser) -> None:
    office.aurora.par_status = 400
    visitor.open(office.url).press("Apply")
    assert visitor.status == 502 and "invalid_authorization_details" in visitor.text


def test_code_that_aurora_does_not_take_is_a_refusal(office: Office, visitor: Browser) -> None:
    office.aurora.answer_with = lambda a: {**a, "code": "made-up"}
    visitor.open(office.url).press("Apply")
    assert "invalid_grant" in visitor.text and "Read now" not in visitor.text


@pytest.mark.parametrize(("language", "word"), [("fi", "Hae asumistukea"), ("sv", "Ansök om bostadsstöd")])
def test_page_speaks_the_chosen_language(office: Office, visitor: Browser, language: str, word: str) -> None:
    visitor.open(f"{office.url}/?ui_locales={language}")
    assert word in visitor.text and f'<html lang="{language}">' in visitor.text
    visitor.press(word)
    assert f'<html lang="{language}">' in visitor.text
