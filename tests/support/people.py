"""A citizen at a browser without JavaScript, going through pages by their forms: what fifty of them can do in seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from aurora.sandbox import national_id
from tests.support.forms import Browser
from tests.support.stack import Stack

PURPOSES = ("own-overview", "service-suggestions")


def identifier(household: int) -> str:
    """The sign-in identifier of a household of the sandbox's register."""
    return national_id.make(household)


class Person:
    """One citizen with a session of their own. Each step asserts that it arrived where it should."""

    def __init__(self, stack: Stack, identifier: str) -> None:
        self.base_url = stack.base_url
        self.identifier = identifier
        self.browser = Browser()

    def sign_in(self) -> Person:
        self.browser.open(f"{self.base_url}/en/sign-in/")
        self.browser.press("Sign in", identifier=self.identifier)
        assert self.browser.url == f"{self.base_url}/en/home/", self.browser.url
        return self

    def connect(self, source: str, *, purposes: Sequence[str] = PURPOSES, end: str = "6") -> UUID:
        """Allows every category at our page and at the source's; returns the id of the pull."""
        self.browser.open(f"{self.base_url}/en/sources/{source}/connect/")
        categories = next(form.choices["categories"] for form in self.browser.forms() if "categories" in form.choices)
        mine = [c for c in categories if c not in ("population.guardianship", "population.estate")]  # each goes with a purpose of its own
        self.browser.press("Allow", purposes=purposes, categories=mine, end=end)
        self.browser.press("Continue")  # at the e-ID, which knows them already
        self.browser.press("Allow")
        found = re.search(r"/en/pulls/([0-9a-f-]{36})/", self.browser.url)
        assert found, f"{self.browser.url} {self.browser.text[:2000]}"
        return UUID(found[1])

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()
