"""What each page costs on a running Aurora with the demo's data: as a browser without scripts asks for it, over HTTP, gunicorn as in the demo.

Pages are found as people find them: by links, from the home page of a citizen who connected three sources and from the console's overview, one page
of each kind. `--large` then puts a million citizens beside them, with all that `bench.growth` gives each, and asks for the same pages again.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from base64 import b32decode
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import psycopg
from django.urls import Resolver404, resolve
from django_otp.oath import TOTP

from bench.growth import BIG, SMALL, STEP, fill
from bench.harness import Scale, percentile
from bench.place import Place
from bench.results import Results
from tests.support.forms import Browser
from tests.support.people import Person
from tests.support.stack import Stack, wait_for

SOURCES = ("population-register", "tax-administration", "social-insurance")
AGAIN = 40  # so often each page is asked for; p95 is then the second but highest
# What is no page: files, what leads away, and what is refused to who has been seen too often.
LEFT_OUT = frozenset(
    {"log_bundle", "verify_offline", "entry_proof", "activity_export", "receipt_jwt", "receipt_jsonld", "sign_in", "sign_out"}
)


def measure(results: Results, place: Place, scale: Scale) -> None:
    folder = Path(tempfile.mkdtemp(prefix="aurora-bench-pages-")) / "state"
    with Stack(folder) as stack, a_citizen(stack) as citizen, an_operator(stack) as operator:
        faces = {"portal": citizen, "console": operator}
        pages = [(kind, address, faces[kind]) for kind in faces for address in _found(faces[kind], _start(stack, kind)).values()]
        small = _asked(pages, scale)
        slowest = max(small, key=lambda name: percentile(small[name], 0.95))
        results.number("pages_p95_ms", [percentile(times, 0.95) for times in small.values()], "ms", centre=max)
        results.number(f"pages_slowest_{slowest}_ms", small[slowest], "ms")
        results.number("pages_p50_ms", [statistics.median(times) for times in small.values()], "ms")
        results.number("pages_html_kb", [_size(face, address) for _, address, face in pages], "kB", centre=max)
        results.number("pages_count", [float(len(pages))])
        if scale.large:
            _grown(results, stack, pages, scale)


def _grown(results: Results, stack: Stack, pages: list[tuple[str, str, Browser]], scale: Scale) -> None:
    """The slowest growth of a page's median from ten thousand to a million citizens."""
    found = []
    filled = 0
    with stack.admin() as admin:
        for size in scale.pick((SMALL, BIG), (200, 1_000)):
            fill(admin, filled, size, _values(admin), step=STEP)
            filled = size
            found.append({name: statistics.median(times) for name, times in _asked(pages, scale).items()})
    few, many = found
    worst = max(few, key=lambda name: many[name] / few[name])
    results.ratio("pages_growth", [many[worst]], [few[worst]], "ms")
    results.number("pages_growth_p50", [many[name] / few[name] for name in few])
    results.number(f"pages_grows_{worst}_ms", [many[worst]], "ms")


def _values(admin: psycopg.Connection[Any]) -> dict[str, Any]:
    """What the bulk rows name: the demo's agencies, the office's client, any text that was shown."""

    def one(sql: str, *values: str) -> Any:
        found = admin.execute(sql, values).fetchone()  # type: ignore[arg-type]
        assert found is not None, sql
        return found[0]

    agency = "SELECT id FROM consent_agency WHERE code = %s"
    return {
        "source": one(agency, "tax-administration"),
        "aurora": one(agency, "aurora"),
        "office": one(agency, "benefits-office"),
        "client": one(
            "SELECT id FROM consent_oauth_client WHERE agency_id = (SELECT id FROM consent_agency WHERE code = %s)", "benefits-office"
        ),
        "notice": one("SELECT digest FROM consent_notice LIMIT 1"),
    }


def _start(stack: Stack, kind: str) -> str:
    return f"{stack.base_url}/en/{'console/' if kind == 'console' else 'home/'}"


@contextmanager
def a_citizen(stack: Stack) -> Iterator[Browser]:
    """Signed in, with three sources fetched, suggestions made and a page of activity."""
    with Person(stack, stack.demo["citizens"][0]["identifier"]).sign_in() as person:
        for source in SOURCES:
            pull = person.connect(source)
            wait_for(lambda pull=pull: _state(stack, pull) == "done", f"the pull from {source}", within=60)
        for _ in range(60):
            person.browser.open(f"{stack.base_url}/en/my-data/")
        person.browser.open(f"{stack.base_url}/en/suggestions/")
        yield person.browser


def _state(stack: Stack, pull: UUID) -> str:
    with stack.admin() as database:
        [(state,)] = database.execute("SELECT state FROM sources_pull WHERE id = %s", [pull]).fetchall()
    return str(state)


@contextmanager
def an_operator(stack: Stack) -> Iterator[Browser]:
    """Signed in with both factors; every role, so that every page of the console opens."""
    mine = stack.demo["operators"][0]
    with stack.admin() as database:
        roles = database.execute("SELECT array_agg(DISTINCT role) FROM identity_operator, unnest(roles) role").fetchone()
        database.execute("UPDATE identity_operator SET roles = %s WHERE username = %s", [roles[0] if roles else [], mine["username"]])
    browser = Browser()
    try:
        browser.open(f"{stack.base_url}/en/console/sign-in/")
        browser.press("Sign in", username=mine["username"], password=mine["password"])
        totp = TOTP(b32decode(mine["totp_secret"]))
        totp.time = time.time()
        browser.press("Continue", code=f"{totp.token():06d}")
        yield browser
    finally:
        browser.close()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (address := dict(attrs).get("href")):
            self.found.append(address)


def _found(face: Browser, start: str) -> dict[str, str]:
    """By name of its route one address of each page that links lead to."""
    found: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        address = waiting.popleft()
        name = _name(address, start)
        if not name or name in found:
            continue
        answer = face.http.get(address)
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        found[name] = address
        links = _Links()
        links.feed(answer.text)
        waiting.extend(urljoin(address, link) for link in links.found)
    return found


def _name(address: str, start: str) -> str:
    """ "" for what is elsewhere, another language, another face, or no page."""
    there, here = urlsplit(address), urlsplit(start)
    if there.netloc != here.netloc or not there.path.startswith("/en/") or ("/console/" in there.path) != ("/console/" in here.path):
        return ""
    try:
        match = resolve(there.path)
    except Resolver404:
        return ""
    return "" if match.url_name in LEFT_OUT or not match.url_name else f"{'console_' if '/console/' in there.path else ''}{match.url_name}"


def _asked(pages: list[tuple[str, str, Browser]], scale: Scale) -> dict[str, list[float]]:
    """By page the milliseconds of each time it was asked for, all pages in turn: what disturbs the machine disturbs all of them."""
    times: dict[str, list[float]] = {}
    for number in range(scale.pick(AGAIN, 3) + 2):
        for _, address, face in pages:
            begun = perf_counter()
            answer = face.http.get(address)
            spent = (perf_counter() - begun) * 1000
            if number >= 2 and answer.status_code == 200:  # the first two fill what processes keep
                times.setdefault(_name(address, address), []).append(spent)
    return times


def _size(face: Browser, address: str) -> float:
    return len(face.http.get(address).content) / 1000
