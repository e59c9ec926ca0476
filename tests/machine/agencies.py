"""Three agencies over real HTTP, at one address and an issuer each: what they say of whom, by which tokens, whole, unchanged or since a cursor."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.machine.model import Statement

KNOWN = "/.well-known/oauth-authorization-server/"
WHOLE, ETAG, CURSOR = "whole", "etag", "cursor"


@dataclass
class Agencies:
    """`statements` by source, national id and category; `history` the same, one for each time that they changed: what a cursor counts."""

    url: str = ""
    version: dict[str, int] = field(default_factory=dict)
    statements: dict[tuple[str, str, str], Statement] = field(default_factory=dict)
    history: dict[tuple[str, str, str], list[Statement]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    marking: str = WHOLE
    fault: str = ""
    state: str = ""

    def issuer(self, source: str) -> str:
        return f"{self.url}/{source}"

    def allow(self, source: str, national_id: str) -> str:
        """The citizen has said yes on the source's own page: the code that their browser brings back."""
        code = secrets.token_urlsafe(16)
        self.tokens[code] = source, national_id
        return code

    def say(self, source: str, national_id: str, category: str, statement: Statement) -> None:
        place = source, national_id, category
        self.statements[place] = statement
        self.history.setdefault(place, []).append(statement)

    def forget(self) -> None:
        for kept in (self.statements, self.history, self.tokens):
            kept.clear()
        self.marking, self.fault = WHOLE, ""


@contextmanager
def listening() -> Iterator[Agencies]:
    agencies = Agencies()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(agencies))
    server.daemon_threads = True
    agencies.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield agencies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(agencies: Agencies) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith(KNOWN):
                self.answer(_about(agencies.issuer(path.removeprefix(KNOWN))))
            else:
                _, source, _, category = path.split("/")
                self.data(source, category)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            deed = self.path.rpartition("/")[2]
            if deed == "par":
                agencies.state = form["state"]
                self.answer({"request_uri": f"urn:ietf:params:oauth:request_uri:{secrets.token_hex(8)}", "expires_in": 60}, 201)
            elif deed == "revoke":
                agencies.tokens.pop(form["token"], None)
                self.answer({})
            else:
                self.redeem(form)

        def redeem(self, form: dict[str, str]) -> None:
            whose = agencies.tokens.get(form.get("code") or form.get("refresh_token", ""))
            if whose is None or agencies.fault == "revoked":
                self.answer({"error": "invalid_grant"}, 400)
                return
            agencies.tokens.pop(form.get("code", ""), None)
            access, refresh = secrets.token_urlsafe(16), form.get("refresh_token") or secrets.token_urlsafe(16)
            agencies.tokens |= {access: whose, refresh: whose}
            self.answer({"access_token": access, "refresh_token": refresh, "expires_in": 600, "token_type": "Bearer"})

        def data(self, source: str, category: str) -> None:
            whose = agencies.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
            if agencies.fault == "down":
                self.answer({}, 503)
                return
            if whose is None or whose[0] != source or agencies.fault == "revoked":
                self.answer({}, 401)
                return
            place = source, whose[1], category
            said, number = agencies.statements[place], len(agencies.history[place])
            found: dict[str, Any] = {
                "category": category,
                "version": agencies.version[category],
                "subject": {"national_id": "S000000-0" if agencies.fault == "wrong_citizen" else whose[1]},
                "observed_at": max(observed for _, observed in said.values()),
            }
            if agencies.fault == "garbage":
                self.answer(found | {"facts": {"no_such_key": 1}})
                return
            etag = f'"{number}"'
            if agencies.marking == ETAG and self.headers.get("If-None-Match") == etag:
                self.answer(None, 304, ETag=etag)
                return
            since = parse_qs(urlsplit(self.path).query).get("since", [""])[0]
            facts = said
            if agencies.marking == CURSOR and since:
                before = agencies.history[place][int(since) - 1]
                facts = {key: value for key, value in said.items() if before.get(key) != value}
                found |= {"since": since, "gone": sorted(before.keys() - said.keys())}
            found |= {
                "facts": {key: value for key, (value, _) in facts.items()},
                "times": {key: {"observed_at": observed} for key, (_, observed) in facts.items()},
                **({"cursor": str(number)} if agencies.marking == CURSOR else {}),
            }
            self.answer(found, **({"ETag": etag} if agencies.marking == ETAG else {}))

        def answer(self, body: Any, status: int = 200, **headers: str) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler


def _about(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "revocation_endpoint": f"{issuer}/revoke",
        "authorization_response_iss_parameter_supported": True,
    }
