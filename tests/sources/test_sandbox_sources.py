"""What operators declare of the sandbox's agencies fits them: a signed source, one behind X-Road and one with JSON of its own, asked over real HTTP."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from aurora.outbound import guard, oauth
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sandbox import estates, launch, national_id, personas, vocabulary, wards
from aurora.sandbox.agency import ways
from aurora.sandbox.config import PROCESSES
from aurora.sandbox.oauth import tokens
from aurora.sandbox.provision import Provision, load_or_make, provision, write_configs
from aurora.sandbox.store import Store
from aurora.sources.connectors import CHECKS, CONNECTORS, Answer, Asked, Mark, Unchanged, exchange, signed
from consent.models import DataCategoryVersion
from recommender.training import households

REGISTER, TAX, SOCIAL = WALKED = (ways.SIGNS, ways.BEHIND_XROAD, ways.OWN_FORM)
PERSON = {REGISTER: "population.person", TAX: "tax.income", SOCIAL: "social.pension"}


@dataclass
class Sources:
    made: Provision
    stores: dict[str, Store]
    household: int

    def versions(self, code: str) -> dict[str, DataCategoryVersion]:
        return {
            category: DataCategoryVersion(category_id=category, version=known.version, schema=dict(known.schema))
            for category, known in vocabulary.served_by(code).items()
        }

    def ask(self, code: str, category: str, since: Mark | None = None) -> Answer | Unchanged:
        known = self.made.aurora["sources"][code]
        registration = Registration(known["issuer"], known["client_id"], known["private_jwk"], known["redirect_uri"])
        version = self.versions(code)[category]
        asked = Asked(registration, self.token(code, category), version, since or Mark(), known["settings"])
        return CONNECTORS[known["connector"]](asked)

    def refusal(self, code: str, category: str) -> tuple[str, bool]:
        with pytest.raises(PeerFailed) as failed:
            self.ask(code, category)
        return failed.value.code, failed.value.retryable

    def token(self, code: str, *scopes: str) -> str:
        """As if the citizen had allowed it."""
        client_id = self.made.aurora["sources"][code]["client_id"]
        with self.stores[code].transaction() as db:
            row = db.execute(
                "INSERT INTO grants (client_id, household, scopes, created_at) VALUES (?, ?, ?, ?)",
                (client_id, self.household, " ".join(scopes), time.time()),
            )
        here: Any = SimpleNamespace(store=self.stores[code])
        return tokens.issue_access(tokens.Granted(row.lastrowid or 0, client_id, self.household, scopes, {}), seconds=600, runtime=here)

    def switch(self, code: str, **setting: Any) -> None:
        issuer = self.made.aurora["sources"][code]["issuer"]
        control = {"Authorization": f"Bearer {self.made.aurora['control_token']}"}
        answer = httpx.post(f"{issuer}/_sandbox/switches", json=setting, headers=control, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text

    def held(self, category: str) -> Any:
        of_people = {register.CATEGORY: register.facts_of(self.household, personas.choose()) for register in (wards, estates)}
        return {**households.facts_of(self.household), **of_people}[category]


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    folder = tmp_path_factory.mktemp("sources")
    urls = {**launch.free_urls(PROCESSES), "aurora": "http://nobody.invalid"}
    made = provision(urls=urls)
    configs = write_configs(made, folder / "config")
    running = launch.start_all({code: configs[code] for code in WALKED}, state=folder / "state", urls=urls)
    household = next(persona.index for persona in personas.choose() if persona.key == "cecilia")  # who has children
    stores = {}
    for code in WALKED:
        path = folder / "state" / code / f"{code}.sqlite3"
        sqlite3.connect(path).close()
        stores[code] = Store(path)
    yield Sources(made, stores, household)
    for store in stores.values():
        store.close()
    launch.stop_all(running)


@pytest.fixture
def sources(_running: Sources, settings: Any) -> Iterator[Sources]:
    """Every switch off before and after."""
    settings.AURORA_SANDBOX = True
    oauth._metadata_cache.clear()
    signed.forget_keys()
    for code in WALKED:
        _running.switch(code, mode="ok")
    yield _running
    for code in WALKED:
        _running.switch(code, mode="ok")


@pytest.mark.parametrize("code", WALKED)
def test_what_is_declared_of_it_would_be_loaded(sources: Sources, code: str) -> None:
    known = sources.made.aurora["sources"][code]
    CHECKS[known["connector"]](known["settings"], sources.versions(code))


@pytest.mark.parametrize("code", WALKED)
def test_all_that_it_holds_arrives_and_no_news_is_told_as_such(sources: Sources, code: str) -> None:
    for category in sources.versions(code):
        found = sources.ask(code, category)
        assert isinstance(found, Answer)
        assert found.facts == sources.held(category), category
        assert found.national_id == national_id.make(sources.household) and found.attested is (code == REGISTER)
        assert found.valid_from is not None and (found.valid_to is not None) is vocabulary.categories()[category].yearly
        assert found.mark.etag
        again = sources.ask(code, category, found.mark)
        assert isinstance(again, Unchanged) and again.mark == found.mark


FAULTS = {
    "endless_pages": ("too_large", False),
    "huge": ("too_large", False),
    "redirect": ("invalid_answer", False),
    "garbage": ("invalid_answer", False),
    "wrong_schema": ("invalid_answer", False),
    "down": ("source_down", True),
    "too_many": ("too_many_requests", True),
    "revoked": ("revoked", False),
}


@pytest.mark.parametrize("code", WALKED)
@pytest.mark.parametrize("mode", FAULTS)
def test_each_fault_is_refused_with_its_code(sources: Sources, code: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "MOST_PAGES", 20)
    sources.switch(code, mode=mode)
    # A source that signs and answers without: what it is instead does not matter.
    unsigned = code == REGISTER and mode in ("garbage",)
    assert sources.refusal(code, PERSON[code]) == (("signature_invalid", False) if unsigned else FAULTS[mode])
    sources.switch(code, mode="ok")
    assert isinstance(sources.ask(code, PERSON[code]), Answer)


@pytest.mark.parametrize("code", WALKED)
def test_a_byte_now_and_then_ends_with_the_clock(sources: Sources, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "TOTAL_SECONDS", 1.0)
    sources.switch(code, mode="slow_loris", seconds=0.3)
    assert sources.refusal(code, PERSON[code]) == ("timeout", True)


@pytest.mark.parametrize("mode", ["bad_signature", "stale_signature", "unsigned"])
def test_a_spoilt_signature_is_not_believed(sources: Sources, mode: str) -> None:
    sources.switch(REGISTER, mode=mode)
    assert sources.refusal(REGISTER, PERSON[REGISTER]) == ("signature_invalid", False)


@pytest.mark.parametrize("code", WALKED)
def test_another_citizens_answer_says_so(sources: Sources, code: str) -> None:
    """Whose it is, the pull compares."""
    sources.switch(code, mode="wrong_citizen")
    found = sources.ask(code, PERSON[code])
    assert isinstance(found, Answer) and found.national_id != national_id.make(sources.household)


def test_only_a_source_that_signs_can_sign_badly(sources: Sources) -> None:
    issuer = sources.made.aurora["sources"][TAX]["issuer"]
    control = {"Authorization": f"Bearer {sources.made.aurora['control_token']}"}
    answer = httpx.post(f"{issuer}/_sandbox/switches", json={"mode": "unsigned"}, headers=control, trust_env=False, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_switch")


def test_the_security_server_lets_in_whom_it_knows_only(sources: Sources) -> None:
    way = dict(sources.made.aurora["sources"][TAX]["settings"]["xroad"])
    for change in ({"client": "SB/GOV/9999999-9/other"}, {"service": "SB/GOV/2000002-2/tax/other"}):
        sources.made.aurora["sources"][TAX]["settings"]["xroad"] = way | change
        try:
            assert sources.refusal(TAX, PERSON[TAX]) == ("oauth_error", False)
        finally:
            sources.made.aurora["sources"][TAX]["settings"]["xroad"] = way


def test_what_is_declared_follows_the_code_where_keys_are_kept(tmp_path: Path) -> None:
    urls = {**launch.free_urls(PROCESSES), "aurora": "http://nobody.invalid"}
    file = tmp_path / "provision.json"
    made = load_or_make(file, urls=urls)
    text = file.read_text()
    assert '"mapped_json"' in text
    file.write_text(text.replace('"mapped_json"', '"json_oauth"'))
    again = load_or_make(file, urls=urls)
    assert again.aurora["sources"] == made.aurora["sources"]
