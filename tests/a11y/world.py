"""Citizens and operators of a running stack with something on every page: sources, a disagreement, a correction, mandates, copies, erasures, cases.

All of it is done as people do it, by forms and without a script, and each keeps the cookies with which a browser goes on where they are.
"""

from __future__ import annotations

import html
import re
import time
from base64 import b32decode
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urljoin

from django_otp.oath import TOTP

from tests.support.forms import Browser
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

UUID = r"[0-9a-f-]{36}"
BERTIL, DAGNY, EERO, FRANS = 1, 3, 4, 5
OFFICE = {
    "legal_name": "Benefits Office", "business_id": "7654321-0", "country": "FI", "contact_url": "https://office.example/",
    "contact_email": "office@example.org", "since": "2026-01-01", "meaning": "words",
}  # fmt: skip
STEP = 30  # seconds, of an authenticator's code
NOBODY = 901  # a household of the register whom nobody else is: what a page says to somebody who has just come
WHO = ("dagny", "acting", "newcomer", "leaving", "anonymous")


@dataclass
class World:
    """`ids`: what stands in addresses, by name. `browsers`: who sits where, by name: a citizen's, an operator's user name, or "anonymous"."""

    stack: Stack
    ids: dict[str, str] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)

    def cookies(self, who: str) -> list[dict[str, Any]]:
        """As playwright takes them."""
        jar = self.browsers[who].http.cookies.jar if who in self.browsers else ()
        return [{"name": c.name, "value": c.value, "url": self.stack.base_url} for c in jar if c.domain.startswith("localhost")]

    def officer(self, name: str) -> tuple[str, str]:
        """Another agency officer, who has no authenticator yet: user name and password, which is Astrid's."""
        with self.stack.admin() as database:
            database.execute(
                "INSERT INTO identity_operator (id, username, name, roles, password, is_active, totp_last_step)"
                " SELECT gen_random_uuid(), %s, %s, roles, password, true, -1 FROM identity_operator WHERE username = 'astrid'",
                [name, name.title()],
            )
        return name, next(one["password"] for one in self.stack.demo["operators"] if one["username"] == "astrid")

    def second_factors_again(self) -> None:
        """Each operator gives a code once more: what they send wants one of the last ten minutes, and whatever was looked at so far took its time."""
        for operator in self.stack.demo["operators"]:
            with self.stack.admin() as database:
                [(last,)] = database.execute(
                    "SELECT totp_last_step FROM identity_operator WHERE username = %s", [operator["username"]]
                ).fetchall()
            step = max(int(time.time()) // STEP, last + 1)  # a code opens once; one of the next step is taken already
            wait_for(lambda step=step: int(time.time()) // STEP >= step - 1, "the next code", within=2 * STEP)
            browser = self.browsers[operator["username"]].open(f"{self.stack.base_url}/en/console/second-factor/")
            browser.press("", code=code_of(operator["totp_secret"], step=step))
            assert browser.url.endswith("/en/console/"), browser.url

    def close(self) -> None:
        for browser in self.browsers.values():
            browser.close()


def make(stack: Stack) -> World:
    world = World(stack)
    person = _signed_in(world, "dagny", stack.citizen(DAGNY)["identifier"])
    _connected(world, person)
    _says_of_herself(world, person)
    _asked_by_the_office(world, person)
    _mandates(world, person)
    _wrote(world, person)
    _others(world)
    _estimates(world, person)
    _erased_and_took_along(world, person)
    _operators(world)
    _in_the_console(world)
    return world


def _signed_in(world: World, name: str, identifier: str) -> Person:
    person = Person(world.stack, identifier).sign_in()
    world.browsers[name] = person.browser
    return person


def text(person: Person, path: str) -> str:
    person.browser.open(f"{person.base_url}{path}")
    assert person.browser.status == 200, (path, person.browser.status)
    return person.browser.text


def press(person: Person | _Operator, label: str, **values: str | list[str]) -> None:
    """As the browser's own `press`, which does not know the names of lists and of long texts: the first button of that label."""
    browser = person.browser
    form, button = next((form, b) for form in browser.forms() for b in form.buttons if b["label"].strip().startswith(label))
    data = {**form.fields, **({button["name"]: button["value"]} if button["name"] else {}), **values}
    browser.post(urljoin(browser.url, form.action), data)
    assert browser.status == 200, (label, browser.url, browser.status)


def first(person: Person, path: str, pattern: str) -> str:
    """The first group of `pattern` on a page."""
    found = re.search(pattern, text(person, path))
    assert found, (path, pattern, person.browser.text[:3000])
    return found[1]


def _connected(world: World, person: Person) -> None:
    world.ids["pull"] = str(person.connect("population-register"))
    person.connect("tax-administration")
    person.connect("social-insurance")
    person.connect("hospital", purposes=("own-overview", "surgery-risk"))
    person.connect("health-centre", purposes=("own-overview",))
    wait_for(lambda: text(person, "/en/sources/").count("fetch/") >= 5, "the sources to have answered", within=60)


def _says_of_herself(world: World, person: Person) -> None:
    """More adults than the register knows: two disagree."""
    text(person, "/en/life/")
    said = {"household_adults": "4", "household_6_to_12": "1", "household_under_6": "2", "household_spouse_age": "34"}
    person.browser.press("Save and allow", categories=["life.situation", "life.home", "life.household"], end="3", **said)
    world.ids["fact"] = first(person, "/en/my-data/", rf"/en/my-data/correct/({UUID})/")
    wait_for(lambda: "/why/" in text(person, "/en/suggestions/"), "suggestions", within=60)
    world.ids["service"] = first(person, "/en/suggestions/", r"/en/suggestions/why/([a-z0-9-]+)/")
    world.ids["run"] = first(person, "/en/suggestions/", rf"/en/suggestions/open/({UUID})/")
    person.browser.press("This is helpful")
    text(person, "/en/training/")
    person.browser.press("Allow", **_all_choices(person.browser, "categories"), end="6")


def _all_choices(browser: Browser, name: str) -> dict[str, list[str]]:
    return {name: next((form.choices[name] for form in browser.forms() if name in form.choices), [])}


def _asked_by_the_office(world: World, person: Person) -> None:
    office = world.stack.demo["agencies"][0]["base_url"]
    person.browser.open(f"{office}/?lang=en").press("")
    person.browser.press("Allow", **_all_choices(person.browser, "categories"))
    person.browser.press("Read now")
    world.ids["read"] = first(person, "/en/activity/", _titled("An agency read your data"))
    world.ids["consent"] = first(person, "/en/consents/", rf"/en/consents/({UUID})/withdraw/")
    world.ids["receipt"] = first(person, f"/en/consents/{world.ids['consent']}/", rf"/receipts/({UUID})/")
    world.ids["message"] = first(person, "/en/messages/", rf"/en/messages/({UUID})/")


def _titled(title: str) -> str:
    """An entry of the activity, by what it is called."""
    return rf'/en/activity/({UUID})/"[^>]*>\s*{title}'


def _offered(giver: Person, receiver: str) -> None:
    text(giver, "/en/mandates/offer/")
    until = date.today() + timedelta(days=90)
    themes = _all_choices(giver.browser, "themes")
    giver.browser.press(
        "Send the offer", identifier=receiver, **themes, until_day=str(until.day), until_month=str(until.month), until_year=str(until.year)
    )


def _mandates(world: World, person: Person) -> None:
    """Dagny may act for Bertil, and does in a browser of her own; Frans has been offered to act for her."""
    stack = world.stack
    bertil = _signed_in(world, "bertil", stack.citizen(BERTIL)["identifier"])
    bertil.connect("tax-administration")
    _offered(bertil, person.identifier)
    _offered(person, stack.citizen(FRANS)["identifier"])
    acting = _signed_in(world, "acting", person.identifier)
    world.ids["offered to me"] = first(acting, "/en/mandates/", rf"/en/mandates/({UUID})/")
    text(acting, f"/en/mandates/{world.ids['offered to me']}/")
    acting.browser.press("Accept")
    acting.browser.press("Act for")
    world.ids["mandate"] = first(person, "/en/mandates/", rf"/en/mandates/({UUID})/revoke/")


def _wrote(world: World, person: Person) -> None:
    """A case about the office's reading, a request for correction, an address for mails."""
    text(person, f"/en/activity/{world.ids['read']}/concern/")
    kinds = _all_choices(person.browser, "kind")["kind"]
    press(person, "Send", kind=kinds[0], text="Why was my household read twice?")
    world.ids["concern"] = _last_in_address(person)
    world.ids["own use"] = first(person, "/en/activity/", _titled("Aurora fetched your data"))
    text(person, f"/en/activity/{first(person, '/en/activity/', _titled('Aurora used your data to suggest services'))}/concern/")
    press(person, "Send", kind=kinds[0], text="Why these services?")
    world.ids["our concern"] = _last_in_address(person)
    # Another fact than the one whose form stays to be looked at: a choice, of which the last will do.
    asked = [one for one in re.findall(rf"/en/my-data/correct/({UUID})/", text(person, "/en/my-data/")) if one != world.ids["fact"]]
    text(person, next(path for one in asked if "<select" in text(person, path := f"/en/my-data/correct/{one}/")))
    now = re.search(r'<dd class="govuk-summary-list__value">\s*([^<]*?)\s*<', person.browser.text)
    others = [value for value, words in re.findall(r'<option value="([^"]+)">([^<]*)<', person.browser.text) if now and words != now[1]]
    press(person, "Send", right=others[0], why="It was noted wrongly.")
    world.ids["correction"] = _last_in_address(person)
    text(person, "/en/messages/email/")
    press(person, "Send the link", address="dagny@example.org", content="notice")
    text(person, "/en/accessibility/")
    press(person, "Send feedback", page="My data", text="I cannot reach the button by the keyboard.", address="dagny@example.org")
    world.ids["reference"] = person.browser.url.rpartition("sent=")[2]
    world.ids["fact category"] = first(person, "/en/my-data/", r"/en/my-data/history/([a-z_.]+)/")


def _last_in_address(person: Person) -> str:
    return person.browser.url.rstrip("/").rpartition("/")[2]


def _others(world: World) -> None:
    """Somebody who has just come, and somebody who is about to leave and has the address of what will certify it."""
    _signed_in(world, "newcomer", identifier(NOBODY))
    leaving = _signed_in(world, "leaving", world.stack.citizen(EERO)["identifier"])
    leaving.connect("tax-administration")
    leaving.browser.open(f"{leaving.base_url}/en/sign-in/?anew&next=/en/leave/")
    leaving.browser.press("Sign in", identifier=leaving.identifier)
    press(leaving, "Delete everything and leave")
    found = re.search(r"/en/erasures/certificate/([^/\s<]+)/", leaving.browser.text)
    assert found, leaving.browser.text[:2000]
    world.ids["secret"] = found[1]


def _estimates(world: World, person: Person) -> None:
    def model() -> str | None:
        found = re.search(rf'/en/evaluations/({UUID})/"[^>]*>Risks of a joint replacement', text(person, "/en/evaluations/"))
        return found[1] if found else None

    world.ids["evaluation"] = wait_for(model, "the hospital's model to be released", within=240)
    page = f"/en/evaluations/{world.ids['evaluation']}/"
    wait_for(lambda: "Work it out" in text(person, page), "the hospital's data", within=60)
    person.browser.press("Work it out")
    wait_for(lambda: "Your estimate" in text(person, page), "the estimate", within=90)
    person.browser.press("Keep among my data")


def _erased_and_took_along(world: World, person: Person) -> None:
    text(person, "/en/erase/category/health.procedures/")
    press(person, "Delete for good")
    world.ids["erasure"] = _last_in_address(person)
    wait_for(lambda: "certificate.jwt" in text(person, f"/en/erasures/{world.ids['erasure']}/"), "the certificate", within=60)
    text(person, "/en/my-data/copy/")  # an erasure takes the copies that are there
    press(person, "Make a copy")
    world.ids["copy"] = wait_for(lambda: _copy(person), "the copy to be ready", within=60)


def _copy(person: Person) -> str | None:
    found = re.search(rf"/en/my-data/copy/({UUID})/download/", text(person, "/en/my-data/copy/"))
    return found[1] if found else None


def code_of(secret: str, *, step: int | None = None) -> str:
    """Of the time step that is now, or of another."""
    totp = TOTP(b32decode(secret))
    totp.time = time.time() if step is None else step * STEP
    return f"{totp.token():06d}"


def _operators(world: World) -> None:
    """All of them signed in; one who has given a password only, and one who has no authenticator yet."""
    for operator in world.stack.demo["operators"]:
        browser = _with_password(world, operator["username"], operator)
        browser.press("", code=code_of(operator["totp_secret"]))
        assert browser.url.endswith("/en/console/"), browser.url
    _with_password(world, "halfway", next(one for one in world.stack.demo["operators"] if one["username"] == "aune"))
    name, password = world.officer("nuutti")
    _with_password(world, "unenrolled", {"username": name, "password": password})


def _with_password(world: World, name: str, operator: dict[str, Any]) -> Browser:
    browser = world.browsers[name] = Browser()
    browser.open(f"{world.stack.base_url}/en/console/sign-in/")
    return browser.press("Sign in", username=operator["username"], password=operator["password"])


def _in_the_console(world: World) -> None:
    """What two people decide, asked by one of them; a glass that is open, and one that is asked for."""
    sits = {name: _Operator(world, name) for name in ("astrid", "petra", "pia", "milla", "helmi")}
    dagny = world.stack.citizen(DAGNY)["identifier"]
    for name in ("opened glass", "glass"):
        sits["petra"].open("console/break-glass/new/")
        press(
            sits["petra"], "Ask", who=dagny, reason="citizen_asked", text="The citizen rang about a household that is wrong.", case="2026/4711",
            categories=["population.household"], minutes="30",
        )  # fmt: skip
        world.ids[name] = _last_in_address(sits["petra"])
    sits["pia"].open(f"console/break-glass/{world.ids['opened glass']}/")
    press(sits["pia"], "Agree", who=dagny)
    sits["astrid"].open("console/clients/benefits-office/change/")
    press(
        sits["astrid"],
        "Ask",
        **{**_as_it_stands(sits["astrid"].browser), "name_en": "Housing support, anew"},
        reason="The office has another name for its service.",
    )
    world.ids["draft"] = _last_in_address(sits["astrid"])
    sits["astrid"].open("console/agencies/benefits-office/change/")
    press(sits["astrid"], "Ask", **{**_as_it_stands(sits["astrid"].browser), **OFFICE}, reason="Nobody has said who it is.")
    world.ids["agency draft"] = _last_in_address(sits["astrid"])
    sits["helmi"].open("console/operators/new/")
    press(sits["helmi"], "Ask", username="vilma", name="Vilma", roles=["auditor"], reason="She follows Aune.")
    world.ids["operator request"] = _last_in_address(sits["helmi"])
    world.ids["operator"] = sits["helmi"].first("console/operators/", rf"/en/console/operators/({UUID})/")
    world.ids["feedback"] = sits["petra"].first("console/feedback/", rf"/en/console/feedback/({UUID})/")
    world.ids["model key"] = sits["milla"].first("console/models/", rf"/en/console/models/keys/({UUID})/")
    world.ids["own model"] = sits["milla"].first("console/models/suggestions/", rf"/en/console/models/suggestions/({UUID})/")


@dataclass
class _Operator:
    """Who sits at the console, as `press` takes them."""

    world: World
    name: str

    @property
    def browser(self) -> Browser:
        return self.world.browsers[self.name]

    def open(self, path: str) -> str:
        self.browser.open(f"{self.world.stack.base_url}/en/{path}")
        assert self.browser.status == 200, (path, self.browser.status)
        return self.browser.text

    def first(self, path: str, pattern: str) -> str:
        found = re.search(pattern, self.open(path))
        assert found, (path, pattern)
        return found[1]


def _as_it_stands(browser: Browser) -> dict[str, str]:
    """The long texts of a form, which `forms` does not read."""
    found = re.findall(r'<textarea[^>]* name="([a-z_]+)"[^>]*>([^<]*)<', browser.text)
    return {name: html.unescape(value) for name, value in found}
