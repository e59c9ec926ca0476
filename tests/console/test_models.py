"""Two stewards let an owner's key in and release its model; one stops either; auditors look on, and nobody else sees anything."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone, translation

from aurora.console.auth import VERIFIED
from aurora.identity.models import Operator
from aurora.journeys import _contract_fit, officers, onboard_evaluator
from aurora.ui import model_words
from consent.models import Agency
from recommender.errors import EVALUATOR_CODES, EvaluatorRefused
from recommender.models import EvaluatorOwner, EvaluatorVersion
from tests.support import authority, evaluators, owners
from tests.support.cast import FORM, OFFICE, Cast, browser

Role = Operator.Role
LIST, NEW = "/en/console/models/", "/en/console/models/keys/new/"
AGENCY = "tax-administration"


@pytest.fixture
def people(cast: Cast) -> Iterator[dict[str, Operator]]:
    made = {name: owners.steward(name) for name in ("milla", "sven")} | {"aud": owners.steward("aud", roles=(Role.AUDITOR,))}
    yield made
    for one in made.values():
        one.delete()


@pytest.fixture
def faces(people: dict[str, Operator]) -> dict[str, Browser]:
    return {name: owners.signed_in(one) for name, one in people.items()}


@pytest.fixture
def version(people: dict[str, Operator]) -> EvaluatorVersion:
    """Registered with a key that stands, without the seconds of its examination."""
    owners.let_in(people["milla"], people["sven"])
    document = owners.contract(synthetic=True)
    own = EvaluatorOwner.objects.get(agency=OFFICE, state="approved")
    made: EvaluatorVersion = evaluators.registered(document, owner=own)
    return made


@pytest.fixture(autouse=True)
def _signature_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows here are put in without their examination; tests/api has a release whose signature is verified."""
    monkeypatch.setattr("recommender.evaluators.examine.verify", lambda *_: None)


def post(face: Browser, path: str, **form: Any) -> HttpResponse:
    return face.post(path, urlencode(form), content_type=FORM)  # type: ignore[return-value]


def at(version: EvaluatorVersion) -> str:
    return f"/en/console/models/{version.pk}/"


def state(version: EvaluatorVersion) -> str:
    return str(EvaluatorVersion.objects.get(pk=version.pk).state)


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(e.field, e.message) for e in answer.context["page"].errors]


def key_asked(face: Browser, number: int, agency: str = AGENCY) -> str:
    answer = post(face, NEW, agency=agency, public_key=evaluators.key(number)[1], reason="Contract 9")
    assert answer.status_code == 302, errors(answer)
    return str(answer["Location"])


def test_a_key_is_let_in_by_two_and_makes_its_agency_a_model_owner(faces: dict[str, Browser]) -> None:
    path = key_asked(faces["milla"], 201)
    mine = faces["milla"].get(path).context["page"]
    assert mine.is_mine and not mine.may_approve and mine.may_decline
    refused = post(faces["milla"], path, decision="approve")
    assert refused.status_code == 400 and b"Somebody else must decide" in refused.content
    assert "model_owner" not in Agency.objects.get(code=AGENCY).roles
    assert post(faces["sven"], path, decision="approve").status_code == 302
    assert Agency.objects.get(code=AGENCY).roles == ["data_source", "model_owner"]
    page = faces["sven"].get(path).context["page"]
    assert page.state == "approved" and [(d.what, d.who, d.why) for d in page.history] == [
        ("Asked for", "Milla", "Contract 9"),
        ("Approved", "Sven", ""),
    ]
    row = EvaluatorOwner.objects.get(agency=AGENCY, state="approved")
    assert page.sha256 == row.key_sha256 and row.key_sha256[:16] in faces["sven"].get(LIST).content.decode()
    # A second key replaces the first and adds no second role.
    newer = key_asked(faces["sven"], 202)
    assert post(faces["milla"], newer, decision="approve").status_code == 302
    assert faces["sven"].get(path).context["page"].state == "replaced"
    assert Agency.objects.get(code=AGENCY).roles == ["data_source", "model_owner"]


