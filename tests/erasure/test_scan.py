"""Everything of a citizen is erased on a running Aurora, whose worker and web are killed at the steps; afterwards no byte is found anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from aurora.erasures import certificate
from tests.erasure import scanning
from tests.erasure.secrets_of import secrets_of
from tests.support.live import IMPATIENT
from tests.support.people import Person, identifier
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("erasure_stack")
SOURCES = ("population-register", "tax-administration")
# In this order, each by its worker's death: the sweep finds what is left.
DEATHS = ("erase.consents", "erase.facts", "erase.waited")
LATE_DEATHS = ("erase.account.before_commit", "erase.account.after_commit", "erase.finish")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One of its own: what other tests' citizens do meanwhile would be in the journal too."""
    with Stack(tmp_path_factory.mktemp("erasure") / "state", environ=IMPATIENT) as stack:
        yield stack


@dataclass
class Gone:
    """Somebody who left: what had been theirs, the address of their certificate, where the scan found what before and after."""

    needles: dict[str, bytes]
    address: str
    before: dict[str, set[str]]
    after: dict[str, set[str]]
    citizen_id: UUID


@pytest.fixture(scope="module")
def gone(stack: Stack) -> Gone:
    with Person(stack, identifier(1423)) as person:
        person.sign_in()
        pulls = [person.connect(source) for source in SOURCES]
        for pull in pulls:
            wait_for(lambda pull=pull: _one(stack, "SELECT state FROM sources_pull WHERE id = %s", pull) == "done", "the pull", within=60)
        citizen = _one(stack, "SELECT citizen_id FROM sources_pull WHERE id = %s", pulls[0])
        _live(stack, person)
        # As a busy database does by itself.
        with stack.admin() as database:
            database.execute("ANALYZE")
        needles = secrets_of(stack, citizen)
        with stack.admin() as database:
            database.execute("CHECKPOINT")
        before = scanning.everywhere(stack, needles)
        address = _leave(stack, person, citizen)
    scanning.settle(stack)
    return Gone(needles, address, before, scanning.everywhere(stack, needles), citizen)


def _live(stack: Stack, person: Person) -> None:
    """Suggestions, an agency that reads, messages, an export, a concern."""
    person.browser.open(f"{person.base_url}/en/suggestions/")
    person.browser.open(f"{person.base_url}/en/my-data/")
    person.browser.open(f"{stack.demo['agencies'][0]['base_url']}/?ui_locales=en")
    person.browser.press("Apply for housing support")
    person.browser.press("Allow", categories=["population.household"])
    person.browser.press("Read now", category="population.household")
    person.browser.open(f"{person.base_url}/en/messages/")


def _leave(stack: Stack, person: Person, citizen: UUID) -> str:
    """Signs in anew, leaves, and days pass; workers die at each step on the way."""
    crash = stack.state / "crash"
    crash.mkdir(exist_ok=True)
    for point in DEATHS:
        (crash / point).touch()
    person.browser.open(f"{person.base_url}/en/sign-in/?next=/en/leave/&anew=")
    person.browser.press("Sign in", identifier=person.identifier)
    assert person.browser.url == f"{person.base_url}/en/leave/", person.browser.url
    person.browser.press("Delete everything and leave")
    found = re.search(r"/en/erasures/certificate/([\w-]{40,})/", person.browser.text)
    assert found, person.browser.text[:3000]
    state = "SELECT state FROM erasures_erasure WHERE citizen_id = %s"
    wait_for(lambda: _one(stack, state, citizen) == "waiting", "the data to be gone", within=180)
    assert not [p for p in DEATHS if (crash / p).exists()], "each death was died"
    for point in LATE_DEATHS:
        (crash / point).touch()
    with stack.admin() as database:
        database.execute("UPDATE ledger_erasure SET due_at = now() WHERE citizen_id = %s", [citizen])
        database.execute("UPDATE erasures_erasure SET due_at = now() WHERE citizen_id = %s", [citizen])
    done = "SELECT count(*) FROM erasures_erasure WHERE scope = 'everything' AND state = 'done'"
    wait_for(lambda: _one(stack, done) == 1, "the account to be gone", within=240)
    assert not [p for p in LATE_DEATHS if (crash / p).exists()]
    return f"{person.base_url}/en/erasures/certificate/{found[1]}/"


def test_the_scan_sees_what_is_on_the_disk(gone: Gone) -> None:
    """Else it would find nothing afterwards either. In the clear nothing lay there even before."""
    seen = set().union(*gone.before.values())
    assert {"wrapped key", "wrapped marking key", "subject hmac"} <= seen and any(name.startswith("sealed ") for name in seen)
    assert any(place.startswith("file ") and "pg_wal" in place for place in gone.before)
    assert not seen & {"data key", "marking key", "national id", "name"}
    clear = {
        place: names
        for place, found in gone.before.items()
        if (names := {n for n in found if n.startswith(("value of ", "salt of ", "key "))})
    }
    assert clear == {}


def test_no_byte_is_left(gone: Gone) -> None:
    """Of values, identifiers, salts and keys. Sealed values may lie in freed places: no key opens them any more."""
    left = {place: kept for place, found in gone.after.items() if (kept := {n for n in found if not n.startswith("sealed ")})}
    assert left == {}


def test_no_row_bears_their_number(stack: Stack, gone: Gone) -> None:
    number = {"number": str(gone.citizen_id).encode()}
    tables = {place for place, _ in scanning.everywhere(stack, number).items() if place.startswith("table ")}
    # Their sessions end within hours, by age; the mark that this number is closed goes a day later, a statistic when its table is analysed again.
    assert tables <= {"table public.erasures_leaver", "table pg_catalog.pg_statistic"}, tables


def test_the_certificate_is_there_for_who_holds_the_address(stack: Stack, gone: Gone) -> None:
    import httpx
    from joserfc import jwt
    from joserfc.jwk import KeySet

    page = httpx.get(gone.address, trust_env=False)
    assert page.status_code == 200 and "Certificate of erasure" in page.text and "no-store" in page.headers["Cache-Control"]
    token = httpx.get(f"{gone.address}certificate.jwt", trust_env=False).text
    keys = KeySet.import_key_set(httpx.get(f"{stack.base_url}/oauth/jwks", trust_env=False).json())
    signed = jwt.decode(token, keys, algorithms=["ES256"])
    assert signed.header["typ"] == certificate.TYP
    document = signed.claims["certificate"]
    assert document["aurora:keyDestroyed"]["aurora:filesWrittenAnew"] >= document["aurora:keyDestroyed"]["aurora:at"]
    assert [one["aurora:agency"] for one in document["aurora:agencies"]] == ["benefits-office"]
    assert scanning.found_in(token.encode() + page.content, gone.needles) == set()
    assert httpx.get(f"{stack.base_url}/en/erasures/certificate/{'x' * 43}/", trust_env=False).status_code == 404


def _one(stack: Stack, sql: str, *values: Any) -> Any:
    with stack.admin() as database:
        [(found,)] = database.execute(sql, values).fetchall()  # type: ignore[arg-type]
    return found
