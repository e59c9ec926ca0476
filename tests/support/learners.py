"""Citizens who let the model learn from what they have, and the stewards who move it: by the portal's pages and by manage.py, beside a running stack."""

from __future__ import annotations

import html
import re
import time
from base64 import b32decode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from subprocess import CompletedProcess
from typing import Any, TypeVar
from urllib.parse import urljoin
from uuid import UUID

from django_otp.oath import TOTP

from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

T = TypeVar("T")
REGISTER, TAX, SOCIAL = "population-register", "tax-administration", "social-insurance"
AT_ONCE = 4
STEP = 30  # seconds, of an authenticator's code
SLOW = 600.0  # seconds that a training may take where a machine has other work


@dataclass(frozen=True)
class Shown:
    """A page of suggestions: the run, the first twelve letters of its model, how many cards, and the page."""

    run: UUID
    model: str
    cards: int
    text: str


class Learner(Person):
    """A household of the sandbox that connects sources, is suggested services and lets a model learn from it."""

    def __init__(self, stack: Stack, household: int) -> None:
        super().__init__(stack, identifier(household))
        self.stack, self.household = stack, household
        self.id = UUID(int=0)

    def joins(self, *sources: str) -> Learner:
        """Signs in, and connects the sources one after the other."""
        self.sign_in()
        pulls = [self.connect(source) for source in sources]
        with self.stack.admin() as database:
            found = database.execute("SELECT DISTINCT citizen_id FROM sources_pull WHERE id = ANY(%s)", [pulls]).fetchall()
            [(self.id,)] = found
            done = "SELECT bool_and(state = 'done') FROM sources_pull WHERE id = ANY(%s)"
            wait_for(lambda: database.execute(done, [pulls]).fetchone() == (True,), "the pulls to be done", within=SLOW)
        return self

    def anew(self) -> Learner:
        """The same citizen at another browser."""
        other = Learner(self.stack, self.household)
        other.id = self.id
        other.sign_in()
        return other

    def page(self, path: str) -> str:
        self.browser.open(f"{self.base_url}{path}")
        assert self.browser.status == 200, f"{path} {self.browser.status}"
        return self.browser.text

    def allow_training(self) -> None:
        """Every category that is asked for, for six months."""
        self.page("/en/training/")
        categories = next(form.choices["categories"] for form in self.browser.forms() if "categories" in form.choices)
        self.browser.press("Allow", categories=categories, end="6")
        assert self.browser.url.endswith("?done=allowed"), self.browser.url

    def withdraw_training(self) -> None:
        self.browser.open(f"{self.base_url}/en/consents/{self.consent()}/withdraw/")
        self.browser.press("Withdraw")
        assert self.browser.status == 200

    def consent(self) -> UUID:
        """Of the one that stands, to training."""
        query = "SELECT id FROM consent_consentrecord WHERE citizen_id = %s AND state = 'given' AND purpose_id = 'model-training'"
        with self.stack.admin() as database:
            [(found,)] = database.execute(query, [self.id]).fetchall()
        return UUID(str(found))

    def suggestions(self) -> Shown:
        text = self.page("/en/suggestions/")
        run, model = re.search(r'name="run" value="([0-9a-f-]{36})"', text), re.search(r"Model: ([0-9a-f]{12})\b", text)
        assert run and model, text[:3000]
        return Shown(UUID(run[1]), model[1], text.count('id="service-'), text)

    def finds_helpful(self) -> None:
        self.page("/en/suggestions/")
        self.browser.press("This is helpful")
        assert "Marked as helpful" in self.page("/en/suggestions/")

    def applied(self) -> None:
        self.page("/en/suggestions/")
        self.browser.press("I have applied for this")
        assert "Marked as applied for" in self.page("/en/suggestions/")

    def sets_aside(self) -> None:
        """The first suggestion is not for them."""
        form = re.search(r'href="(/en/suggestions/not-for-me/[^"]+)"', self.page("/en/suggestions/"))
        assert form
        self.page(html.unescape(form[1]))
        why = next(form.choices["why"] for form in self.browser.forms() if "why" in form.choices)
        self.browser.press("Do not suggest it", why=why[0])
        assert self.browser.status == 200

    def exported(self) -> dict[str, Any]:
        """All that Aurora has of them, as they download it."""
        self.page("/en/my-data/")
        self.browser.press("Download")
        assert self.browser.page is not None
        return dict(self.browser.page.json())

    def activity(self) -> str:
        """Every page of the log."""
        text = self.page("/en/activity/")
        while older := re.search(r'href="([^"]+)" rel="next"', self.browser.text):
            self.browser.open(urljoin(self.browser.url, html.unescape(older[1])))
            text += self.browser.text
        return text

    def entries(self) -> list[tuple[UUID, str]]:
        """(id, event) of the log, as it is stored."""
        with self.stack.admin() as database:
            return database.execute("SELECT id, event FROM ledger_ledgerentry WHERE citizen_id = %s ORDER BY at", [self.id]).fetchall()


class Steward:
    """A model steward of the demo, who shows a code of their authenticator once."""

    def __init__(self, stack: Stack, username: str) -> None:
        self.stack, self.username, self._last = stack, username, 0
        [self._secret] = [one["totp_secret"] for one in stack.demo["operators"] if one["username"] == username]

    def code(self) -> str:
        """One that has not counted yet. Waits for it: half a minute at most."""
        step = max(int(time.time()) // STEP, self._last + 1)
        wait_for(lambda: int(time.time()) // STEP >= step - 1, "the next code", within=STEP + 5)
        totp = TOTP(b32decode(self._secret))
        totp.time, self._last = step * STEP, step
        return f"{totp.token():06d}"

    def says(self, command: str, *arguments: str, check: bool = True) -> CompletedProcess[str]:
        return self.stack.manage(command, *arguments, "--operator", self.username, "--code", self.code(), check=check, within=SLOW)


def together(people: Iterable[Learner], act: Callable[[Learner], T]) -> list[T]:
    """What each came to; some at once, as people do."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, people))
