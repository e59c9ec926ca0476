"""An agency with words of its own, whose versions a test may change: nothing else rests on them."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from aurora.sandbox import jose
from aurora.ui.contexts import AgencyConsentPage
from consent import loading
from consent.models import Agency
from consent.oauth import clients
from tests.support.cast import FORM, Office, Person

LANGUAGES = ("fi", "sv", "en")


def words(text: str) -> dict[str, str]:
    """The same in each language, and yet not the same."""
    return {language: f"{text} ({language})" for language in LANGUAGES}


class Asking:
    """An office that may ask for `income` and `housing`; each `load` makes the next version of what it names."""

    def __init__(self) -> None:
        tag = uuid4().hex[:8]
        self.purpose, self.income, self.housing = f"benefit-{tag}", f"x{tag}.income", f"x{tag}.housing"
        self.docs: dict[str, dict[str, Any]] = {
            "agency": {
                "code": f"office-{tag}", "version": 1, "roles": ["data_user"], "name": words(f"Office {tag}"), "legal_name": "Office of X",
                "business_id": "0000001-9", "contact": {"url": "https://office.test/data"}, "country": "SX", "since": "2026-01-01",
            },
            "purpose": {
                "code": self.purpose, "version": 1, "kind": "access", "dpv": "https://w3id.org/dpv#Purpose", "name": words("Benefit"),
                "description": words("The office checks."), "on_refusal": words("On paper."),
            },
            "income": self._category(self.income, "Income", "Wages"),
            "housing": self._category(self.housing, "Housing", "Rent"),
        }  # fmt: skip
        for name in self.docs:
            self._load(name)
        key = jose.new_key()
        clients.register(
            client_id=f"office-{tag}", agency=self.agency, name=words("Service"), redirect_uris=["https://office.test/back"],
            jwks=jose.public_jwks(key), purposes=[self.purpose], categories=[self.income, self.housing],
        )  # fmt: skip
        self.office = Office(f"office-{tag}", key, "https://office.test/back", self.purpose, [self.income])

    @property
    def agency(self) -> Agency:
        return Agency.objects.get(code=self.docs["agency"]["code"])

    def load(self, name: str, /, *, meaning: bool, **changes: Any) -> None:
        doc = copy.deepcopy(self.docs[name]) | changes
        doc["version"] += 1
        doc["binding_since"] = doc["version"] if meaning else doc.get("binding_since", 1)
        self.docs[name] = doc
        self._load(name)

    def grow(self, *labels: str, meaning: bool = True) -> None:
        self.load("income", meaning=meaning, schema=self._schema(*labels))

    def _load(self, name: str) -> None:
        doc, now = self.docs[name], timezone.now()
        if name == "agency":
            loading.agency(doc, now=now)
        elif name == "purpose":
            loading.purpose(doc, now=now)
        else:
            loading.category(doc, source=self.agency, now=now)

    def _category(self, code: str, name: str, *labels: str) -> dict[str, Any]:
        return {
            "code": code, "version": 1, "dpv": "https://w3id.org/dpv#Data", "sensitive": False, "name": words(name),
            "description": words(f"{name} of a year."), "schema": self._schema(*labels),
        }  # fmt: skip

    def _schema(self, *labels: str) -> dict[str, Any]:
        return {"type": "object", "properties": {label.lower(): {"type": "integer", "x-label": words(label)} for label in labels}}


def ask(asking: Asking, face: Client, *, language: str = "en", **changes: Any) -> AgencyConsentPage:
    """The page that the citizen sees."""
    answer = face.get(
        "/oauth/authorize", {"client_id": asking.office.client_id, "request_uri": asking.office.push(**changes), "language": language}
    )
    assert answer.status_code == 200, answer.content
    page: AgencyConsentPage = answer.context["page"]
    return page


def decide(face: Client, page: AgencyConsentPage, *categories: str, decision: str = "allow") -> HttpResponse:
    form = urlencode({**dict(page.hidden), "decision": decision, "categories": categories}, doseq=True)
    return face.post("/oauth/authorize", form, content_type=FORM)  # type: ignore[return-value]


def redeem(asking: Asking, answer: HttpResponse) -> dict[str, Any]:
    """The token response to where the citizen was sent."""
    office = asking.office
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    done = office.post(
        "/oauth/token", grant_type="authorization_code", code=code, redirect_uri=office.redirect_uri, code_verifier=office.verifier
    )
    assert done.status_code == 200, done.content
    return dict(done.json())  # type: ignore[attr-defined]


def agreed(asking: Asking, person: Person, *, language: str = "en", **changes: Any) -> dict[str, Any]:
    """The citizen allows all that is asked; the token response."""
    face = person.browser()
    page = ask(asking, face, language=language, **changes)
    return redeem(asking, decide(face, page, *(c.category.code for c in page.categories)))
