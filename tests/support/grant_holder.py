"""What an agency and a citizen do about grants, over HTTP: ask, answer, fetch tokens, look at a grant, give it back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from django.test import Client as Browser
from django.utils import timezone

from aurora.sandbox import jose
from consent.models import Agency, Purpose, PurposeVersion
from consent.oauth.models import Client
from consent.scope import citizen_scope
from tests.support.cast import FORM, Cast, Office, Person, browser

REVIEW = "benefit-review"


def second_purpose(cast: Cast) -> str:
    """Another purpose that the office may ask for; taken away with everything else."""
    texts = dict.fromkeys(("fi", "sv", "en"), "Review of a benefit")
    purpose, _ = Purpose.objects.get_or_create(code=REVIEW, kind=Purpose.Kind.ACCESS)
    PurposeVersion.objects.get_or_create(
        purpose=purpose,
        version=1,
        defaults={"dpv": "https://w3id.org/dpv#Purpose", "name": texts, "description": texts, "on_refusal": texts},
    )
    client = Client.objects.get(client_id=cast.office.client_id)
    if REVIEW not in client.allowed_purposes:
        Client.objects.filter(pk=client.pk).update(allowed_purposes=[*client.allowed_purposes, REVIEW])
    return REVIEW


def another_client(cast: Cast, *, agency: str = "") -> Office:
    """A further client with the office's rights, of the same agency or of one made for it."""
    old = Client.objects.select_related("agency").get(client_id=cast.office.client_id)
    owner = old.agency
    if agency:
        owner = Agency.objects.create(code=f"{agency}-{uuid4().hex[:8]}", name=old.agency.name, roles=["data_user"])
    key = jose.new_key()
    made = Client.objects.create(
        client_id=f"c-{uuid4().hex[:12]}", agency=owner, name=old.name, redirect_uris=old.redirect_uris, jwks=jose.public_jwks(key),
        allowed_purposes=old.allowed_purposes, allowed_categories=old.allowed_categories,
    )  # fmt: skip
    return replace(cast.office, client_id=made.client_id, key=key, proof_key=jose.new_key(), http=browser())


def ask(office: Office, *, action: str | None = None, grant_id: str | None = None, **detail: Any) -> Any:
    """The answer to a pushed request."""
    managed = {"grant_management_action": action, "grant_id": grant_id}
    form = office.request(**detail) | {name: value for name, value in managed.items() if value is not None}
    return office.post("/oauth/par", **form)


def page_of(office: Office, face: Browser, request_uri: str) -> Any:
    """What the authorization endpoint answers to a citizen's browser."""
    return face.get("/oauth/authorize", {"client_id": office.client_id, "request_uri": request_uri})


def answer(face: Browser, page: Any, categories: list[str], decision: str = "allow") -> Any:
    form = {**dict(page.context["page"].hidden), "decision": decision, "categories": categories}
    return face.post("/oauth/authorize", urlencode(form, doseq=True), content_type=FORM)


def sent_back(response: Any) -> dict[str, str]:
    """The parameters that go to the agency."""
    assert response.status_code == 303, response.content
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def redeem(office: Office, code: str, **more: str) -> Any:
    return office.post(
        "/oauth/token", grant_type="authorization_code", code=code, redirect_uri=office.redirect_uri, code_verifier=office.verifier, **more
    )


def refresh(office: Office, token: str, **more: str) -> Any:
    return office.post("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)


def allowed(office: Office, person: Person, tick: list[str], *, face: Browser | None = None, **asked: Any) -> str:
    """The code of a request of which the citizen allows what they tick."""
    pushed = ask(office, **asked)
    assert pushed.status_code == 201, pushed.content
    face = face or person.browser()
    page = page_of(office, face, pushed.json()["request_uri"])
    return sent_back(answer(face, page, tick))["code"]


def granted(office: Office, person: Person, tick: list[str], **asked: Any) -> dict[str, Any]:
    """The token response that comes of it."""
    response = redeem(office, allowed(office, person, tick, **asked))
    assert response.status_code == 200, response.content
    return dict(response.json())


def own_token(office: Office, scope: str = "grant_management_query grant_management_revoke") -> str:
    """A token of the agency itself."""
    response: Any = office.post("/oauth/token", grant_type="client_credentials", scope=scope)
    assert response.status_code == 200, response.content
    return str(response.json()["access_token"])


def manage(office: Office, method: str, grant_id: str, token: str | None = None) -> Any:
    """The grant's resource, with a token of the agency itself."""
    path = f"/oauth/grants/{grant_id}"
    return browser().generic(method, path, **office.bearing(token or own_token(office), path, method=method))  # type: ignore[arg-type]


def introspected(office: Office, token: str) -> dict[str, Any]:
    response: Any = office.post("/oauth/introspect", token=token)
    return dict(response.json())


def details(body: dict[str, Any]) -> dict[str, list[str]]:
    """Purposes with their categories, of anything that bears authorization_details."""
    return {d["purpose"]: d["categories"] for d in body["authorization_details"]}


def as_parameter(*found: dict[str, Any], **changes: Any) -> str:
    return json.dumps([{**detail, **changes} for detail in found])


def withdraw(person: Person, purpose: str, categories: list[str] | None = None) -> None:
    """The citizen ends what stands for a purpose, or some of it."""
    from aurora.journeys.withdraw import end

    standing = person.consents(state="given", purpose=purpose, source=None)[-1]
    with citizen_scope(person.id):
        end(citizen_id=person.id, consent_id=standing.pk, categories=categories, now=timezone.now())
