"""Where the e-ID and a source send the browser back to: answers that are replayed, foreign, refused, or of another issuer.

The e-ID and the source are real processes; Aurora's address is not served, so each way ends where the browser would come back to it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from aurora.identity.models import Citizen
from tests.attacks import odd
from tests.support.cast import FORM, ISSUER, REGISTER, Cast, Person, browser, changed, snapshot
from tests.support.forms import Browser

CALLBACK = f"/sources/{REGISTER}/callback"
SESSIONS = {"django_session"}


class Outside:
    """The citizen's browser while it is at the e-ID or the source."""

    def __init__(self) -> None:
        self.browser = Browser(ISSUER)

    def __enter__(self) -> Browser:
        return self.browser

    def __exit__(self, *_: object) -> None:
        self.browser.close()


def _signed_in_at_the_eid(face: Client, who: str, path: str = "/en/sign-in/") -> dict[str, str]:
    """The e-ID's answer to a sign-in that `face` has begun."""
    with Outside() as outside:
        return dict(outside.open(face.get(path)["Location"]).press(who).answer)


def _left_for_the_source(face: Client) -> str:
    """The source's address after our consent page was allowed."""
    page: Any = face.get(f"/en/sources/{REGISTER}/connect/").context["page"]  # type: ignore[attr-defined]
    form = {
        "decision": "allow",
        "notice_token": page.notice_token,
        "purposes": [p.purpose.code for p in page.purposes],
        "categories": [c.category.code for c in page.categories],
        "end": "3",
    }
    answer = face.post(f"/en/sources/{REGISTER}/connect/", urlencode(form, doseq=True), content_type=FORM)
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def _back_from_the_source(address: str, who: str, button: str = "Allow") -> dict[str, str]:
    with Outside() as outside:
        outside.open(address)
        labels = [b["label"] for form in outside.forms() for b in form.buttons]
        outside.press(who if any(who in label for label in labels) else "Continue")
        return dict(outside.press(button).answer)


@pytest.fixture
def bertil(cast: Cast) -> tuple[Client, str]:
    """Somebody who signs in for the first time: their browser, and their name at the e-ID."""
    return browser(), str(cast.made.demo["citizens"][2]["name"])


def _signed_in(face: Client) -> bool:
    return face.get("/en/home/").status_code == 200


def test_a_sign_in_works_once(cast: Cast, bertil: tuple[Client, str]) -> None:
    face, name = bertil
    answer = _signed_in_at_the_eid(face, name)
    assert face.get("/sign-in/callback", answer)["Location"] == "/en/home/"
    assert _signed_in(face)
    before = snapshot()
    for again in (face, browser()):
        refused = again.get("/sign-in/callback", answer)
        odd.check(refused, [answer["code"], answer["state"], name], what="replayed")
        assert refused.status_code == 400
    assert changed(before, snapshot()) <= SESSIONS
    assert _signed_in(face), "a replay signs nobody out"


def test_signing_in_gives_a_new_session(cast: Cast, bertil: tuple[Client, str]) -> None:
    face, name = bertil
    answer = _signed_in_at_the_eid(face, name)
    planted = face.cookies["aurora"].value
    face.get("/sign-in/callback", answer)
    assert face.cookies["aurora"].value != planted
    thief = browser()
    thief.cookies["aurora"] = planted
    assert not _signed_in(thief)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": "x"}, b"another window"),
        ({"state": None}, b"another window"),
        ({"iss": "https://evil.example"}, b"could not be confirmed"),
        ({"iss": None}, b"could not be confirmed"),
        ({"code": None}, b"could not be confirmed"),
        ({"code": "x"}, b"could not be confirmed"),
        ({"code": "\x00"}, b"could not be confirmed"),
        ({"code": None, "error": "access_denied"}, b"You cancelled"),
        ({"code": None, "error": "<script>alert(1)</script>"}, b"could not be confirmed"),
        ({"error": "server_error"}, b"could not be confirmed"),
        ({"code": "x" * 3000}, b"could not be confirmed"),
    ],
    ids=str,
)
def test_an_answer_that_is_not_the_eids_signs_nobody_in(
    cast: Cast, bertil: tuple[Client, str], change: dict[str, str | None], reason: bytes
) -> None:
    face, name = bertil
    answer = _signed_in_at_the_eid(face, name)
    changed_answer = {k: v for k, v in {**answer, **change}.items() if v is not None}
    before = snapshot()
    refused = face.get("/sign-in/callback", changed_answer)
    odd.check(refused, [answer["code"]], what=str(change))
    assert refused.status_code == 400 and reason in refused.content, refused.content
    assert not _signed_in(face)
    # The errand was used up by the attempt: the true answer is too late now.
    assert face.get("/sign-in/callback", answer).status_code == 400
    assert changed(before, snapshot()) <= SESSIONS


