"""A model that has learnt from citizens who allowed it, past its real gates and all the way up by commands: it suggests, what it suggested is made again
to the bit, it is marked when somebody withdraws, and it is taken back. With the parameters in earnest, by two dozen: tests/journeys/test_learnt_models.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from aurora.identity import totp
from aurora.identity.models import Operator
from aurora.journeys import allow_training, suggest, training_data, withdraw
from aurora.journeys.allow_training import Allowed
from aurora.twin import training, write
from aurora.twin.values import NewFact
from consent import days
from consent.rules import latest_end
from consent.scope import citizen_scope
from recommender.facts import PROGRAMMES
from recommender.models import DatasetVersion, ModelVersion, Retraining
from recommender.registry import current, datasets, serving
from recommender.training import train
from tests.support import models as made
from tests.support import owners
from tests.support.cast import REGISTER, TAX, Cast, Person, code_of

SOCIAL = "social-insurance"
Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def quick(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quarter of the trees, each of which learns more: about as good a model in a quarter of the time, and every gate is the real one."""
    monkeypatch.setattr(train, "ROUNDS", 36)
    monkeypatch.setitem(train.PARAMETERS, "learning_rate", 0.15)
    serving._opened.cache_clear()
    yield
    for person in (cast.aino, cast.cecilia):
        for consent in person.consents(purpose_id=training.PURPOSE, state="given"):
            withdraw.end(citizen_id=person.id, consent_id=consent.pk, now=timezone.now())
    made.forget_all()
    serving._opened.cache_clear()


@pytest.fixture
def stewards() -> Iterator[dict[str, tuple[Operator, bytes]]]:
    """Each with the secret of an authenticator."""
    found = {name: (owners.steward(name), totp.new_secret()) for name in ("milla", "sven")}
    for one, secret in found.values():
        assert totp.enrol(operator=one, secret=secret)
    yield found
    for one, _ in found.values():
        one.delete()


def allows(person: Person, *, received: tuple[str, ...]) -> UUID:
    """Everything connected, which programmes they take part in told of all, and a model may learn from it. The consent's id."""
    for source in (REGISTER, TAX, SOCIAL):
        person.connect(source)
    now = timezone.now()
    told = [NewFact("social.programmes", 1, one, one in received, "reported", SOCIAL, now, uuid4()) for one in PROGRAMMES]
    with citizen_scope(person.id):
        write.write(citizen_id=person.id, facts=told, now=now)
    shown = allow_training.offer(citizen_id=person.id, language="en", today=days.today())
    chosen = Allowed(tuple(sorted(training_data.CATEGORIES)), latest_end(days.today()))
    return allow_training.allow(citizen_id=person.id, shown=shown, token=shown.token, allowed=chosen, now=now).pk


def said(capsys: Out, command: str, *arguments: str) -> str:
    call_command(command, *arguments)
    return capsys.readouterr().out


def test_it_suggests_is_made_again_is_marked_and_is_taken_back(
    cast: Cast, stewards: dict[str, tuple[Operator, bytes]], capsys: Out
) -> None:  # fmt: skip
    aino, cecilia, shipped = cast.aino, cast.cecilia, current().version
    allows(aino, received=("health_care_assistance",))
    leaving = allows(cecilia, received=("food_assistance", "housing_assistance"))
    runs = [suggest.suggest(citizen_id=aino.id, now=timezone.now())]
    assert runs[0].model == shipped

    assert "| Of them with every label |" in said(capsys, "dataset") and DatasetVersion.objects.get().citizens == 2
    found = re.search(r"Model \S+, sha256 ([0-9a-f]{64})", said(capsys, "train"))
    assert found and found[1] != shipped, "their rows have changed what was learnt"
    model = ModelVersion.objects.get(sha256=found[1])
    judged = said(capsys, "evaluate", model.sha256[:8])
    assert "segment_popularity" in judged and "FAILED" not in judged and model.evaluations.get().passed

    def signed(name: str) -> list[str]:
        """By the code that stands there now, half a minute after the one before, which counted once."""
        who, secret = stewards[name]
        Operator.objects.filter(pk=who.pk).update(totp_last_step=-1)
        return ["--operator", who.username, "--code", code_of(secret)]

    def promote(name: str, *more: str) -> str:
        return said(capsys, "promote", model.sha256[:8], *signed(name), *more)

    for after, more in (("shadow", ()), ("challenger", ("--share", "0.5")), ("champion", ())):
        assert "waits for another steward" in promote("milla", *more)
        assert f"is {after}" in promote("sven", "--agree")
        runs.append(suggest.suggest(citizen_id=aino.id, now=timezone.now()))
    assert runs[1].model == shipped and runs[3].model == model.sha256

    withdraw.end(citizen_id=cecilia.id, consent_id=leaving, now=timezone.now())
    assert datasets.forgotten_by([model]) == {model.pk: 1}
    assert (Retraining.objects.get().because, Retraining.objects.get().state) == (model, "due")
    with pytest.raises(CommandError, match="dataset_changed"):
        call_command("train", "--dataset", str(model.dataset_id))
    said(capsys, "dataset")
    assert DatasetVersion.objects.order_by("started_at").last().citizens == 1  # type: ignore[union-attr]

    back = said(capsys, "rollback", "--reason", "Worse", *signed("milla"))
    assert back == f"Model {shipped} suggests again.\n"
    assert suggest.suggest(citizen_id=aino.id, now=timezone.now() + timedelta(seconds=1)).model == shipped
    made_again = said(capsys, "replay", "--by", "Milla, case 7", *(str(run.run_id) for run in runs))
    assert made_again.splitlines() == [f"{run.run_id}: same" for run in runs]
    events = [entry.event for entry in aino.entries()]
    assert events.count("aurora:training:collected") == 2 and events.count("aurora:twin:suggested") >= 3
