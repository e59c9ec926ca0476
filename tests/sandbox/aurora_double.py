"""Stands in for Aurora towards the benefits office and the hospital as an owner of models: strict about what it is sent, told by the test what to answer."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aurora.sandbox import jose
from aurora.sandbox.oauth.pkce import challenge_of

Answer = tuple[int, dict[str, Any]]


class AuroraDouble:
    """`registration` is the office's entry of what Aurora is told. The public attributes are what a test changes."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.registration: dict[str, Any] = {}
        self.answer_with: Callable[[dict[str, str]], dict[str, str]] = lambda answer: answer
        self.grant = ["population.household", "tax.income"]
        self.expires_in = 600
        self.twin: Callable[[str], Answer] = self.facts
        self.par_status = 201
        self.requests: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.live: set[str] = set()
        self.refreshes = 0
        self.nonce = ""  # what proofs must bear, if any
        self.proof_jwks: list[dict[str, str]] = []
        self.complaints: list[str] = []
        self.packages: list[dict[str, bytes]] = []  # what the owner sent to be registered
        self.registering: Callable[[int], Answer] = lambda number: (503, {"code": "unavailable"})  # by how many came before
        self.registered: list[dict[str, Any]] = []
        self.batches: list[dict[str, Any]] = []  # of uses and of facts, their claims
        self.taking: Callable[[], Answer] = lambda: (200, {"kept_back": []})
        self.webhook_keys: dict[str, Any] = {"keys": []}
        self._jtis: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def facts(self, category: str) -> Answer:
        fact = {"key": "wages", "value": 21000, "source": "tax-administration", "provenance": "reported"}
        return 200, {"category": category, "version": 1, "facts": [fact], "something_new": True}

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/oauth/authorize",
            "pushed_authorization_request_endpoint": f"{self.issuer}/oauth/par",
            "token_endpoint": f"{self.issuer}/oauth/token",
            "webhook_keys_uri": f"{self.issuer}/webhooks/keys",
        }

    def require(self, right: bool, complaint: str) -> None:
        if not right:
            self.complaints.append(complaint)

    def check_client(self, form: dict[str, str]) -> None:
        claims = jose.verify(form["client_assertion"], self.registration["jwks"])
        client_id = self.registration["client_id"]
        self.require(form["client_assertion_type"] == jose.ASSERTION_TYPE, "client_assertion_type")
        self.require(claims["iss"] == claims["sub"] == client_id, "iss and sub")
        self.require(claims["aud"] == self.issuer, "aud must be the issuer as one string")
        self.require(time.time() < claims["exp"] <= time.time() + 300, "exp")
        self.require(claims["jti"] not in self._jtis, "jti used twice")
        self._jtis.add(claims["jti"])

    def check_proof(self, proof: str, method: str, url: str, token: str = "") -> bool:
        """RFC 9449, 4.3. False when the proof must be sent again with the nonce."""
        header = json.loads(base64.urlsafe_b64decode(proof.split(".")[0] + "=="))
        claims = jose.verify(proof, {"keys": [header["jwk"]]})
        self.require(set(header) == {"alg", "typ", "jwk"} and header["typ"] == "dpop+jwt", "the proof's header")
        self.require(set(header["jwk"]) == {"kty", "crv", "x", "y"}, "the proof's key has more than a public key's members")
        self.require((claims["htm"], claims["htu"]) == (method, url), "htm and htu")
        self.require(abs(time.time() - claims["iat"]) < 10, "iat")
        self.require(claims["jti"] not in self._jtis, "the proof's jti used twice")
        self._jtis.add(claims["jti"])
        bound = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        self.require(claims.get("ath") == (bound if token else None), "ath")
        self.proof_jwks.append(header["jwk"])
        self.require(header["jwk"]["x"] != self.registration["jwks"]["keys"][0]["x"], "tokens need a key of their own")
        return not self.nonce or claims.get("nonce") == self.nonce

    def par(self, form: dict[str, str]) -> Answer:
        self.check_client(form)
        details = json.loads(form["authorization_details"])
        until = date.fromisoformat(details[0].pop("until"))
        wanted = {
            "type": "aurora_twin_access",
            "purpose": "benefit-application",
            "categories": ["population.household", "tax.income"],
            "once": False,
        }
        self.require(details == [wanted], "authorization_details")
        self.require(date.today() < until <= date.today() + timedelta(days=365), "until")
        self.require(form["client_id"] == self.registration["client_id"], "client_id")
        self.require(form["redirect_uri"] in self.registration["redirect_uris"], "redirect_uri")
        self.require(form["code_challenge_method"] == "S256" and "scope" not in form, "PKCE by S256 and no scope")
        if self.par_status != 201:
            return self.par_status, {"error": "invalid_authorization_details"}
        uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(32)}"
        self.requests[uri] = form
        return 201, {"request_uri": uri, "expires_in": 90}

    def authorize(self, query: dict[str, str]) -> str:
        """The citizen decides at once: with everything that `answer_with` does not change."""
        self.require(set(query) == {"client_id", "request_uri"}, "only client_id and request_uri")
        form = self.requests.pop(query["request_uri"])
        code = secrets.token_urlsafe(32)
        self.codes[code] = form
        answer = self.answer_with({"code": code, "state": form["state"], "iss": self.issuer})
        return f"{form['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> Answer:
        self.check_client(form)
        access = secrets.token_urlsafe(32)
        if form["grant_type"] == "client_credentials":
            self.require(form["scope"] in ("evaluators", "uses", "facts"), "scope")
            self.live.add(access)
            return 200, {"access_token": access, "token_type": "DPoP", "expires_in": 600}
        if form["grant_type"] == "refresh_token":
            self.require(form["refresh_token"] == "the-refresh-token", "refresh_token")
            self.refreshes += 1
            self.live.add(access)
            return 200, {"access_token": access, "token_type": "DPoP", "expires_in": 600}
        asked = self.codes.pop(form["code"], None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        self.require(challenge_of(form["code_verifier"]) == asked["code_challenge"], "code_verifier")
        self.require(form["redirect_uri"] == asked["redirect_uri"], "redirect_uri at the token endpoint")
        self.live.add(access)
        detail = {**json.loads(asked["authorization_details"])[0], "categories": self.grant}
        return 200, {
            "access_token": access, "token_type": "DPoP", "expires_in": self.expires_in,
            "refresh_token": "the-refresh-token", "authorization_details": [detail],
        }  # fmt: skip


def files_of(kind: str, content: bytes) -> dict[str, bytes]:
    """The files of a multipart/form-data body, read by the standard library and not as the sender writes it."""
    parsed = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content, policy=HTTP)
    found: dict[str, bytes] = {}
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        assert part.get_content_disposition() == "form-data" and part.get_filename() and name not in found
        found[str(name)] = part.get_payload(decode=True)
    return found