def test_parameters_given_twice_are_no_answer(cast: Cast, bertil: tuple[Client, str]) -> None:
    face, name = bertil
    answer = _signed_in_at_the_eid(face, name)
    refused = face.get(f"/sign-in/callback?{urlencode(answer)}&code={answer['code']}")
    assert refused.status_code == 400 and not _signed_in(face)


def test_a_strangers_answer_signs_nobody_in_as_them(cast: Cast, bertil: tuple[Client, str]) -> None:
    """Login CSRF: the attacker's answer in the victim's browser."""
    victim = browser()
    _signed_in_at_the_eid(victim, bertil[1])
    attackers = _signed_in_at_the_eid(browser(), bertil[1])
    assert victim.get("/sign-in/callback", attackers).status_code == 400
    assert not _signed_in(victim)


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/en/consents/", "/en/consents/"),
        ("/fi/activity/?kind=read", "/fi/activity/?kind=read"),
        ("https://evil.example/", "/en/home/"),
        ("//evil.example", "/en/home/"),
        ("/\\evil.example", "/en/home/"),
        ("/\t/evil.example", "/en/home/"),
        ("\\\\evil.example", "/en/home/"),
        ("javascript:alert(1)", "/en/home/"),
        ("http:evil.example", "/en/home/"),
        ("/" + "a" * 5000, "/en/home/"),
        ("\x00/en/home/", "/en/home/"),
    ],
)
def test_after_signing_in_one_comes_to_a_page_of_ours(cast: Cast, bertil: tuple[Client, str], wanted: str, reached: str) -> None:
    face, name = bertil
    answer = _signed_in_at_the_eid(face, name, f"/en/sign-in/?{urlencode({'next': wanted})}")
    arrived = face.get("/sign-in/callback", answer)
    odd.check(arrived, cast.secrets(), what=wanted)
    assert arrived["Location"] == reached


@pytest.mark.parametrize("path", ["//evil.example/en/home/", "/%2Fevil.example/", "/\\evil.example/home", "//evil.example/%2e%2e"])
def test_no_path_leads_away(cast: Cast, path: str) -> None:
    for face, own in ((browser(), []), (cast.aino.browser(), [cast.aino.name])):  # who is signed in reads their own name above the menu
        answer = face.get("/", PATH_INFO=path)
        odd.check(answer, [secret for secret in cast.secrets() if secret not in own], what=path)
        assert not urlsplit(answer.headers.get("Location", "")).netloc


def test_a_first_sign_in_makes_one_citizen_and_the_next_none(cast: Cast) -> None:
    name = str(cast.made.demo["citizens"][3]["name"])
    ids = set()
    for _ in range(2):
        face = browser()
        face.get("/sign-in/callback", _signed_in_at_the_eid(face, name))
        ids.add(face.session["_auth_user_id"])
    assert len(ids) == 1