def test_an_authority_is_let_in_by_two_who_can_compare_it(faces: dict[str, Browser]) -> None:
    """Until now and for ever: evaluators' tests run at a day of their own, this page today."""
    made = authority.root(days=(-3000, 3000))
    sent = {"agency": "social-insurance", "public_key": made.pem, "identity": "dns:Models.Hospital.example", "reason": "Contract 9"}
    path = str(post(faces["milla"], NEW, **sent)["Location"])
    page = faces["sven"].get(path)
    digest = made.certificate.fingerprint(hashes.SHA256()).hex()
    for shown in (digest, authority.IDENTITY, "CN=Root,O=Hospital", "Read out the fingerprint of the certificate"):
        assert shown in page.content.decode(), shown
    assert authority.IDENTITY in faces["sven"].get(LIST).content.decode()
    assert post(faces["milla"], path, decision="approve").status_code == 400
    assert post(faces["sven"], path, decision="approve").status_code == 302
    assert "model_owner" in Agency.objects.get(code="social-insurance").roles
    assert post(faces["milla"], path, decision="revoke", reason="Stolen").status_code == 302
    assert post(faces["milla"], NEW, **sent).status_code == 400


def test_a_key_is_taken_back_declined_and_revoked(faces: dict[str, Browser], version: EvaluatorVersion) -> None:
    for face, number in (("milla", 203), ("sven", 204)):
        path = key_asked(faces["milla"], number, "population-register")
        assert post(faces[face], path, decision="decline").status_code == 302
        assert faces["sven"].get(path).context["page"].state == "declined"
    assert "model_owner" not in Agency.objects.get(code="population-register").roles
    path = reverse("console:model_key", args=[version.owner_id])
    path = path if path.startswith("/en/") else f"/en{path[3:]}"
    wrong = post(faces["milla"], path, decision="revoke", reason=" ")
    assert wrong.status_code == 400 and errors(wrong) == [("reason", "Say why, in at most 300 characters.")]
    assert post(faces["milla"], path, decision="revoke", reason="Key lost").status_code == 302
    page = faces["sven"].get(path).context["page"]
    assert page.state == "revoked" and page.history[-1].why == "Key lost" and not page.may_revoke
    assert state(version) == "declined", "what waited with this key waits no more"


def test_a_version_is_released_by_two_and_retired_by_one(faces: dict[str, Browser], version: EvaluatorVersion) -> None:
    path = at(version)
    first = faces["milla"].get(path).context["page"]
    assert first.may_ask and first.may_decline and not first.may_release and not first.may_retire
    assert post(faces["sven"], path, decision="release").status_code == 400 and state(version) == "registered"
    assert post(faces["milla"], path, decision="ask").status_code == 302 and state(version) == "asked"
    mine = faces["milla"].get(path).context["page"]
    assert mine.is_mine and not mine.may_release
    refused = post(faces["milla"], path, decision="release")
    assert refused.status_code == 400 and errors(refused)[0][1] == "Somebody else must decide on what you asked for."
    assert state(version) == "asked"
    assert post(faces["sven"], path, decision="release").status_code == 302 and state(version) == "released"
    again = post(faces["sven"], path, decision="release")
    assert again.status_code == 400 and b"already been changed" in again.content
    assert post(faces["sven"], path, decision="retire", reason="").status_code == 400 and state(version) == "released"
    assert post(faces["sven"], path, decision="retire", reason="x" * 301).status_code == 400
    assert post(faces["sven"], path, decision="retire", reason="Wrong for knees").status_code == 302
    page = faces["milla"].get(path).context["page"]
    assert page.state == "retired" and [(d.what, d.who, d.why) for d in page.history] == [
        ("Registered by its owner", "", ""),
        ("Release asked for", "Milla", ""),
        ("Released", "Sven", ""),
        ("Retired", "Sven", "Wrong for knees"),
    ]
    assert not (page.may_ask or page.may_release or page.may_decline or page.may_retire)


def test_a_version_is_declined_by_one_with_a_reason(faces: dict[str, Browser], version: EvaluatorVersion) -> None:
    assert post(faces["sven"], at(version), decision="decline", reason="Swedish text is missing a sentence").status_code == 302
    assert state(version) == "declined" and b"Swedish text is missing a sentence" in faces["milla"].get(at(version)).content
    assert post(faces["milla"], at(version), decision="ask").status_code == 400


def test_the_page_shows_the_contract_in_full(faces: dict[str, Browser], version: EvaluatorVersion) -> None:
    text = faces["aud"].get(at(version)).content.decode()
    contract = version.contract
    for language in ("fi", "sv", "en"):
        for part in (
            contract.name,
            contract.intended_use,
            contract.meaning,
            contract.limits,
            contract.population,
            contract.outputs[0].name,
        ):
            assert part.of(language) in text
    for shown in (version.package_sha256, version.owner.key_sha256, *version.files, *version.files.values(), "surgery-risk"):
        assert shown in text
    for shown in ("Age at the assessment", "18 to 100 years", "Female, Male", "yes or no", "0.71", "0.66", "0.76", "1,000", "3%"):
        assert shown in text, shown
    assert "12 test cases were met" in text and "invented data" in text
    finnish = faces["aud"].get(at(version).replace("/en/", "/fi/")).content.decode()
    assert "Nainen, Mies" in finnish and "0,71" in finnish


