"""What the sandbox's tests drive it with: a browser without JavaScript, and a client with keys of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from aurora.sandbox import jose
from aurora.sandbox.config import EID
from aurora.sandbox.launch import Running
from aurora.sandbox.oauth.pkce import challenge_of
from aurora.sandbox.provision import Provision
from aurora.sandbox.store import new_secret

# Nobody serves it: the browser of these tests stops where Aurora would take over.
AURORA = "http://nobody.invalid"


def plain_client() -> httpx.Client:
    """For loopback: no proxy, and no certificates to load, which would take most of a test's time."""
    return httpx.Client(timeout=20, trust_env=False, verify=False)


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """The forms of a page; a button's label is under the key `label`."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
        elif tag == "input" and self.forms:
            self.forms[-1].fields[values.get("name", "")] = values.get("value", "")
        elif tag == "button" and self.forms:
            self._button = {"name": values.get("name", ""), "value": values.get("value", ""), "label": ""}
            self.forms[-1].buttons.append(self._button)

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button["label"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._button = None


class Browser:
    """Follows redirects until one leads to `stop_at` (an address nobody serves), keeps cookies, presses buttons."""

    def __init__(self, stop_at: str = AURORA, language: str = "en") -> None:
        self.http = plain_client()
        self.http.headers["Accept-Language"] = language
        self.stop_at = stop_at
        self.page: httpx.Response | None = None
        self.arrived = ""

    def open(self, url: str) -> Browser:
        return self._follow(self.http.get(url))

    def press(self, label: str, **values: str) -> Browser:
        """Presses the first button whose label contains `label`, with the values filled in."""
        for form in self.forms():
            for button in form.buttons:
                if label in button["label"] and set(values) <= set(form.fields):
                    data = {**form.fields, **values}
                    if button["name"]:
                        data[button["name"]] = button["value"]
                    return self._follow(self.http.post(urljoin(self.url, form.action), data=data))
        raise AssertionError(f"no button {label!r} on the page {self.url}: {self.text[:2000]}")

    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.text

    @property
    def status(self) -> int:
        assert self.page is not None
        return self.page.status_code

    @property
    def url(self) -> str:
        assert self.page is not None
        return str(self.page.url)

    @property
    def answer(self) -> dict[str, str]:
        """The query of the address at which the client's redirect URI was reached."""
        assert self.arrived, f"the browser did not come back: {self.url} {self.text[:2000]}"
        return {name: values[0] for name, values in parse_qs(urlsplit(self.arrived).query).items()}

    def close(self) -> None:
        self.http.close()

    def _follow(self, response: httpx.Response) -> Browser:
        self.arrived = ""
        for _ in range(12):
            self.page = response
            if response.status_code not in (302, 303):
                return self
            url = urljoin(str(response.url), response.headers["Location"])
            if url.startswith(self.stop_at):
                self.arrived = url
                return self
            response = self.http.get(url)
        raise AssertionError("redirects without end")


class Peer:
    """A client of an authorization server, with its key: pushes, redeems, refreshes, revokes, reads."""

    def __init__(self, registration: dict[str, Any]) -> None:
        self.issuer: str = registration["issuer"]
        self.client_id: str = registration["client_id"]
        self.key: dict[str, str] = registration["private_jwk"]
        self.redirect_uri: str = registration["redirect_uri"]
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
        sent = {"Authorization": f"Bearer {token}", **headers}
        return self.http.get(f"{self.issuer}/data/{category}", headers=sent)

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