def test_a_sources_answer_connects_once(cast: Cast, bertil: tuple[Client, str]) -> None:
    person, face, name = _person(cast, bertil)
    answer = _back_from_the_source(_left_for_the_source(face), name)
    arrived = face.get(CALLBACK, answer)
    assert arrived.status_code == 302 and "/pulls/" in arrived["Location"]
    assert len(person.consents(state="given")) == 4  # one a purpose
    before = snapshot()
    again = face.get(CALLBACK, answer)
    odd.check(again, [answer["code"], answer["state"]], what="replayed")
    assert again["Location"].endswith("?problem=invalid_state")
    assert b"another window" in face.get(again["Location"]).content
    assert changed(before, snapshot()) <= SESSIONS


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"state": "x"}, "invalid_state"),
        ({"state": None}, "invalid_state"),
        ({"state": "\x00"}, "invalid_state"),
        ({"iss": "https://evil.example"}, "invalid_answer"),
        ({"iss": None}, "invalid_answer"),
        ({"code": None}, "invalid_answer"),
        ({"code": "x"}, "invalid_answer"),
        ({"code": None, "error": "access_denied"}, "access_denied"),
        ({"code": None, "error": "<script>alert(1)</script>"}, "invalid_answer"),
    ],
    ids=str,
)
def test_an_answer_that_is_not_the_sources_connects_nothing(
    cast: Cast, bertil: tuple[Client, str], change: dict[str, str | None], problem: str
) -> None:
    person, face, name = _person(cast, bertil)
    answer = _back_from_the_source(_left_for_the_source(face), name)
    standing = [c.pk for c in person.consents(state="given")]
    before = snapshot()
    refused = face.get(CALLBACK, {k: v for k, v in {**answer, **change}.items() if v is not None})
    odd.check(refused, [answer["code"]], what=str(change))
    assert refused["Location"] == f"/en/sources/?problem={problem}"
    odd.check(face.get(refused["Location"]), [answer["code"]], what=problem)
    # A right state uses the attempt up, whatever came with it.
    assert changed(before, snapshot()) <= SESSIONS | {"sources_connectattempt"}
    assert [c.pk for c in person.consents(state="given")] == standing


def test_declining_at_the_source_records_no_consent(cast: Cast, bertil: tuple[Client, str]) -> None:
    person, face, name = _person(cast, bertil)
    standing = [c.pk for c in person.consents(state="given")]
    answer = _back_from_the_source(_left_for_the_source(face), name, button="Refuse")
    assert face.get(CALLBACK, answer)["Location"].endswith("?problem=access_denied")
    assert [c.pk for c in person.consents(state="given")] == standing


def test_another_citizens_answer_connects_nothing(cast: Cast, bertil: tuple[Client, str]) -> None:
    _, face, name = _person(cast, bertil)
    answer = _back_from_the_source(_left_for_the_source(face), name)
    before = snapshot()
    cecilia = cast.cecilia.browser()
    assert cecilia.get(CALLBACK, answer)["Location"].endswith("?problem=invalid_state")
    assert browser().get(CALLBACK, answer)["Location"].startswith("/en/sign-in/?next=")
    assert changed(before, snapshot()) <= SESSIONS | {"identity_citizen"}
    assert "/pulls/" in face.get(CALLBACK, answer)["Location"], "it is still Bertil's to use"


@pytest.mark.parametrize("code", ["tax-administration", "benefits-office", "no-such-source", "aurora"])
def test_an_answer_at_another_sources_address_connects_nothing(cast: Cast, bertil: tuple[Client, str], code: str) -> None:
    """Mix-up (RFC 9700 4.4): one redirect URI a source."""
    _, face, name = _person(cast, bertil)
    answer = _back_from_the_source(_left_for_the_source(face), name)
    before = snapshot()
    refused = face.get(f"/sources/{code}/callback", answer)
    odd.check(refused, [answer["code"]], what=code)
    assert refused.status_code == 404 or refused["Location"].endswith("?problem=invalid_state")
    assert changed(before, snapshot()) <= SESSIONS


def _person(cast: Cast, bertil: tuple[Client, str]) -> tuple[Person, Client, str]:
    """Bertil, signed in through the e-ID, so that the source knows the same person."""
    face, name = bertil
    face.get("/sign-in/callback", _signed_in_at_the_eid(face, name))
    return Person(Citizen(id=face.session["_auth_user_id"]), name, ""), face, name
