"""The health centre: SMART App Launch for one patient, and a FHIR R4 server that pages, tells what is new and takes corrections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from sandbox_client import AURORA, Browser, Peer, Sandbox

from aurora.sandbox import jose
from aurora.sandbox.config import HEALTH
from aurora.sandbox.health import draws, smart
from aurora.sandbox.personas import choose
from recommender.training import households

EVERYTHING = "launch/patient offline_access patient/Patient.rs patient/Condition.rs patient/Observation.rs patient/Procedure.rs"
TYPES = ("Condition", "Observation", "Procedure")


class Centre:
    """Aurora at the health centre, with a token of one citizen."""

    def __init__(self, sandbox: Sandbox, scope: str = EVERYTHING, *, who: str = "Aino") -> None:
        self.peer: Peer = sandbox.peer(HEALTH)
        self.base = f"{self.peer.issuer}/fhir"
        self.control = {"Authorization": f"Bearer {sandbox.made.aurora['control_token']}"}
        browser = Browser(AURORA)
        answer = come_back(browser, self.peer, scope, who=who)
        browser.close()
        redeemed = self.peer.redeem(answer["code"])
        assert redeemed.status_code == 200, redeemed.text
        self.tokens: dict[str, Any] = redeemed.json()

    def get(self, path: str, **headers: str) -> httpx.Response:
        address = path if path.startswith("http") else f"{self.base}/{path}"
        return self.peer.http.get(address, headers={"Authorization": f"Bearer {self.tokens['access_token']}", **headers})

    def everything(self, resource: str, **query: str) -> list[dict[str, Any]]:
        """All resources of a search, over all its pages."""
        address = str(httpx.URL(f"{self.base}/{resource}", params={"patient": self.tokens["patient"], **query}))
        found: list[dict[str, Any]] = []
        while address:
            bundle = self.get(address).json()
            found += [entry["resource"] for entry in bundle["entry"]]
            address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        return found

    def correct(self, **body: Any) -> httpx.Response:
        return self.peer.http.post(f"{self.peer.issuer}/_sandbox/correct", json=body, headers=self.control)


def come_back(browser: Browser, peer: Peer, scope: str, *, who: str = "Aino", **changed: str | None) -> dict[str, str]:
    """A plain authorization request: SMART App Launch knows no PAR."""
    browser.open(peer.authorize_url(**peer.params(scope, aud=f"{peer.issuer}/fhir", **changed)))
    labels = [button["label"] for form in browser.forms() for button in form.buttons]
    browser.press(who if any(who in label for label in labels) else "Continue")
    return browser.press("Allow").answer


@pytest.fixture(scope="module")
def aino(sandbox: Sandbox) -> Iterator[Centre]:
    centre = Centre(sandbox)
    yield centre
    centre.peer.close()


def test_it_says_what_it_can(aino: Centre) -> None:
    about = aino.peer.http.get(f"{aino.peer.issuer}/.well-known/oauth-authorization-server").json()
    smart_says = aino.peer.http.get(f"{aino.base}/.well-known/smart-configuration").json()
    assert {name: smart_says[name] for name in ("authorization_endpoint", "token_endpoint")} == {
        name: about[name] for name in ("authorization_endpoint", "token_endpoint")
    }
    assert {"launch-standalone", "client-confidential-asymmetric", "permission-v2"} <= set(smart_says["capabilities"])
    stated = aino.peer.http.get(f"{aino.base}/metadata")
    assert stated.headers["Content-Type"].startswith("application/fhir+json")
    assert stated.json()["fhirVersion"] == "4.0.1"
    get_fhir_model_class("CapabilityStatement").model_validate(stated.json())


def test_the_key_is_one_that_smart_servers_must_take(sandbox: Sandbox, aino: Centre) -> None:
    assert aino.peer.key["crv"] == "P-384"
    token = jose.client_assertion(aino.peer.key, client_id="aurora", audience=f"{aino.peer.issuer}/token")
    assert aino.peer.post("/token", {"grant_type": "x"}, assertion=token).json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("aud", [None, "https://elsewhere.example/fhir"], ids=["none", "another"])
def test_a_request_is_for_this_fhir_server(sandbox: Sandbox, aud: str | None) -> None:
    peer, browser = sandbox.peer(HEALTH), Browser(AURORA)
    given = browser.open(peer.authorize_url(**peer.params(EVERYTHING, aud=aud))).answer
    assert given["error"] == "invalid_request"
    browser.close()
    peer.close()


def test_without_offline_access_there_is_no_refresh_token(sandbox: Sandbox) -> None:
    centre = Centre(sandbox, "launch/patient patient/Patient.r")
    assert "refresh_token" not in centre.tokens and centre.tokens["patient"] == smart.patient_id(choose()[0].index)
    assert centre.tokens["scope"] == "launch/patient patient/Patient.r"
    centre.peer.close()


def test_the_page_names_what_is_asked_and_no_scope(sandbox: Sandbox) -> None:
    peer, browser = sandbox.peer(HEALTH), Browser(AURORA)
    browser.open(
        peer.authorize_url(**peer.params("launch/patient offline_access patient/Patient.r patient/Condition.rs", aud=f"{peer.issuer}/fhir"))
    )
    labels = [button["label"] for form in browser.forms() for button in form.buttons]
    browser.press("Aino" if any("Aino" in label for label in labels) else "Continue")
    assert "Illnesses and diagnoses" in browser.text and "Your identifier" in browser.text
    assert "patient/" not in browser.text and "Patient details" not in browser.text
    browser.close()
    peer.close()


def test_records_are_valid_fhir_and_about_one_patient(aino: Centre) -> None:
    patient = aino.get(f"Patient/{aino.tokens['patient']}")
    assert patient.headers["ETag"].startswith('W/"')
    get_fhir_model_class("Patient").model_validate(patient.json())
    for resource in TYPES:
        found = aino.everything(resource)
        assert found and len({one["id"] for one in found}) == len(found)
        for one in found:
            get_fhir_model_class(resource).model_validate(one)
            assert one["subject"]["reference"] == f"Patient/{aino.tokens['patient']}"


def test_a_search_comes_in_pages(aino: Centre) -> None:
    bundle = aino.get(f"Observation?patient={aino.tokens['patient']}&_count=5").json()
    assert bundle["type"] == "searchset" and len(bundle["entry"]) == 5 < bundle["total"]
    assert len(aino.everything("Observation", _count="5")) == bundle["total"]


def test_an_old_page_is_gone(aino: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own clock cannot be moved from here: a reference whose time is over is made with its own mark."""
    bundle = aino.get(f"Observation?patient={aino.tokens['patient']}&_count=5").json()
    following = next(link["url"] for link in bundle["link"] if link["relation"] == "next")
    spoilt = aino.get(following[:-1] + ("0" if following[-1] != "0" else "1"))
    assert spoilt.status_code == 400 and spoilt.json()["resourceType"] == "OperationOutcome"


