"""Requests and answers as they went between an agency and Aurora, for the developers' pages: recorded from the cast, with what differs each time
(keys, ids, times) replaced by the same stand-ins, and every word else as it was.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl
from uuid import uuid4

import psycopg
from django.test import Client
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import allow_delay, delay, raise_concern
from aurora.journeys.withdraw import end
from consent import days
from consent.oauth import config
from consent.scope import citizen_scope
from consent.uses.values import Use
from consent.webhooks.models import Delivery
from recommender.models import EvaluatorOwner
from tests.corrections import dispute
from tests.pushes import pushing
from tests.support import evaluators, owners
from tests.support.cast import ISSUER, OFFICE, Cast, services
from tests.uses import telling

PUBLIC = "https://aurora.example"
SENT = {"HTTP_AUTHORIZATION": "Authorization", "HTTP_DPOP": "DPoP"}
TOLD = ("Content-Type", "Cache-Control", "WWW-Authenticate", "DPoP-Nonce", "Retry-After", "Location", "Link")
LAW = "fi.police.5-58"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})\Z")
# Seconds since 1970, and until an end.
CLOCKS = {"iat": 1795766400, "nbf": 1795766400, "auth_time": 1795766400, "exp": 1795767000, "expires_in": 600}
# Where the cast's agency listens.
ELSEWHERE = re.compile(r"http://(?:localhost|127\.0\.0\.1):\d+")
NUMBER = re.compile(r"(?<=urn:aurora:request:)[0-9a-f]{16}")
RULES: tuple[tuple[re.Pattern[str], Callable[[int], str]], ...] = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), lambda n: f"eyJ...{n}"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), lambda n: f"0192f0c1-7a1b-4c3d-8e4f-{n:012x}"),
    (
        re.compile(r"(?<![\w-])(?=[\w-]*[G-Zg-z_-])[\w-]{64}(?![\w-])"),
        lambda n: base64.urlsafe_b64encode(hashlib.sha384(b"%d" % n).digest()).decode(),
    ),
    (re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])"), lambda n: base64.urlsafe_b64encode(hashlib.sha256(b"%d" % n).digest()).decode()[:43]),
    (NUMBER, lambda n: f"{n:016x}"),
    (re.compile(r"\bS\d{6,12}-\d\b"), lambda n: f"S{n:06}-4"),
    (re.compile(r"\b[a-z2-7]{32}\b"), lambda n: base64.b32encode(hashlib.sha256(b"%d" % n).digest()).decode().lower()[:32]),
    (re.compile(r"\b[0-9a-f]{64}\b"), lambda n: hashlib.sha256(b"%d" % n).hexdigest()),
)


@dataclass
class Recorder:
    """`calls`: the test client's calls since the last look, in order."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)

    def keep(self, name: str, *, number: int = -1) -> None:
        """One of the calls since the last, as it is shown."""
        call = self.calls[number]
        signed = {"signed": batch(call["body"])} if call["headers"].get("Content-Type") == "application/jose" else {}
        self.made[name] = _Plain().of({**call, **signed})
        self.calls.clear()


class _Plain:
    """Stand-ins by order of appearance within one exchange."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: CLOCKS.get(name) or self.of(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.of(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        if text.startswith(("[", "{")) and text.endswith(("]", "}")):
            return json.dumps(self.of(json.loads(text)))
        if DAY.match(text):
            return "2027-02-26"
        if INSTANT.match(text):
            return "2026-11-27T00:00:00Z" if "T00:00:00" in text else "2026-11-27T08:00:00Z"
        text = ELSEWHERE.sub("https://office.example", text.replace(ISSUER, PUBLIC))
        for found, stand_in in RULES:
            text = found.sub(lambda match, to=stand_in: self.seen.setdefault(match[0], to(len(self.seen) + 1)), text)  # type: ignore[misc]
        return text


@contextmanager
def recorder() -> Iterator[Recorder]:
    """All calls of Django's test client are noted while it lasts."""
    kept, generic = Recorder(), Client.generic

    def noted(self: Client, method: str, path: str, data: Any = "", content_type: str = "", **more: Any) -> Any:
        answer = generic(self, method, path, data, content_type or "application/octet-stream", **more)
        kept.calls.append(_call(method, path, data, content_type, more, answer))
        return answer

    with patch.object(Client, "generic", noted):
        yield kept