def _handler(double: AuroraDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/.well-known/oauth-authorization-server":
                return self._json(200, double.metadata())
            if parts.path == "/oauth/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(303)
                self.send_header("Location", double.authorize(query))
                return self.end_headers()
            if parts.path == "/webhooks/keys":
                return self._json(200, double.webhook_keys)
            if (refused := self._unbearable("GET", parts.path)) is not None:
                return self._json(*refused)
            if parts.path == "/api/v1/evaluators":
                return self._json(200, {"evaluators": double.registered, "next": None})
            prefix, _, category = parts.path.rpartition("/")
            double.require(prefix == "/api/v1/twin", f"unknown path {parts.path}")
            return self._json(*double.twin(category))

        def _unbearable(self, method: str, path: str) -> Answer | None:
            scheme, _, token = self.headers["Authorization"].partition(" ")
            double.require(scheme == "DPoP", "the scheme is DPoP")
            if not double.check_proof(self.headers["DPoP"], method, f"{double.issuer}{path}", token):
                return 401, {"code": "use_dpop_nonce"}
            return None if token in double.live else (401, {"code": "invalid_token"})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/v1/evaluators":
                if (refused := self._unbearable("POST", self.path)) is not None:
                    return self._json(*refused)
                double.packages.append(files_of(self.headers["Content-Type"], content))
                return self._json(*double.registering(len(double.packages) - 1))
            if self.path in ("/api/v1/uses", "/api/v1/facts"):
                if (refused := self._unbearable("POST", self.path)) is not None:
                    return self._json(*refused)
                double.require(self.headers["Content-Type"] == "application/jose", "the batch's type")
                double.batches.append(jose.verify(content.decode(), double.registration["jwks"]))
                return self._json(*double.taking())
            body = content.decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if not double.check_proof(self.headers["DPoP"], "POST", f"{double.issuer}{self.path}"):
                double.check_client(form)
                return self._json(400, {"error": "use_dpop_nonce"})
            return self._json(*(double.par(form) if self.path == "/oauth/par" else double.token(form)))

        def _json(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
            self.send_header("Content-Length", str(len(content)))
            if double.nonce:
                self.send_header("DPoP-Nonce", double.nonce)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
