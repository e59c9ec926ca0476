"""The connector and the sandbox's health centre, each by its own reading of the standard: from the departure to what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from fhir_peer import VOCABULARY, version

from aurora.outbound import oauth
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sandbox import launch
from aurora.sandbox.config import EID, HEALTH, PROCESSES
from aurora.sandbox.health import draws
from aurora.sandbox.launch import Running
from aurora.sandbox.personas import choose
from aurora.sandbox.provision import Provision, provision, write_configs
from aurora.sources.connectors import Answer, Asked, Mark, Unchanged, manner
from aurora.sources.connectors.fhir import check, fetch
from tests.support.forms import NOBODY, Browser, plain_client

MANNER = manner("fhir")
EVERY = ("health.conditions", "health.measurements", "health.patient", "health.procedures")


@dataclass
class Centre:
    made: Provision
    running: dict[str, Running]

    @property
    def declared(self) -> dict[str, Any]:
        return dict(self.made.aurora["sources"][HEALTH])

    @property
    def registration(self) -> Registration:
        mine = self.declared
        return Registration(mine["issuer"], mine["client_id"], mine["private_jwk"], mine["redirect_uri"], asserts_to_token_endpoint=True)

    def connect(self, *categories: str, who: str = "Aino") -> dict[str, Any]:
        """The citizen's whole way with Aurora's own client; the token answer."""
        mine, settings = self.registration, self.declared["settings"]
        departure = oauth.depart(mine, scope=MANNER.scope(categories, settings), extra=MANNER.beside(mine, settings))
        browser = Browser(NOBODY)
        browser.open(departure.url)
        browser.press(who)
        answer = browser.press("Allow").answer
        browser.close()
        return oauth.redeem(mine, code=oauth.check_answer(mine, expected_state=departure.state, answer=answer), verifier=departure.verifier)

    def asked(self, tokens: dict[str, Any], category: str, **more: Any) -> Asked:
        asked = Asked(self.registration, tokens["access_token"], version(category), settings=self.declared["settings"])
        return replace(asked, context=MANNER.context(tokens), **more)

    def control(self, path: str, body: dict[str, Any]) -> None:
        headers = {"Authorization": f"Bearer {self.made.aurora['control_token']}"}
        with plain_client() as http:
            answer = http.post(f"{self.declared['issuer']}/_sandbox/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("health-centre")
    urls = {**launch.free_urls(PROCESSES), "aurora": NOBODY}
    made = provision(urls=urls)
    configs = write_configs(made, folder / "config")
    running = launch.start_all({name: configs[name] for name in (EID, HEALTH)}, state=folder / "state", urls=urls)
    yield Centre(made, running)
    launch.stop_all(running)


@pytest.fixture
def centre(running: Centre, settings: Any) -> Iterator[Centre]:
    settings.AURORA_SANDBOX = True
    oauth._metadata_cache.clear()
    running.control("switches", {"mode": "ok"})
    yield running
    running.control("switches", {"mode": "ok"})
    oauth._metadata_cache.clear()


def identifier(centre: Centre, key: str) -> str:
    return str(next(c["identifier"] for c in centre.made.demo["citizens"] if c["key"] == key))


def test_what_the_sandbox_declares_is_what_the_connector_takes(centre: Centre) -> None:
    assert len(list(VOCABULARY.glob("health.*.json"))) == len(EVERY)
    check(centre.declared["settings"], {category: version(category) for category in EVERY})


def test_everything_is_read_as_it_was_drawn(centre: Centre) -> None:
    aino = draws.person(choose()[0].index, choose())
    tokens = centre.connect(*EVERY)
    found = {category: fetch(centre.asked(tokens, category)) for category in EVERY}
    assert {a.national_id for a in found.values() if isinstance(a, Answer)} == {identifier(centre, "aino")}
    told = {category: answer.facts for category, answer in found.items() if isinstance(answer, Answer)}
    assert set(told["health.conditions"]) == {f"icd10.{ill.code}" for ill in aino.illnesses if ill.kind == "confirmed"}
    assert set(told["health.procedures"]) == {f"snomed.{one.code}" for one in aino.procedures}
    assert told["health.patient"]["region"] == aino.region and told["health.patient"]["marital_status"] == "married"
    assert set(told["health.measurements"]) == set(version("health.measurements").schema["properties"])


def test_nothing_new_is_unchanged_in_every_category(centre: Centre) -> None:
    tokens = centre.connect(*EVERY, who="Cecilia")
    for category in EVERY:
        first = fetch(centre.asked(tokens, category))
        assert isinstance(first, Answer) and first.mark != Mark()
        again = fetch(centre.asked(tokens, category, since=first.mark))
        assert isinstance(again, Unchanged), category


def test_what_is_corrected_and_what_is_retracted_is_told(centre: Centre) -> None:
    tokens, mine = centre.connect(*EVERY, who="Dagny"), identifier(centre, "dagny")
    before = {category: fetch(centre.asked(tokens, category)) for category in ("health.patient", "health.measurements")}
    centre.control("correct", {"identifier": mine, "fact": "municipality", "value": "049"})
    changed = fetch(centre.asked(tokens, "health.patient", since=before["health.patient"].mark))
    assert isinstance(changed, Answer) and changed.facts["municipality"] == "049"
    first = before["health.measurements"]
    assert isinstance(first, Answer)
    with plain_client() as http:
        address = f"{centre.declared['settings']['fhir_base']}/Observation?patient={tokens['patient']}&code=http://loinc.org|29463-7"
        entries = http.get(address, headers={"Authorization": f"Bearer {tokens['access_token']}"}).json()["entry"]
    newest = max((e["resource"] for e in entries), key=lambda one: one["effectiveDateTime"])
    centre.control("correct", {"identifier": mine, "retract": f"Observation/{newest['id']}"})
    second = fetch(centre.asked(tokens, "health.measurements", since=first.mark))
    assert isinstance(second, Answer) and second.gone is None, "what stood behind a fact is gone: everything is asked for"
    assert second.times["body_weight"].observed_at < first.times["body_weight"].observed_at


def test_a_token_of_some_categories_opens_no_other(centre: Centre) -> None:
    tokens = centre.connect("health.procedures", who="Eero")
    assert tokens["scope"] == "launch/patient offline_access patient/Patient.r patient/Procedure.rs"
    assert isinstance(fetch(centre.asked(tokens, "health.procedures")), Answer)
    for other in ("health.conditions", "health.measurements"):
        with pytest.raises(PeerFailed) as failed:
            fetch(centre.asked(tokens, other))
        assert (failed.value.code, failed.value.retryable) == ("invalid_answer", False)


def test_a_refresh_token_goes_on(centre: Centre) -> None:
    tokens = centre.connect("health.patient", who="Frans")
    renewed = oauth.refresh(centre.registration, refresh_token=tokens["refresh_token"])
    assert isinstance(fetch(centre.asked({**tokens, **renewed}, "health.patient")), Answer)
    oauth.revoke(centre.registration, token=tokens["refresh_token"])
    with pytest.raises(PeerFailed) as failed:
        fetch(centre.asked({**tokens, **renewed}, "health.patient"))
    assert failed.value.code == "revoked"


@pytest.mark.parametrize(
    ("mode", "category", "code", "retryable"),
    [
        ("wrong_citizen", "health.conditions", "wrong_citizen", False), ("wrong_schema", "health.measurements", "invalid_answer", False),
        ("garbage", "health.procedures", "invalid_answer", False), ("huge", "health.conditions", "too_large", False),
        ("down", "health.patient", "source_down", True), ("too_many", "health.patient", "too_many_requests", True),
        ("revoked", "health.conditions", "revoked", False),
    ],
)  # fmt: skip
def test_what_the_sandbox_does_wrong_is_refused(centre: Centre, mode: str, category: str, code: str, retryable: bool) -> None:
    tokens = centre.connect(*EVERY, who="Gunvor")
    centre.control("switches", {"mode": mode, "category": category})
    with pytest.raises(PeerFailed) as failed:
        fetch(centre.asked(tokens, category))
    assert (failed.value.code, failed.value.retryable) == (code, retryable)


def test_another_patients_identifier_is_told_as_it_stands(centre: Centre) -> None:
    """The pull compares it with the citizen's own: that is no connector's to know."""
    tokens = centre.connect(*EVERY, who="Henrik")
    centre.control("switches", {"mode": "wrong_citizen", "category": "health.patient"})
    found = fetch(centre.asked(tokens, "health.patient"))
    assert isinstance(found, Answer) and found.national_id != identifier(centre, "henrik")