def _call(method: str, path: str, data: Any, kind: str, more: dict[str, Any], answer: Any) -> dict[str, Any]:
    sent = {SENT[name]: value for name, value in more.items() if name in SENT}
    body = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    said = answer.content.decode()
    return {
        "method": method,
        "path": path + (f"?{more['QUERY_STRING']}" if more.get("QUERY_STRING") else ""),
        "headers": sent | ({"Content-Type": kind.partition(";")[0]} if body else {}),
        "body": _body(kind, body),
        "status": answer.status_code,
        "answer_headers": {name: answer.headers[name] for name in TOLD if name in answer.headers},
        "answer": json.loads(said) if said and "json" in answer.headers["Content-Type"] else None,
    }


def _body(kind: str, body: str) -> Any:
    if not body or "multipart" in kind:
        return None
    return dict(parse_qsl(body)) if "urlencoded" in kind else json.loads(body) if "json" in kind else body


def record(cast: Cast) -> dict[str, Any]:
    """Each operation of the API once, the client's endpoints, and a refusal. By the operation's id."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:  # places in the feed are counted from the first
        admin.execute("SET session_replication_role = replica")
        admin.execute("DELETE FROM consent_webhooks_delivery")
    with recorder() as kept:
        for part in (_oauth, _read, _events, _concerns, _corrections, _uses, _facts, _models):
            part(cast, kept)
    return kept.made


def _oauth(cast: Cast, kept: Recorder) -> None:
    held = cast.office.granted(cast.cecilia)
    places = {call["path"]: number for number, call in enumerate(kept.calls)}
    calls = list(kept.calls)
    for name, path in (("pushRequest", "/oauth/par"), ("redeemCode", "/oauth/token")):
        kept.calls = [calls[places[path]]]
        kept.keep(name)
    cast.office.post("/oauth/token", grant_type="refresh_token", refresh_token=str(held["refresh_token"]))
    kept.keep("refreshToken")
    cast.office.post("/oauth/introspect", token=str(held["access_token"]))
    kept.keep("introspectToken")
    own = owners.own_token(cast, "grant_management_query grant_management_revoke")
    kept.keep("agencyToken")
    cast.office.post("/oauth/par", **cast.office.request(purpose="no-such-purpose"))
    kept.keep("refusedRequest")
    path = f"/oauth/grants/{held['grant_id']}"
    for name, method in (("queryGrant", "GET"), ("revokeGrant", "DELETE")):
        cast.office.http.generic(method, path, **cast.office.bearing(own, path, method=method))  # type: ignore[arg-type]
        kept.keep(name)


def _read(cast: Cast, kept: Recorder) -> None:
    cast.renew_token()
    kept.calls.clear()
    cast.office.read(cast.token, "tax.income")
    kept.keep("readTwinCategory")
    cast.office.read(cast.token, "hospital.surgery")
    kept.keep("refusedRead")


def _own(cast: Cast, scope: str, method: str, path: str, body: Any = None) -> Any:
    """One call with a token of the agency itself."""
    bearing = cast.office.bearing(owners.own_token(cast, scope), path.partition("?")[0], method=method)
    sent = (json.dumps(body), "application/json") if body is not None else ("", "")
    return cast.office.http.generic(method, path, *sent, **bearing)  # type: ignore[arg-type]


def _events(cast: Cast, kept: Recorder) -> None:
    cast.office.granted(cast.cecilia)
    own = cast.cecilia.consents(state="given", recipient__code=cast.office.client_id)
    consent = next(c for c in own if c.purpose_id == cast.office.purpose)
    end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now())
    with citizen_scope(cast.cecilia.id):
        event = Delivery.objects.get(consent=consent, kind="consent.withdrawn")
    _own(cast, "events", "GET", "/api/v1/events?limit=1")
    kept.keep("readEvents")
    said = {"deleted_at": timezone.now().isoformat()}
    _own(cast, "events", "POST", f"/api/v1/events/{event.pk}/confirmation", said)
    kept.keep("confirmEvent")


def _concerns(cast: Cast, kept: Recorder) -> None:
    cast.renew_token()
    cast.office.read(cast.token, "tax.income")
    entry = next(e for e in reversed(cast.aino.entries()) if e.event == "agency:twin:read")
    raised = raise_concern.raise_(
        citizen_id=cast.aino.id, entry_id=entry.pk, kind="other", text="Why do you need my income?", language="en", now=timezone.now()
    )
    _own(cast, "concerns", "GET", "/api/v1/concerns")
    kept.keep("listConcerns")
    _own(cast, "concerns", "GET", f"/api/v1/concerns/{raised}")
    kept.keep("readConcern")
    said = {"kind": "lawful", "ground": "Housing Support Act, section 12", "text": "You applied for housing support, and we decided on it."}
    _own(cast, "concerns", "POST", f"/api/v1/concerns/{raised}/answer", said)
    kept.keep("answerConcern")


def _corrections(cast: Cast, kept: Recorder) -> None:
    dispute.say(cast.aino, OFFICE, region="R15")
    asked = dispute.Disputed(cast, cast.aino).asked()
    _own(cast, "corrections", "GET", "/api/v1/corrections")
    kept.keep("listCorrections")
    _own(cast, "corrections", "GET", f"/api/v1/corrections/{asked}")
    kept.keep("readCorrection")
    said = {"outcome": "corrected", "text": "You are right. We have corrected it."}
    _own(cast, "corrections", "POST", f"/api/v1/corrections/{asked}/answer", said)
    kept.keep("answerCorrection")


def _uses(cast: Cast, kept: Recorder) -> None:
    telling.pushed(cast, telling.use(cast, cast.aino))
    kept.keep("reportUses")
    telling.pushed(cast, telling.use(cast, cast.aino, categories=["no.such"]))
    kept.keep("refusedUses")
    now = timezone.now()
    one, other = (Operator.objects.create(username=f"{n}-{uuid4().hex[:6]}", name=n, roles=["agency_officer"], password="!") for n in "ab")
    asked = allow_delay.ask(operator=one, agency_code=OFFICE, law=LAW, reason="The police asks", now=now)
    allow_delay.approve(operator=other, permission_id=asked.pk, now=now)
    use = Use(
        now - timedelta(hours=3), "Looked into a case", OFFICE, "Benefits office", "Archive", ("tax.income",), "benefit-application", None
    )
    with citizen_scope(cast.aino.id):
        kept_back = delay.keep_back(
            citizen_id=cast.aino.id, agency_code=OFFICE, use=use, law=LAW, until=days.today() + timedelta(days=30), now=now
        )
    until = (days.today() + timedelta(days=60)).isoformat()
    _own(cast, "uses", "POST", f"/api/v1/uses/kept-back/{kept_back}/extension", {"until": until, "reference": "R 26/117"})
    kept.keep("extendDelay")


def _facts(cast: Cast, kept: Recorder) -> None:
    person = pushing.newcomer(cast)
    kept.calls.clear()
    pushing.pushed(cast, pushing.answer(person.national_id))
    kept.keep("pushFacts")


def _models(cast: Cast, kept: Recorder) -> None:
    owners.let_in(owners.steward("milla"), owners.steward("sven"))
    document = owners.contract("risk-of-falling")
    package = evaluators.package(document)
    token = owners.own_token(cast)
    answer = owners.send(cast, token, owners.form(package, owners.signature(package)))
    kept.keep("registerEvaluator")
    assert EvaluatorOwner.objects.filter(agency=OFFICE, state="approved").exists()
    path = f"{owners.PATH}/{answer.json()['id']}"
    for name, address in (("listEvaluators", owners.PATH), ("readEvaluator", path), ("readEvaluatorPerformance", f"{path}/performance")):
        owners.look(cast, token, address)
        kept.keep(name)


def batch(compact: str) -> dict[str, Any]:
    """Header and payload of a signed batch, as they are before signing."""
    head, body, _ = compact.split(".")
    parts = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, body))
    return dict(zip(("header", "payload"), parts, strict=True))


__all__ = ["PUBLIC", "batch", "config", "record"]