def test_the_list_has_pages_and_says_what_waits(faces: dict[str, Browser], version: EvaluatorVersion, monkeypatch: Any) -> None:
    monkeypatch.setattr("aurora.console.present_models.A_PAGE", 2)
    for _ in range(3):
        evaluators.registered(owners.contract(), owner=version.owner)
    count, seen, path = EvaluatorVersion.objects.count(), set(), LIST
    while path:
        page = faces["aud"].get(path).context["page"]
        seen |= {row.url for row in page.versions}
        assert len(page.versions) <= 2 and not page.new_key_url
        path = page.next_url
    assert len(seen) == count
    assert all(row.state in ("registered", "asked") for row in faces["milla"].get(LIST).context["page"].waiting)
    assert LIST in faces["aud"].get("/en/console/").content.decode()


def test_the_keys_have_pages_too(faces: dict[str, Browser], version: EvaluatorVersion, monkeypatch: Any) -> None:
    monkeypatch.setattr("aurora.console.present_models.A_PAGE", 1)
    count, seen, path = EvaluatorOwner.objects.count(), [], LIST
    while path:
        page = faces["aud"].get(path).context["page"]
        seen += [row.url for row in page.keys]
        path = page.next_keys_url
    assert len(seen) == len(set(seen)) == count >= 1
    for odd in ("x", "0", str(UUID(int=1))):
        assert faces["aud"].get(f"{LIST}?keys_after={odd}").status_code == 404


def test_two_who_decide_at_once_are_one(people: dict[str, Operator], version: EvaluatorVersion) -> None:
    """And who asked cannot slip in beside the other."""
    milla, sven = people["milla"], people["sven"]
    now = timezone.now()

    def tried(verb: Any, operator: Operator, **more: Any) -> str:
        try:
            verb(operator=operator, version_id=version.pk, now=now, **more)
            return "done"
        except onboard_evaluator.EvaluatorNotTaken as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        asks = [pool.submit(tried, onboard_evaluator.ask_release, who) for who in (milla, sven, milla, sven)]
        assert sorted(a.result() for a in asks) == ["done", *["wrong_state"] * 3]
        asker = EvaluatorVersion.objects.get(pk=version.pk).asked_by
        second = sven if asker == milla.pk else milla
        first = milla if second is sven else sven
        releases = [pool.submit(tried, onboard_evaluator.release, who) for who in (first, second, first, second)]
        results = [r.result() for r in releases]
    assert sorted(results).count("done") == 1 and set(results) <= {"done", "same_person", "wrong_state"}
    done = EvaluatorVersion.objects.get(pk=version.pk)
    assert (done.state, done.asked_by, done.released_by) == ("released", first.pk, second.pk)


def test_the_database_wants_two_people_too(people: dict[str, Operator], version: EvaluatorVersion) -> None:
    milla, now = people["milla"].pk, timezone.now()
    rows = EvaluatorVersion.objects.filter(pk=version.pk)
    rows.update(state="asked", asked_by=milla, asked_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(state="released", released_by=milla, released_at=now)
    asked = onboard_evaluator.ask_key(
        operator=people["milla"], agency_code="social-insurance", public_key=evaluators.key(205)[1], reason="x", now=now
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        EvaluatorOwner.objects.filter(pk=asked.pk).update(state="approved", decided_by=milla, decided_at=now)


def test_what_the_vocabulary_no_longer_has_is_not_released(
    faces: dict[str, Browser], version: EvaluatorVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(faces["milla"], at(version), decision="ask")

    def gone(contract: Any) -> None:
        raise _contract_fit.UnknownFact()

    monkeypatch.setattr(_contract_fit, "check", gone)
    refused = post(faces["sven"], at(version), decision="release")
    assert refused.status_code == 400 and b"has changed at Aurora" in refused.content and state(version) == "asked"


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"agency": "nobody"}, "agency"),
        ({"agency": ""}, "agency"),
        ({"public_key": ""}, "public_key"),
        ({"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}, "public_key"),
        ({"public_key": "x" * 5000}, "public_key"),
        ({"public_key": authority.root(days=(-3000, 3000)).pem}, "identity"),
        ({"public_key": authority.root(days=(-3000, 3000)).pem, "identity": "hospital"}, "identity"),
        ({"public_key": authority.leaf(authority.root()).pem, "identity": authority.IDENTITY}, "public_key"),
        ({"public_key": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "identity": authority.IDENTITY}, "public_key"),
        ({"identity": authority.IDENTITY}, "identity"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 301}, "reason"),
        ({"agency": "a\x00b", "public_key": "\x00"}, "agency"),
    ],
)
def test_a_wrong_field_is_marked_and_the_others_stay(faces: dict[str, Browser], form: dict[str, str], wrong: str) -> None:
    sent = {"agency": AGENCY, "public_key": evaluators.key(206)[1], "reason": "Contract 9"} | form
    answer: Any = post(faces["milla"], NEW, **sent)
    assert answer.status_code == 400 and [e.field for e in answer.context["page"].errors] == [wrong]
    assert f'id="{wrong}-error"' in answer.content.decode()
    assert not EvaluatorOwner.objects.filter(agency=AGENCY, reason=sent["reason"], state="asked").exists()


