"""A client as the OpenID conformance suite plays one: it signs whatever it is told to, and looks at answers as the suite does."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client as Face
from joserfc import jws
from joserfc.jwk import ECKey, Key

from tests.support.cast import ASSERTION_TYPE, FORM, ISSUER, Office, Person, browser

PATH = "/api/v1/twin/tax.income"
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 5.2
SECRET = re.compile(r"[A-Za-z0-9_-]{43,}")  # 256 bits; the suite asks for 128


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def serialized(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
    """A compact JWS with this header and no other; None leaves a member out."""
    header, claims = ({name: value for name, value in part.items() if value is not None} for part in (header, claims))
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, registry=registry)


@dataclass
class Relying(Office):
    """`dpop` is its DPoP key at the moment."""

    dpop: Key = field(repr=False, default_factory=lambda: ECKey.generate_key("P-256"))

    def signed_by(self, key: Key | None = None, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client assertion with changes to its claims and its header."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
        }
        fields = {"alg": "ES256", "kid": self.key["kid"], "typ": "JWT"} | (header or {})
        return serialized(fields, claims | changes, key or ECKey.import_key(dict(self.key)))

    def proved(
        self,
        path: str,
        method: str = "POST",
        *,
        token: str = "",
        key: Key | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A DPoP proof with changes to its claims and its header."""
        key = key or self.dpop
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": f"{ISSUER}{path}", "iat": int(time.time())}
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        fields = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)} | (header or {})
        return serialized(fields, claims | changes, key)

    def send(self, path: str, form: dict[str, str | None], *, assertion: str | None = None, proof: str | None = None, **more: Any) -> Any:
        """A form with an assertion ("" for none) and, if there is one, a proof."""
        if assertion is None:
            assertion = self.signed_by()
        if assertion:
            form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion} | form
        body = urlencode({name: value for name, value in form.items() if value is not None})
        headers = {} if proof is None else {"HTTP_DPOP": proof}
        return self.http.post(path, body, content_type=FORM, **headers, **more)  # type: ignore[arg-type]

    def par(self, *, assertion: str | None = None, proof: str | None = None, **changes: str | None) -> Any:
        return self.send("/oauth/par", {**self.request(), **changes}, assertion=assertion, proof=proof)

    def pushed(self, **how: Any) -> str:
        answer = self.par(**how)
        assert answer.status_code == 201, answer.content
        body = answer.json()
        assert set(body) == {"request_uri", "expires_in"} and 0 < body["expires_in"] < 600  # FAPI 2.0, 5.3.2.2
        assert SECRET.fullmatch(body["request_uri"].removeprefix("urn:ietf:params:oauth:request_uri:"))
        return str(body["request_uri"])

    def opened(self, face: Face, request_uri: str, **query: str) -> Any:
        return face.get("/oauth/authorize", {"client_id": self.client_id, "request_uri": request_uri, **query})

    def answered(
        self, person: Person, request_uri: str, *, decision: str = "allow", face: Face | None = None, **query: str
    ) -> dict[str, str]:
        """The citizen answers; what arrives at the redirect URI, with what stood there from the beginning taken out."""
        face = face or person.browser()
        page = self.opened(face, request_uri, **query)
        assert page.status_code == 200, page.content
        form = {**dict(page.context["page"].hidden), "decision": decision, "categories": self.categories}
        answer: Any = face.post("/oauth/authorize", urlencode(form, doseq=True), content_type=FORM)
        assert answer.status_code == 303, answer.content  # FAPI 2.0, 5.3.2.2
        return self.arrived(answer["Location"])

    def arrived(self, location: str) -> dict[str, str]:
        assert location.startswith(self.redirect_uri) and "#" not in location, location
        pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True, strict_parsing=True)
        for pair in parse_qsl(urlsplit(self.redirect_uri).query):
            pairs.remove(pair)
        assert len(dict(pairs)) == len(pairs) and dict(pairs)["iss"] == ISSUER  # RFC 9207, 2
        return dict(pairs)

    def code(self, person: Person, **how: Any) -> str:
        return self.answered(person, self.pushed(**how))["code"]

    def redeem(self, code: str, *, assertion: str | None = None, proof: str | None = None, **changes: str | None) -> Any:
        """`proof` "" sends none."""
        proof = self.proved("/oauth/token") if proof is None else proof or None
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri, "code_verifier": self.verifier}
        return self.send("/oauth/token", {**form, **changes}, assertion=assertion, proof=proof)

    def refresh(self, token: str, *, assertion: str | None = None, proof: str | None = None, **changes: str | None) -> Any:
        proof = self.proved("/oauth/token") if proof is None else proof or None
        return self.send(
            "/oauth/token", {"grant_type": "refresh_token", "refresh_token": token, **changes}, assertion=assertion, proof=proof
        )

    def tokens(self, person: Person, **how: Any) -> dict[str, Any]:
        return issued(self.redeem(self.code(person, **how)))

    def reads(self, token: str, *, scheme: str = "DPoP", proof: str | None = None, path: str = PATH, **more: Any) -> Any:
        """`proof` "" sends none."""
        proof = self.proved(path, "GET", token=token) if proof is None else proof
        headers = {"HTTP_AUTHORIZATION": f"{scheme} {token}"} | ({"HTTP_DPOP": proof} if proof else {})
        return browser().get(path, **{**headers, **more})


def issued(answer: Any) -> dict[str, Any]:
    """A token response as the suite wants one: RFC 6749, 5.1; RFC 9449, 5; RFC 9396, 7; no id_token, for there is no OpenID here."""
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("application/json") and answer["Cache-Control"] == "no-store"
    body = dict(answer.json())
    assert body["token_type"].lower() == "dpop" and isinstance(body["expires_in"], int) and body["expires_in"] > 0
    assert SECRET.fullmatch(body["access_token"]) and SECRET.fullmatch(body.get("refresh_token", "x" * 43))
    assert "id_token" not in body
    return body


def refused(answer: Any, *errors: str) -> None:
    """RFC 6749, 5.2: JSON, 400 (401 with a challenge for `invalid_client`), and a description of the characters that are allowed."""
    assert answer["Content-Type"].startswith("application/json"), answer.content
    body = answer.json()
    assert body["error"] in errors, body
    assert answer.status_code == (401 if body["error"] == "invalid_client" else 400)
    assert answer.status_code == 400 or answer["WWW-Authenticate"]
    assert DESCRIPTION.fullmatch(body.get("error_description", "-")) and set(body) <= {"error", "error_description", "error_uri"}
    assert answer["Cache-Control"] == "no-store"


def shown(answer: Any) -> None:
    """An error page of ours, and no way to the client: the request is not proved to be its own (RFC 9700, 4.11)."""
    assert answer.status_code == 400 and answer["Content-Type"].startswith("text/html"), answer.content
    assert "Location" not in answer.headers and b'class="au-main"' in answer.content
