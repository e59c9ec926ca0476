"""What the sandbox's tests drive it with: a browser without JavaScript that stops where Aurora takes over, and a client with its keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from aurora.sandbox import jose
from aurora.sandbox.config import EID
from aurora.sandbox.launch import Running
from aurora.sandbox.oauth.pkce import challenge_of
from aurora.sandbox.provision import Provision
from aurora.sandbox.store import new_secret
from tests.support.forms import NOBODY as AURORA
from tests.support.forms import Browser, Form, plain_client

__all__ = ["AURORA", "Browser", "Form", "Peer", "Sandbox", "plain_client"]


class Peer:
    """A client of an authorization server, with its key: pushes, redeems, refreshes, revokes, reads."""

    def __init__(self, registration: dict[str, Any]) -> None:
        self.issuer: str = registration["issuer"]
        self.client_id: str = registration["client_id"]
        self.key: dict[str, str] = registration["private_jwk"]
        self.redirect_uri: str = registration["redirect_uri"]
        self.settings: dict[str, Any] = registration.get("settings", {})
        self.verifier = new_secret()
        self.http = plain_client()

    def assertion(self, **changed: Any) -> str:
        token = jose.client_assertion(self.key, client_id=self.client_id, audience=self.issuer)
        return jose.sign(self.key, {**jose.unverified(token), **changed})

    def params(self, scope: str, /, **changed: str | None) -> dict[str, str]:
        """An authorization request; a value of None leaves the parameter out."""
        asked = {
            "client_id": self.client_id, "response_type": "code", "scope": scope, "redirect_uri": self.redirect_uri,
            "state": "state-1", "code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256",
            **changed,
        }  # fmt: skip
        return {name: value for name, value in asked.items() if value is not None}

    def post(self, path: str, form: dict[str, str], *, assertion: str | None = None) -> httpx.Response:
        signed = {"client_assertion_type": jose.ASSERTION_TYPE, "client_assertion": assertion or self.assertion()}
        return self.http.post(f"{self.issuer}{path}", data={**form, **signed})

    def push(self, scope: str, /, **changed: str | None) -> str:
        answer = self.post("/par", self.params(scope, **changed))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    def authorize_url(self, **query: str) -> str:
        return str(httpx.URL(f"{self.issuer}/authorize", params=query))

    def redeem(self, code: str, **changed: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return self.post("/token", {**form, "code_verifier": self.verifier, **changed})

    def refresh(self, token: str, **more: str) -> httpx.Response:
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token, **more})

    def revoke(self, token: str) -> httpx.Response:
        return self.post("/revoke", {"token": token})

    def read(self, category: str, token: str, **headers: str) -> httpx.Response:
        """At the address that this agency has for it; what stands behind X-Road answers its own house without it."""
        sent = {"Authorization": f"Bearer {token}", **headers}
        known = self.settings.get("mapping", {}).get("categories", {}).get(category, {})
        path = self.settings.get("address", "/data/{category}").replace("{category}", known.get("name", category))
        return self.http.get(f"{self.issuer}{path}", headers=sent)

    def told(self, answer: httpx.Response) -> dict[str, Any]:
        """The answer's JSON, out of its signature if it has one."""
        if answer.headers["Content-Type"] != "application/jose":
            return dict(answer.json())
        return dict(jose.verify(answer.text, self.http.get(f"{self.issuer}/jwks").json())["data"])

    def close(self) -> None:
        self.http.close()


@dataclass
class Sandbox:
    """`made` is what was provisioned, `running` the processes by name (the office has tests of its own)."""

    made: Provision
    running: dict[str, Running]
    state: Path

    def peer(self, name: str) -> Peer:
        """Aurora, as a client of the e-ID or of an agency."""
        return Peer(self.made.aurora["eid"] if name == EID else self.made.aurora["sources"][name])

    def identifier(self, key: str) -> str:
        return str(next(c["identifier"] for c in self.made.demo["citizens"] if c["key"] == key))

    def name(self, key: str) -> str:
        return str(next(c["name"] for c in self.made.demo["citizens"] if c["key"] == key))

    def switch(self, source: str, **setting: Any) -> None:
        peer = self.peer(source)
        control = {"Authorization": f"Bearer {self.made.aurora['control_token']}"}
        answer = peer.http.post(f"{peer.issuer}/_sandbox/switches", json=setting, headers=control)
        peer.close()
        assert answer.status_code == 200, answer.text

    def come_back(self, browser: Browser, peer: Peer, scope: str, *, who: str = "Aino") -> dict[str, str]:
        """The citizen's whole way: request, sign-in at the e-ID, Allow; returns the authorization response."""
        if peer.issuer == self.made.aurora["sources"]["social-insurance"]["issuer"]:
            browser.open(peer.authorize_url(**peer.params(scope)))
        else:
            browser.open(peer.authorize_url(client_id=peer.client_id, request_uri=peer.push(scope)))
        labels = [button["label"] for form in browser.forms() for button in form.buttons]
        browser.press(who if any(who in label for label in labels) else "Continue")
        return browser.press("Allow").answer

    def tokens(self, source: str, scope: str, *, who: str = "Aino") -> tuple[Peer, dict[str, Any]]:
        """A client that has been through everything, and its token response."""
        peer, browser = self.peer(source), Browser(AURORA)
        answer = peer.redeem(self.come_back(browser, peer, scope, who=who)["code"])
        browser.close()
        assert answer.status_code == 200, answer.text
        return peer, answer.json()