def test_a_private_key_is_refused_and_does_not_come_back(faces: dict[str, Browser]) -> None:
    private = evaluators.key(207)[0]
    answer = post(faces["milla"], NEW, agency=AGENCY, public_key=private, reason="Contract 9")
    assert answer.status_code == 400 and b"private key" in answer.content
    assert private.splitlines()[1] not in answer.content.decode()


def test_a_key_stands_once_and_not_beside_another_that_waits(faces: dict[str, Browser], version: EvaluatorVersion) -> None:
    taken = post(faces["milla"], NEW, agency=AGENCY, public_key=version.owner.public_key, reason="x")
    assert taken.status_code == 400 and b"is or was registered" in taken.content
    path = key_asked(faces["milla"], 208, "benefits-office")
    waits = post(faces["sven"], NEW, agency="benefits-office", public_key=evaluators.key(209)[1], reason="x")
    assert waits.status_code == 400 and b"Another key of this agency waits" in waits.content
    assert post(faces["milla"], path, decision="decline").status_code == 302


def test_an_auditor_reads_and_changes_nothing(faces: dict[str, Browser], version: EvaluatorVersion) -> None:
    key = f"/en/console/models/keys/{version.owner_id}/"
    for path in (LIST, at(version), key):
        page = faces["aud"].get(path)
        assert page.status_code == 200 and b'method="post" novalidate' not in page.content
    for decision in ("ask", "release", "decline", "retire"):
        assert post(faces["aud"], at(version), decision=decision, reason="x").status_code == 403
    for decision in ("approve", "decline", "revoke"):
        assert post(faces["aud"], key, decision=decision, reason="x").status_code == 403
    assert faces["aud"].get(NEW).status_code == post(faces["aud"], NEW).status_code == 403
    assert state(version) == "registered"


@pytest.mark.parametrize("roles", [(), ("operations",), ("privacy_officer", "agency_officer")])
def test_other_operators_see_none_of_it(version: EvaluatorVersion, roles: tuple[str, ...]) -> None:
    operator = owners.steward("other", roles=roles)
    face = owners.signed_in(operator)
    try:
        assert LIST not in face.get("/en/console/").content.decode()
        for path in (LIST, NEW, at(version), f"/en/console/models/keys/{version.owner_id}/"):
            assert face.get(path).status_code == 403
        assert post(face, at(version), decision="ask").status_code == 403
        given = {"operator": operator, "now": timezone.now()}
        for verb, more in (
            (onboard_evaluator.ask_release, {"version_id": version.pk}),
            (onboard_evaluator.release, {"version_id": version.pk}),
            (onboard_evaluator.decline, {"version_id": version.pk, "reason": "x"}),
            (onboard_evaluator.retire, {"version_id": version.pk, "reason": "x"}),
            (onboard_evaluator.ask_key, {"agency_code": AGENCY, "public_key": "x", "reason": "x"}),
            (onboard_evaluator.approve_key, {"key_id": version.owner_id}),
            (onboard_evaluator.decline_key, {"key_id": version.owner_id}),
            (onboard_evaluator.revoke_key, {"key_id": version.owner_id, "reason": "x"}),
        ):
            with pytest.raises(onboard_evaluator.NotASteward):
                verb(**given, **more)  # type: ignore[operator]
    finally:
        operator.delete()