def test_it_tells_what_is_new(sandbox: Sandbox) -> None:
    """A retracted resource is told as changed, with a new version; nothing else is."""
    centre = Centre(sandbox, who="Eero")
    identifier = sandbox.identifier("eero")
    before = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    assert centre.everything("Observation", _lastUpdated=f"gt{before}") == []
    one = centre.everything("Observation")[0]
    assert centre.correct(identifier=identifier, retract=f"Observation/{one['id']}").status_code == 200
    (changed,) = centre.everything("Observation", _lastUpdated=f"gt{before}")
    assert (changed["id"], changed["status"], changed["meta"]["versionId"]) == (one["id"], "entered-in-error", "2")
    centre.peer.close()


def test_a_corrected_fact_is_another_version_of_the_patient(sandbox: Sandbox) -> None:
    centre = Centre(sandbox, who="Frans")
    place = f"Patient/{centre.tokens['patient']}"
    first = centre.get(place)
    assert centre.get(place, **{"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert centre.correct(identifier=sandbox.identifier("frans"), fact="region", value="R07").json() == {"target": "region", "value": "R07"}
    second = centre.get(place, **{"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200 and second.json()["address"][0]["state"] == "R07" and second.headers["ETag"] != first.headers["ETag"]
    assert centre.correct(identifier=sandbox.identifier("frans"), fact="region", value="R08").status_code == 200
    third = centre.get(place, **{"If-None-Match": second.headers["ETag"]})
    assert third.status_code == 200 and third.json()["address"][0]["state"] == "R08", "the same fact again is yet another version"
    centre.peer.close()


def test_ainos_region_is_an_old_one_until_it_is_corrected(sandbox: Sandbox, aino: Centre) -> None:
    """What the demo shows: two authorities that disagree. Without a value, a correction is what the register says."""
    index = next(p.index for p in choose() if p.key == "aino")
    registered = households.facts_of(index)["population.person"]["region"]
    place = f"Patient/{aino.tokens['patient']}"
    assert aino.get(place).json()["address"][0]["state"] == draws.person(index, choose()).region != registered
    assert aino.correct(identifier=sandbox.identifier("aino"), fact="region").json()["value"] == registered
    assert aino.get(place).json()["address"][0]["state"] == registered


@pytest.mark.parametrize(
    "body",
    [
        {}, {"identifier": "S000000-0"}, {"identifier": "S999999-X", "fact": "region"}, {"identifier": None, "fact": "region"}, [],
        {"identifier": "mine", "fact": "name", "value": "X"}, {"identifier": "mine", "fact": "region", "value": "Lapland"},
        {"identifier": "mine", "retract": "Patient/1"}, {"identifier": "mine", "retract": f"Condition/{'0' * 32}"},
    ],
    ids=["empty", "no deed", "nobody", "none", "a list", "another fact", "no region", "a patient", "no such"],
)  # fmt: skip
def test_no_other_correction_is_taken(sandbox: Sandbox, aino: Centre, body: Any) -> None:
    if isinstance(body, dict) and body.get("identifier") == "mine":
        body = body | {"identifier": sandbox.identifier("aino")}
    answer = aino.peer.http.post(f"{aino.peer.issuer}/_sandbox/correct", json=body, headers=aino.control)
    assert answer.status_code == 400 and answer.json()["code"] == "bad_correction"
    assert aino.peer.http.post(f"{aino.peer.issuer}/_sandbox/correct", json=body).status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "issue"),
    [
        ("Condition?patient={other}", 403, "forbidden"), ("Condition", 403, "forbidden"), ("Patient/{other}", 404, "not-found"),
        ("Medication?patient={mine}", 404, "not-supported"), ("Condition?patient={mine}&zodiac=leo", 400, "not-supported"),
        ("Condition?patient={mine}&_lastUpdated=gtyesterday", 400, "value"), ("Condition?patient={mine}&_count=many", 400, "value"),
    ],
    ids=["another's records", "nobody's", "another", "other type", "unknown parameter", "no time", "no number"],
)  # fmt: skip
def test_a_refusal_is_an_operation_outcome(aino: Centre, path: str, status: int, issue: str) -> None:
    answer = aino.get(path.format(mine=aino.tokens["patient"], other=smart.patient_id(0)))
    assert answer.status_code == status
    outcome = answer.json()
    assert outcome["issue"][0]["code"] == issue
    get_fhir_model_class("OperationOutcome").model_validate(outcome)


def test_a_token_opens_what_it_is_for(sandbox: Sandbox) -> None:
    """The identity alone: the record without address, sex and the rest; and no search of it."""
    centre = Centre(sandbox, "launch/patient offline_access patient/Patient.r patient/Procedure.rs")
    told = centre.get(f"Patient/{centre.tokens['patient']}").json()
    assert set(told) == {"resourceType", "id", "meta", "identifier"}
    assert centre.get(f"Patient?_id={centre.tokens['patient']}").status_code == 403
    assert centre.get(f"Condition?patient={centre.tokens['patient']}").status_code == 403
    assert centre.get(f"Procedure?patient={centre.tokens['patient']}").status_code == 200
    assert centre.get("Procedure", Authorization="Bearer none").json()["issue"][0]["code"] == "login"
    centre.peer.close()


def test_everybody_of_the_register_is_on_file_and_the_personas_have_something() -> None:
    """Drawn the same way each time; nobody is left without a measurement, and every region is one of the register's form."""
    for persona in choose():
        person = draws.person(persona.index, choose())
        assert person.illnesses or person.procedures or person.visits
    sample = [draws.person(index) for index in range(0, 2000, 7)]
    moved = [p for p in sample if p.region != households.facts_of(p.household)["population.person"]["region"]]
    assert 0.05 < len(moved) / len(sample) < 0.2
    assert 0.3 < sum(p.female for p in sample) / len(sample) < 0.7
    draws._person.cache_clear()
    assert [draws.person(p.household) for p in sample] == sample
