"""Whoever has the whole database, or reads addresses, learns of no illness: not after records came, one was disputed, a choice was made and a copy."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from tests.erasure import scanning
from tests.support.held import names_on
from tests.support.people import Person
from tests.support.stack import Stack, wait_for

pytestmark = pytest.mark.xdist_group("stack")
CENTRE, REGISTER = "health-centre", "population-register"
WORDS = ("icd10.", "snomed.")


def test_no_code_of_an_illness_is_found_in_the_clear(stack: Stack) -> None:
    with Person(stack, stack.demo["citizens"][0]["identifier"]).sign_in() as person:
        pulls = [person.connect(CENTRE, purposes=("own-overview",)), person.connect(REGISTER)]
        for pull in pulls:
            wait_for(lambda pull=pull: _one(stack, "SELECT state FROM sources_pull WHERE id = %s", pull) == "done", "the pull", within=60)
        citizen = _one(stack, "SELECT citizen_id FROM sources_pull WHERE id = %s", pulls[0])
        names = names_on(stack, citizen)
        keys = sorted({key for category, key in names.values() if category.startswith("health.") and key.startswith(WORDS)})
        assert len(keys) > 2, "or nothing would be looked for"
        _disputed(stack, person, names)
        _settled(person)
        _copied(stack, person, citizen)
    for word in WORDS:
        assert word not in person.browser.text, "nor in a link of a page"
    # In the clear and as hex and base64: rows of every table, files of the database and its journal, the state folder, Valkey.
    needles = {key: key.encode() for key in keys}
    tables = {place for place, found in scanning.everywhere(stack, needles).items() if found}
    assert tables == set()
    marks = {"a mark": bytes(_one(stack, "SELECT mark FROM twin_fact WHERE citizen_id = %s LIMIT 1", citizen))}
    assert any(place == "table public.twin_fact" for place in scanning.everywhere(stack, marks)), "the scan sees what is there"


def _disputed(stack: Stack, person: Person, names: dict[str, tuple[str, str]]) -> None:
    """The health centre is asked to correct an illness, by the link beside it."""
    person.browser.open(f"{person.base_url}/en/my-data/")
    links = re.findall(r"/en/my-data/correct/([^/\"]+)/", person.browser.text)
    illness = next(link for link in links if names[link][1].startswith("icd10."))
    person.browser.open(f"{person.base_url}/en/my-data/correct/{illness}/")
    form = next(form for form in person.browser.forms() if "right" in form.fields)
    filled = {**form.fields, "right": "Nothing of that kind", "why": "It was somebody else's."}
    address = person.browser.url
    person.browser.open(str(person.browser.http.post(address, data=filled, headers={"Referer": address}).next_request.url))  # type: ignore[union-attr]
    assert re.search(r"/en/corrections/[0-9a-f-]{36}/$", person.browser.url), person.browser.text[:2000]
    assert _one(stack, "SELECT count(*) FROM consent_webhooks_delivery WHERE correction_id IS NOT NULL") > 0, "its notice waits"


def _settled(person: Person) -> None:
    person.browser.open(f"{person.base_url}/en/my-data/disagreements/")
    person.browser.press("This is right")
    assert person.browser.url.endswith("?done=chosen"), person.browser.url


def _copied(stack: Stack, person: Person, citizen: UUID) -> None:
    person.browser.open(f"{person.base_url}/en/my-data/copy/")
    if "Make a copy" not in person.browser.text:  # another test's is there
        person.browser.press("Delete the file")
        person.browser.open(f"{person.base_url}/en/my-data/copy/")
    person.browser.press("Make a copy")
    state = "SELECT state FROM exports_export WHERE citizen_id = %s ORDER BY requested_at DESC LIMIT 1"
    wait_for(lambda: _one(stack, state, citizen) == "done", "the copy", within=120)
    person.browser.open(f"{person.base_url}/en/my-data/")


def _one(stack: Stack, sql: str, *values: object) -> object:
    with stack.admin() as database:
        [(found,)] = database.execute(sql, values).fetchall()  # type: ignore[arg-type]
    return found