def test_a_steward_who_has_left_decides_nothing(people: dict[str, Operator], version: EvaluatorVersion) -> None:
    """Whatever the request had loaded of them before."""
    Operator.objects.filter(pk=people["milla"].pk).update(is_active=False)
    assert people["milla"].is_active
    with pytest.raises(onboard_evaluator.NotASteward):
        onboard_evaluator.ask_release(operator=people["milla"], version_id=version.pk, now=timezone.now())


def test_what_a_steward_asked_for_who_is_none_any_more_is_not_agreed_to(people: dict[str, Operator], version: EvaluatorVersion) -> None:
    """Of two people one would be nobody's: an account that was taken over and shut leaves nothing behind to agree to."""
    milla, sven = people["milla"], people["sven"]
    onboard_evaluator.ask_release(operator=milla, version_id=version.pk, now=timezone.now())
    public = evaluators.key(990)[1]
    key = onboard_evaluator.ask_key(operator=milla, agency_code=AGENCY, public_key=public, reason="Renewal", now=timezone.now())
    before = Operator.objects.get(pk=milla.pk).roles
    for gone in ({"is_active": False}, {"roles": [Role.AUDITOR]}):
        Operator.objects.filter(pk=milla.pk).update(**{"is_active": True, "roles": before, **gone})
        with pytest.raises(officers.AskerGone):
            onboard_evaluator.release(operator=sven, version_id=version.pk, now=timezone.now())
        with pytest.raises(officers.AskerGone):
            onboard_evaluator.approve_key(operator=sven, key_id=key.pk, now=timezone.now())
    assert state(version) == "asked" and EvaluatorOwner.objects.get(pk=key.pk).state == "asked"
    onboard_evaluator.decline_key(operator=sven, key_id=key.pk, now=timezone.now())


def test_without_the_second_factor_no_role_helps(cast: Cast) -> None:
    operator = Operator.objects.create(username=f"half-{uuid4().hex[:6]}", name="Half", roles=[Role.MODEL_STEWARD], totp_secret_sealed=b"x")
    face = browser()
    face.force_login(operator, backend="aurora.identity.backends.OperatorBackend")
    assert VERIFIED not in face.session
    try:
        assert {face.get(path)["Location"] for path in (LIST, NEW)} == {"/en/console/second-factor/"}
    finally:
        operator.delete()


@pytest.mark.parametrize("path", [f"/en/console/models/{UUID(int=1)}/", f"/en/console/models/keys/{UUID(int=1)}/", f"{LIST}?after=x", f"{LIST}?after={UUID(int=1)}"])  # fmt: skip
def test_what_is_not_there_is_not_found(faces: dict[str, Browser], path: str) -> None:
    assert faces["milla"].get(path).status_code == 404


@pytest.mark.parametrize("path", [LIST, "/en/console/models/keys/"])
def test_an_unknown_decision_is_none(faces: dict[str, Browser], version: EvaluatorVersion, path: str) -> None:
    at = f"{path}{version.pk if path == LIST else version.owner_id}/"
    for decision in ("", "shrug", "approve" if path == LIST else "release"):
        answer = post(faces["milla"], at, decision=decision)
        assert answer.status_code == 400 and errors(answer) == [("decision", "Choose what shall happen.")]
    assert state(version) == "registered"


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_every_refusal_that_a_steward_can_meet_has_its_sentence(language: str) -> None:
    """Of the registry those that moving a key or a version can give; of the contract's judges all."""
    registry = onboard_evaluator.FOR_STEWARDS - {"evaluator_unknown"} | {"version_not_newer", "signature_invalid", "unavailable"}
    assert registry <= set(EVALUATOR_CODES)
    judges = {one.code for one in _contract_fit.ContractUnfit.__subclasses__()}
    assert registry | judges | {onboard_evaluator.NoOwnerKey.code} <= model_words.KNOWN_FAULTS
    with translation.override(language):
        said = {code: str(model_words.fault(code)) for code in model_words.KNOWN_FAULTS}
        assert not any(sentence == str(model_words.fault("nothing of the kind")) for sentence in said.values())
    with translation.override("en"):
        assert all(said[code] != str(model_words.fault(code)) for code in said)


def test_a_refusal_of_the_registry_has_its_status() -> None:
    told = {code: onboard_evaluator.EvaluatorNotTaken(EvaluatorRefused(code)).status for code in EVALUATOR_CODES}
    assert (told["same_person"], told["wrong_state"], told["unavailable"], told["signature_invalid"]) == (403, 409, 503, 422)
