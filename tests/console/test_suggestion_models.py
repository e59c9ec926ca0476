"""Two stewards bring a model forward in the console or by commands, one takes it back; auditors look on, and nobody else sees anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.utils import timezone

from aurora.identity import totp
from aurora.identity.models import Operator
from aurora.journeys import model_operations
from recommender.errors import ArtefactAway, ModelRefused
from recommender.models import ModelMove, ModelVersion
from recommender.registry import datasets, lifecycle, serving
from recommender.registry.offline import FeedbackGate
from tests.support import models as made
from tests.support import owners
from tests.support.cast import Cast, code_of

Role = Operator.Role
LIST = "/en/console/models/suggestions/"


@pytest.fixture
def people(cast: Cast) -> Iterator[dict[str, Operator]]:
    serving._opened.cache_clear()
    found = {name: owners.steward(name) for name in ("milla", "sven")} | {"aud": owners.steward("aud", roles=(Role.AUDITOR,))}
    yield found
    for one in found.values():
        one.delete()
    made.forget_all()


@pytest.fixture
def faces(people: dict[str, Operator]) -> dict[str, Browser]:
    return {name: owners.signed_in(one) for name, one in people.items()}


@pytest.fixture
def model(people: dict[str, Operator]) -> ModelVersion:
    """Judged, and signed as the journey signs."""
    kept = lifecycle.register(
        found=made.tiny(1), dataset=made.dataset(citizens=12), code_commit="", card="A card.", sign=model_operations._sign, by=None, now=made.NOW
    ).model  # fmt: skip
    return made.evaluated(kept)


def at(model: ModelVersion) -> str:
    return f"{LIST}{model.pk}/"


def state(model: ModelVersion) -> str:
    return ModelVersion.objects.get(pk=model.pk).state


def agreeing(model: ModelVersion) -> dict[str, str]:
    """As the form on the page sends it."""
    return {"decision": "agree", "move": str(ModelMove.objects.get(model=model, state="asked").pk)}


def errors(answer: Any) -> list[str]:
    return [e.field for e in answer.context["page"].errors]


def test_nobody_agrees_to_another_step_than_the_one_they_saw(faces: dict[str, Browser], model: ModelVersion) -> None:
    milla, sven = faces["milla"], faces["sven"]
    milla.post(at(model), {"decision": "ask"})
    sven.post(at(model), agreeing(model))
    milla.post(at(model), {"decision": "ask", "share": "1"})
    seen = sven.get(at(model))
    assert "1" in seen.context["page"].waiting and seen.context["page"].move in seen.content.decode()
    milla.post(at(model), {"decision": "decline", "reason": "Another share."})
    milla.post(at(model), {"decision": "ask", "share": "50"})
    assert "50" in sven.get(at(model)).context["page"].waiting
    for stale in ({"move": seen.context["page"].move}, {}, {"move": "x"}):
        answer = sven.post(at(model), {"decision": "agree", **stale})
        assert answer.status_code == 400 and state(model) == "shadow"
    assert sven.post(at(model), agreeing(model)).status_code == 302 and ModelVersion.objects.get(pk=model.pk).share == 0.5


def test_the_list_is_there_when_the_storage_is_not(faces: dict[str, Browser], model: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    made.moved(model)
    serving._opened.cache_clear()

    def away(folder: str, sha256: str) -> bytes:
        raise ArtefactAway("A file of the model could not be read just now.")

    monkeypatch.setattr("recommender.artefacts.load", away)
    answer = faces["milla"].get(LIST)
    assert answer.status_code == 200 and answer.context["page"].troubles == (model.sha256,)


def test_a_model_is_asked_for_by_one_agreed_to_by_another_and_rolled_back_by_one(faces: dict[str, Browser], model: ModelVersion) -> None:
    milla, sven = faces["milla"], faces["sven"]
    for step, form in (("shadow", {}), ("challenger", {"share": "20"}), ("champion", {})):
        assert milla.post(at(model), {"decision": "ask", **form}).status_code == 302
        assert not milla.get(at(model)).context["page"].may_agree and milla.get(at(model)).context["page"].is_mine
        assert sven.get(at(model)).context["page"].may_agree
        assert sven.post(at(model), agreeing(model)).status_code == 302
        assert state(model) == step
    assert serving.serving().champion.version == model.sha256
    assert milla.get(LIST).status_code == 200
    assert len(milla.get(at(model)).context["page"].history) == 6
    assert milla.post(at(model), {"decision": "rollback", "reason": "Worse for families"}).status_code == 302
    assert state(model) == "retired" and serving.serving().champion.version != model.sha256
    last = milla.get(at(model)).context["page"].history[-1]
    assert (last.who, last.why) == ("Milla", "Worse for families")


def test_one_person_in_two_browsers_is_one_person(people: dict[str, Operator], faces: dict[str, Browser], model: ModelVersion) -> None:
    other = owners.signed_in(people["milla"])
    assert faces["milla"].post(at(model), {"decision": "ask"}).status_code == 302
    answer = other.post(at(model), agreeing(model))
    assert answer.status_code == 400 and errors(answer) == ["decision"] and state(model) == "evaluated"


def test_who_only_looks_changes_nothing_and_a_stranger_sees_nothing(cast: Cast, faces: dict[str, Browser], model: ModelVersion) -> None:
    assert faces["aud"].get(LIST).status_code == faces["aud"].get(at(model)).status_code == 200
    page = faces["aud"].get(at(model)).context["page"]
    assert not (page.may_ask or page.may_agree or page.may_retire)
    assert faces["aud"].post(at(model), {"decision": "ask"}).status_code == 403
    nobody = owners.steward("nobody", roles=(Role.OPERATIONS,))
    try:
        assert owners.signed_in(nobody).get(at(model)).status_code == 403
    finally:
        nobody.delete()
    assert cast.cecilia.browser().get(at(model)).status_code == 302
    assert not ModelMove.objects.exists()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"decision": "fly"}, "decision"),
        ({"decision": "agree"}, "decision"),
        ({"decision": "decline", "reason": "x"}, "decision"),
        ({"decision": "retire"}, "reason"),
        ({"decision": "retire", "reason": "x" * 301}, "reason"),
        ({"decision": "rollback", "reason": "x"}, "decision"),
        ({"decision": "change_share", "share": "10"}, None),
    ],
)
def test_what_cannot_be_done_is_said(faces: dict[str, Browser], model: ModelVersion, form: dict[str, str], field: str | None) -> None:
    answer = faces["milla"].post(at(model), form)
    if field is None:  # not a challenger: the plain next step is asked for
        assert answer.status_code == 302 and ModelMove.objects.get().after == "shadow"
        return
    assert answer.status_code == 400 and errors(answer) == [field] and state(model) == "evaluated"


@pytest.mark.parametrize("share", ["", "0", "51", "100", "-3", "1e1", "twenty", "٢٠"])
def test_a_share_that_is_none_is_refused(faces: dict[str, Browser], model: ModelVersion, share: str) -> None:
    made.moved(model)
    answer = faces["milla"].post(at(model), {"decision": "ask", "share": share})
    assert answer.status_code == 400 and errors(answer) == ["share"]


def test_a_failed_gate_is_shown_and_nothing_can_be_asked(faces: dict[str, Browser], model: ModelVersion) -> None:
    made.evaluated(model, held=False)
    page = faces["milla"].get(at(model)).context["page"]
    assert not page.may_ask and [g.held for g in page.gates] == [True, False]
    answer = faces["milla"].post(at(model), {"decision": "ask"})
    assert answer.status_code == 400 and errors(answer) == ["decision"]


def test_a_model_that_we_did_not_sign_is_not_promoted(people: dict[str, Operator], faces: dict[str, Browser]) -> None:
    model = made.evaluated(made.registered(2))  # "signed ..." is nobody's signature
    assert faces["milla"].post(at(model), {"decision": "ask"}).status_code == 302
    answer = faces["sven"].post(at(model), agreeing(model))
    assert answer.status_code == 400 and state(model) == "evaluated"


def test_a_signature_of_another_model_is_none(people: dict[str, Operator], model: ModelVersion) -> None:
    other = made.registered(3, on=model.dataset)
    other.signature = model.signature
    with pytest.raises(ModelRefused) as caught:
        model_operations.verify(other)
    assert caught.value.code == "signature_invalid"
    model_operations.verify(model)


def test_small_numbers_are_not_told(faces: dict[str, Browser], people: dict[str, Operator]) -> None:
    made.dataset(citizens=3)
    page = faces["aud"].get(LIST).context["page"]
    assert page.datasets[0].citizens == "fewer than 10"


def test_no_page_tells_how_many_people_a_dataset_has_or_has_lost(faces: dict[str, Browser], people: dict[str, Operator]) -> None:
    """Exact counts of all and of those gone since told on the spot that somebody has withdrawn. Each page says the same of the same people."""
    found = made.dataset(citizens=57)
    model = made.registered(6, on=found)

    def seen() -> tuple[str, str, str]:
        [row] = [one for one in faces["aud"].get(LIST).context["page"].datasets if one.sha256 == found.sha256]
        page = faces["aud"].get(at(model)).context["page"]
        rows = {one.label: one.values for one in faces["aud"].get(row.url).context["page"].rows}
        [on_model] = [one.values for one in page.rows if one.label == "Citizens' rows in the dataset, rounded"]
        assert rows["Citizens' rows, rounded"] == (row.citizens,) == on_model and rows["Of them gone since, rounded"] == (row.forgotten,)
        return row.citizens, row.forgotten, page.forgotten

    whole = seen()
    assert whole[0] in ("55", "60") and whole[1:] == ("fewer than 10", "")
    rows = list(found.consents.values_list("commitment", flat=True))
    for number in range(9):
        datasets.forgotten(commitments=rows[number : number + 1], now=timezone.now(), share=1.0)
        assert seen() == whole, number
    datasets.forgotten(commitments=rows[9:23], now=timezone.now(), share=1.0)
    assert seen()[1] in ("20", "25") and seen()[2] == seen()[1]


def test_whom_it_serves_less_well_is_told_in_words(faces: dict[str, Browser], people: dict[str, Operator]) -> None:
    from recommender.registry import lifecycle
    from recommender.registry.artefact import Artefact

    found = made.tiny(5)
    groups = {"age": {"under_25": {"found": 0.81, "low": 0.77, "high": 0.85}, "45_54": {"found": 0.9, "low": 0.88, "high": 0.92}}}
    worst = {"group": "age:under_25", "gap": 0.083, "low": 0.03, "high": 0.12}
    told = {
        "intervals": {"ndcg3": [0.9013, 0.9187]},
        "metrics": {"ndcg3": 0.9102},
        "fairness": {"places": 3, "groups": groups, "worst": worst},
    }
    kept = lifecycle.register(
        found=Artefact(found.texts, {**found.metadata, **told}), dataset=made.dataset(), code_commit="", card="A card.", by=None, now=made.NOW,
        sign=model_operations._sign,
    ).model  # fmt: skip
    html = faces["aud"].get(at(kept)).content.decode()
    assert "under 25 years" in html and "45 to 54 years" in html and "0.9102 (0.9013 – 0.9187)" in html and "under_25" not in html


def enrolled(operator: Operator) -> bytes:
    secret = totp.new_secret()
    totp.enrol(operator=operator, secret=secret)
    return secret


def test_by_commands_each_steward_shows_a_code_of_their_own(people: dict[str, Operator], model: ModelVersion, capsys: Any) -> None:
    milla, sven = people["milla"], people["sven"]
    secrets = {one.username: enrolled(one) for one in (milla, sven)}

    def promote(who: Operator, code: str, *more: str) -> None:
        call_command("promote", model.sha256[:12], "--operator", who.username, "--code", code, *more)

    with pytest.raises(CommandError, match="has shown that code"):
        promote(milla, "000000")
    with pytest.raises(CommandError, match="has shown that code"):
        promote(people["aud"], "123456")
    promote(milla, code_of(secrets[milla.username]))
    with pytest.raises(CommandError, match="has shown that code"):  # Milla's code is not Sven's
        promote(sven, code_of(secrets[milla.username]), "--agree")
    with pytest.raises(CommandError, match="same_person"):
        promote(milla, code_of(secrets[milla.username], steps=1), "--agree")
    promote(sven, code_of(secrets[sven.username]), "--agree")
    assert state(model) == "shadow" and "is shadow" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no_champion"):
        call_command("rollback", "--reason", "x", "--operator", sven.username, "--code", code_of(secrets[sven.username], steps=1))
    with pytest.raises(CommandError, match="no one model"):
        call_command("evaluate", "ffffffff")


@pytest.mark.parametrize("said", ["enough", "unlike"])
def test_what_a_model_would_have_earned_stands_on_its_page(faces: dict[str, Browser], model: ModelVersion, said: str) -> None:
    methods = {name: {"value": 0.071, "gain": 0.007, "low": 0.002, "high": 0.012} for name in ("ips", "snips", "dr", "bounded")}
    report = {"said": said, "citizens": 1205, **({"shown": 0.064, "methods": methods} if said == "enough" else {})}
    gate = FeedbackGate("feedback", 0.007, 0.002, 0.012, 0.0, True, report)
    lifecycle.evaluated(model_id=model.pk, champion=lifecycle.champion_version(), gates=(*made.gates(), gate), by=None, now=made.NOW)
    page = faces["aud"].get(at(model))
    told = page.content.decode()
    assert "What it would have earned" in told
    assert [row.value for row in page.context["page"].earned.rows] == ["0.071"] * (4 if said == "enough" else 0)
    assert ("1,205 citizens" in told and "these earned 0.064" in told) == (said == "enough")
    assert ("has never been shown there" in told) == (said == "unlike")


def test_a_verdict_from_before_feedback_was_asked_has_no_such_part(faces: dict[str, Browser], model: ModelVersion) -> None:
    page = faces["aud"].get(at(model))
    assert page.context["page"].earned is None and "What it would have earned" not in page.content.decode()


def test_the_command_prints_what_it_would_have_earned(
    model: ModelVersion, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    methods = {"dr": {"value": 0.05, "gain": -0.014, "low": -0.02, "high": -0.008}}
    gate = FeedbackGate(
        "feedback", -0.014, -0.02, -0.008, 0.0, False, {"said": "enough", "citizens": 1205, "shown": 0.064, "methods": methods}
    )

    def judged(**asked: Any) -> Any:
        return lifecycle.evaluated(
            model_id=asked["model_id"], champion=lifecycle.champion_version(), gates=(*made.gates(), gate), by=None, now=made.NOW
        )

    monkeypatch.setattr(model_operations, "evaluate", judged)
    with pytest.raises(CommandError):
        call_command("evaluate", str(model.pk))
    told = capsys.readouterr().out
    assert "FAILED  feedback: -0.014 (-0.02 to -0.008), limit 0.0" in told
    assert "1205 citizens held out; these earned 0.064" in told and "doubly robust: 0.05, gain -0.014 (-0.02 to -0.008)" in told
