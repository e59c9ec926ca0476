"""The standing cast in a real database: Aino and Cecilia (citizens), the benefits office (an agency), Olavi and Pia (operators).

Rows are committed, since doors and refusals have transactions of their own, and taken away by a superuser when a folder's tests are done.
What the journeys would do over HTTP with a source is done here with their own inner functions; nothing is put past row-level security.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import psycopg
from django.core.cache import cache
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone

from aurora.console.auth import VERIFIED
from aurora.embedded import Services
from aurora.identity import citizens, totp
from aurora.identity.eid import Identified
from aurora.identity.models import Citizen, Operator
from aurora.journeys import connect_source
from aurora.messages import outbox
from aurora.messages.models import Message
from aurora.outbound.oauth import Departure
from aurora.sandbox import jose
from aurora.sandbox.config import OFFICE, PROCESSES
from aurora.sandbox.provision import Provision, provision
from aurora.sources import connections, registry
from aurora.sources.models import Pull
from aurora.twin import write
from aurora.twin.values import NewFact
from consent import days, queries
from consent.ledger.models import LedgerEntry
from consent.models import ConsentRecord, Receipt
from consent.oauth import tokens
from consent.oauth.models import AccessToken
from consent.queries import current_categories
from consent.rules import latest_end
from consent.scope import citizen_scope

ISSUER = "http://localhost:8000"
HOST = "localhost:8000"
FORM = "application/x-www-form-urlencoded"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REGISTER, TAX = "population-register", "tax-administration"
PASSWORD = "correct horse battery staple"
# The last: emptied, it says that a crash may have let used proofs be forgotten.
KEPT = {"consent_oauth_proofmemory", "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
FACTS: dict[str, dict[str, Any]] = {
    "population.household": {"household_size": 3, "children_under_6": 1},
    "population.person": {"age": 34},
    "tax.income": {"wages": 23_457},
    "hospital.surgery": {"age": 67, "sex": "female", "diabetes": True},
}


def version_of(category: str) -> int:
    """The current version of a category, as sources answer in it."""
    return current_categories([category])[0].version


def browser(**kwargs: Any) -> Client:
    """A browser at Aurora's own address. Errors come as responses, as they would from the server."""
    return Client(HTTP_HOST=HOST, raise_request_exception=False, **kwargs)


@dataclass
class Person:
    """A citizen. `name` and `national_id` must show nowhere but on their own pages."""

    citizen: Citizen
    name: str
    national_id: str
    pull_id: UUID | None = None

    @property
    def id(self) -> UUID:
        return self.citizen.pk

    def browser(self, **kwargs: Any) -> Client:
        """Signed in, with a session of its own."""
        client = browser(**kwargs)
        with citizen_scope(self.id):
            client.force_login(self.citizen, backend="aurora.identity.backends.CitizenBackend")
        return client

    def consents(self, **which: Any) -> list[ConsentRecord]:
        with citizen_scope(self.id):
            return list(ConsentRecord.objects.filter(citizen_id=self.id, **which).order_by("decided_at", "pk"))

    def messages(self) -> list[Message]:
        """Newest first."""
        with citizen_scope(self.id):
            return list(outbox.for_citizen(citizen_id=self.id))

    def receipts(self, consent_id: UUID) -> list[Receipt]:
        with citizen_scope(self.id):
            return list(Receipt.objects.filter(citizen_id=self.id, consent_id=consent_id))

    def entries(self) -> list[LedgerEntry]:
        with citizen_scope(self.id):
            return list(LedgerEntry.objects.filter(citizen_id=self.id).order_by("seq"))

    def connect(self, source: str, *, until: date | None = None) -> UUID:
        """Consent to all purposes and categories of a source, connected and pulled; the pull's id."""
        self.pull_id = self.allow(source, until=until)
        assert self.pull_id is not None
        self._pulled(self.pull_id, source)
        return self.pull_id

    def allow(self, source: str, *, until: date | None = None) -> UUID | None:
        """The same without anything pulled, which of a source that pushes is all that there is to do."""
        now, today = timezone.now(), days.today()
        # What the page shows: to draw it took a third of this, some hundreds of times.
        shown = connect_source.offer(citizen_id=self.id, code=source, language="en", today=today)
        choices = {
            "purposes": [p.purpose_id for p in shown.purposes],
            "categories": [c.category_id for c in shown.categories],
            "until": (until or latest_end(today)).isoformat(),
            "language": shown.language,
            "token": shown.token,
        }
        wanted, left = registry.by_code(source), Departure("", secrets.token_urlsafe(16), "verifier", "")
        with citizen_scope(self.id):
            attempt = connections.begin(citizen_id=self.id, source=wanted, departure=left, choices=choices, now=now)
        tokens: dict[str, object] = {"access_token": "source-access", "refresh_token": "source-refresh", "expires_in": 600}
        return connect_source._record(citizen_id=self.id, attempt=attempt, source=wanted, tokens=tokens, now=now)

    def _pulled(self, pull_id: UUID, source: str) -> None:
        now, categories = timezone.now(), [c.category_id for c in queries.current_categories(source=source)]
        facts = [
            NewFact(category, version_of(category), key, value, "reported", source, now, pull_id)
            for category in categories
            for key, value in FACTS.get(category, {}).items()
        ]
        with citizen_scope(self.id):
            write.write(citizen_id=self.id, facts=facts, now=now)
            Pull.objects.filter(pk=pull_id).update(state=Pull.State.DONE, finished_at=now)


@dataclass
class Office:
    """The agency, which speaks to Aurora over HTTP only. `verifier` is that of its newest request."""

    client_id: str
    key: dict[str, str] = field(repr=False)
    redirect_uri: str
    purpose: str
    categories: list[str]
    verifier: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(48))
    proof_key: dict[str, str] = field(repr=False, default_factory=jose.new_key)
    http: Client = field(default_factory=browser)

    def assertion(self) -> str:
        return jose.client_assertion(self.key, client_id=self.client_id, audience=ISSUER)

    def signed(self, **form: str) -> str:
        """A form's body with a fresh proof of who sends it."""
        return urlencode({"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(), **form})

    def proof(self, path: str, *, method: str = "POST", token: str = "") -> str:
        """A fresh DPoP proof of the key that the office's tokens are bound to, for one request."""
        return jose.dpop_proof(self.proof_key, method=method, url=f"{ISSUER}{path}", access_token=token)

    def bearing(self, token: str, path: str, *, method: str = "GET") -> dict[str, str]:
        """The headers of one request with an access token, for Django's test client. `path` as it is sent, without query."""
        return {"HTTP_AUTHORIZATION": f"DPoP {token}", "HTTP_DPOP": self.proof(path, method=method, token=token)}

    def read(self, token: str, category: str, *, face: Client | None = None, method: str = "GET", query: str = "") -> Any:
        """The API's answer to a read of one category."""
        path = f"/api/v1/twin/{category}"
        return (face or browser()).generic(method, f"{path}{query}", **self.bearing(token, path, method=method))  # type: ignore[arg-type]

    def post(self, path: str, **form: str) -> HttpResponse:
        """Signed, and at the token endpoint with a proof."""
        proof = {"HTTP_DPOP": self.proof(path)} if path == "/oauth/token" else {}
        return self.http.post(path, self.signed(**form), content_type=FORM, **proof)  # type: ignore[return-value,arg-type]

    def request(self, **changes: Any) -> dict[str, str]:
        challenge = urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        until = (days.today() + timedelta(days=30)).isoformat()
        detail = {"type": "aurora_twin_access", "purpose": self.purpose, "categories": self.categories, "until": until, **changes}
        return {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "state": "state-of-the-office",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([detail]),
        }

    def push(self, **changes: Any) -> str:
        answer = self.post("/oauth/par", **self.request(**changes))
        assert answer.status_code == 201, answer.content
        return str(answer.json()["request_uri"])  # type: ignore[attr-defined]

    def granted(self, person: Person) -> dict[str, Any]:
        """The citizen allows everything; the token response."""
        browser = person.browser()
        page = browser.get("/oauth/authorize", {"client_id": self.client_id, "request_uri": self.push()}).context["page"]
        form = urlencode({**dict(page.hidden), "decision": "allow", "categories": self.categories}, doseq=True)
        code = parse_qs(urlsplit(browser.post("/oauth/authorize", form, content_type=FORM)["Location"]).query)["code"][0]
        answer = self.post(
            "/oauth/token", grant_type="authorization_code", code=code, redirect_uri=self.redirect_uri, code_verifier=self.verifier
        )
        assert answer.status_code == 200, answer.content
        return dict(answer.json())  # type: ignore[attr-defined]


def is_good(token: str) -> bool:
    """Whether a token will do for a test. By its row: a read would leave the proof behind."""
    held = tokens.held(AccessToken, token)
    return held is not None and not held.is_revoked() and held.expires_at > timezone.now() + timedelta(minutes=3)


@dataclass
class Cast:
    made: Provision
    urls: dict[str, str]
    aino: Person
    cecilia: Person
    office: Office
    token: str = field(repr=False, default="")
    operator_secret: bytes = field(repr=False, default=b"")

    def renew_token(self) -> None:
        """A newer consent of Aino's to the office kills the token of the one before, and none may run out amid a test."""
        if not is_good(self.token):
            self.token = self.office.granted(self.aino)["access_token"]

    def operator_browser(self) -> Client:
        """Olavi, signed in with both factors."""
        olavi = Operator.objects.get(username="olavi")
        client = browser()
        client.force_login(olavi, backend="aurora.identity.backends.OperatorBackend")
        session = client.session
        session[VERIFIED] = str(olavi.pk)
        session.save()
        return client

    def secrets(self) -> list[str]:
        """What no answer to bad input may show."""
        return [
            self.token,
            self.office.key["d"],
            self.office.proof_key["d"],
            PASSWORD,
            totp.as_text(self.operator_secret),
            *self.personal(),
        ]

    def personal(self) -> list[str]:
        return [self.aino.name, self.aino.national_id, self.cecilia.name, self.cecilia.national_id]

    def code_now(self, *, steps: int = 0) -> str:
        """What the enrolled operator's authenticator shows, `steps` time steps from now."""
        return code_of(self.operator_secret, steps=steps)


def code_of(secret: bytes, *, steps: int = 0) -> str:
    from django_otp.oath import TOTP

    clock = TOTP(secret)
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06}"


def services() -> Services:
    """The addresses of this test process's own services."""
    return Services(**json.loads((Path(os.environ["AURORA_STATE_DIR"]) / "services.json").read_text()))


# What a table held when it was last read whole, and by which versions of its rows: where those are the same, so is what it holds.
_READ: dict[str, tuple[Any, tuple[int, str]]] = {}


def snapshot() -> dict[str, tuple[int, str]]:
    """Every table as a superuser sees it: how many rows, and a digest of all of them. A table in parts counts as one."""
    with psycopg.connect(services().admin_url or "") as admin:
        admin.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        tables = admin.execute(
            "SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE relkind IN ('r', 'p') AND NOT relispartition AND relpersistence <> 't' "
            "AND nspname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        # Each change makes another version of a row, in another place or by another transaction.
        versions = "sum(hashtextextended(concat(tableoid, ctid, xmin), 0))"
        now = admin.execute(" UNION ALL ".join(f"SELECT '{t}', count(*), {versions} FROM {t}" for (t,) in tables)).fetchall()  # type: ignore[arg-type]
        stamps = {name: stamp for name, *stamp in now}
        moved = [name for name, stamp in stamps.items() if _READ.get(name, (None,))[0] != stamp]
        whole = "count(*), coalesce(md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))), '')"
        for name in moved:
            _READ[name] = stamps[name], admin.execute(f"SELECT {whole} FROM {name} r").fetchone()  # type: ignore[assignment,arg-type]
        return {name.removeprefix("public."): _READ[name][1] for name in stamps}


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> set[str]:
    """The tables that differ."""
    return {table for table in before if before[table] != after[table]}


@contextmanager
def made_cast(folder: Path) -> Iterator[Cast]:
    """Everything, committed; the tables are emptied afterwards. Meanwhile Aurora answers to its own hosts alone."""
    from aurora.sandbox import launch

    urls = {**launch.free_urls(PROCESSES), "aurora": ISSUER}
    made = provision(urls=urls)
    config = folder / "aurora.json"
    operators = [{"username": "olavi", "name": "Olavi", "roles": ["operations", "agency_officer", "model_steward"], "password": PASSWORD}]
    config.write_text(json.dumps({**made.aurora, "operators": operators}))
    with override_settings(ALLOWED_HOSTS=["localhost", "127.0.0.1"]):
        try:
            call_command("seed_demo", config=config)
            yield _cast(made, urls)
        finally:
            empty()


def _cast(made: Provision, urls: dict[str, str]) -> Cast:
    people = []
    for number in (0, 1):
        one = made.demo["citizens"][number]
        national_id = f"S9{number}0{secrets.randbelow(10**6):06}-7"
        identified = Identified(made.aurora["eid"]["issuer"], national_id, one["name"])
        people.append(Person(citizens.find_or_create(identified=identified, language="en", now=timezone.now()), one["name"], national_id))
    agency = made.demo["agencies"][0]
    office = Office(OFFICE, agency["private_jwk"], agency["redirect_uris"][0], "benefit-application", agency["categories"])
    cast = Cast(made, urls, people[0], people[1], office)
    for person in people:
        person.connect(REGISTER)
    cast.renew_token()
    cast.operator_secret = totp.new_secret()
    totp.enrol(operator=Operator.objects.get(username="olavi"), secret=cast.operator_secret)
    return cast


def empty() -> None:
    """Takes all rows away, append-only or not, and what the cache has counted."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        tables = admin.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND NOT tablename = ANY(%s)",
            [list(KEPT)],
        ).fetchall()
        # Only a superuser can set triggers aside.
        admin.execute("SET session_replication_role = replica")
        admin.execute("TRUNCATE " + ", ".join(t for (t,) in tables))  # type: ignore[arg-type]
    cache.clear()
