"""Models of full strength, with citizens' rows in them, from the first consent to the roll-back: by the pages of two dozen citizens, the commands of
two stewards as docs/operations/suggestion-models.md gives them, and the worker. What must not go through is tried at the place where it would hurt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from uuid import UUID

import pytest

from recommender.training import train
from tests.support.learners import REGISTER, SLOW, SOCIAL, TAX, Learner, Steward, together
from tests.support.live import IMPATIENT
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("stack")]
HOUSEHOLDS = range(2000, 2024)
BY = "Milla, case 2026/31"


@dataclass
class House:
    """The running stack with its people; `runs`: what each model suggested, by the first twelve letters of its hash."""

    stack: Stack
    people: list[Learner]
    milla: Steward
    sven: Steward
    runs: dict[str, list[UUID]] = field(default_factory=dict)

    def does(self, *command: str) -> str:
        """What an operator reads."""
        return self.stack.manage(*command, within=SLOW).stdout

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.stack.admin() as database:
            found = database.execute(query, values)
            return found.fetchall() if found.description else []

    def registry(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that a step of a model could change."""
        return {
            "models": self.sql("SELECT sha256, state, share, move_id, files, signature FROM recommender_modelversion ORDER BY sha256"),
            "moves": self.sql("SELECT id, state, decided_by FROM recommender_modelmove ORDER BY id"),
            "verdicts": self.sql("SELECT id, passed, champion_sha256 FROM recommender_modelevaluation ORDER BY id"),
            "datasets": self.sql("SELECT id, state, sha256, citizens FROM recommender_datasetversion ORDER BY id"),
            "retrainings": self.sql("SELECT id, state FROM recommender_retraining ORDER BY id"),
        }

    def moved(self, model: str, *how: str) -> None:
        """Asked for by one, agreed to by the other."""
        self.milla.says("promote", model[:8], *how)
        self.sven.says("promote", model[:8], "--agree")

    def shown(self, *people: Learner) -> list[str]:
        """The model that each page of suggestions names."""
        pages = together(people or self.people, Learner.suggestions)
        for page in pages:
            assert page.cards == 5
            if page.run not in (known := self.runs.setdefault(page.model, [])):
                known.append(page.run)
        return [page.model for page in pages]

    def made_again(self, *models: str) -> None:
        """Some runs under each of these models come out the same to the bit."""
        runs = [str(run) for model in models for run in self.runs[model[:12]][:3]]
        assert len(runs) >= 2 * len(models)
        assert self.does("replay", "--by", BY, *runs).splitlines() == [f"{run}: same" for run in runs]


@contextmanager
def refused(house: House, sentence: str) -> Iterator[list[CompletedProcess[str]]]:
    """What is done inside is refused in this sentence, and has changed nothing."""
    before, done = house.registry(), list[CompletedProcess[str]]()
    yield done
    for one in done:
        assert one.returncode == 1 and sentence in one.stderr and "Traceback" not in one.stderr, f"{one.stdout}\n{one.stderr}"
    assert done and house.registry() == before


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A stack of its own: which model suggests is everybody's business."""
    with Stack(tmp_path_factory.mktemp("learnt") / "state", environ=IMPATIENT) as stack:
        people = [Learner(stack, number) for number in HOUSEHOLDS]
        yield House(stack, people, Steward(stack, "milla"), Steward(stack, "sven"))
        for one in people:
            one.browser.close()


def test_models_learn_from_citizens_are_promoted_forget_and_are_rolled_back(house: House) -> None:
    shipped = citizens_let_it_learn(house)
    dataset = is_collected(house)
    first = is_trained(house, dataset)
    becomes_shadow(house, first, shipped)
    tries_on_a_share(house, first, shipped)
    second = two_withdraw_and_the_worker_makes_another(house, dataset, first)
    becomes_champion(house, first, second, shipped)
    is_replaced_and_rolled_back(house, first, second)
    house.made_again(shipped, first, second)
    what_was_withdrawn_is_still_followed(house, first, second)
    each_access_is_in_the_log(house)


def citizens_let_it_learn(house: House) -> str:
    """The hash of the model that suggests before any other does."""

    def begins(person: Learner) -> None:
        person.joins(REGISTER, TAX, SOCIAL)
        person.allow_training()

    together(house.people, begins)
    [shipped] = set(house.shown())
    together(house.people[:8], Learner.finds_helpful)
    together(house.people[6:10], Learner.applied)
    together(house.people[8:12], Learner.sets_aside)
    assert house.sql("SELECT DISTINCT kind FROM twin_feedback ORDER BY kind") == [("applied",), ("helpful",), ("not_for_me",), ("shown",)]
    return shipped


def is_about(told: int, people: int) -> bool:
    """Rounded to fives, up or down."""
    return told % 5 == 0 and abs(told - people) < 5


def is_collected(house: House) -> str:
    """The dataset's id. A row in it that is another citizen's is noticed before anything is learnt from it."""
    said = house.does("dataset")
    found = re.search(r"Dataset ([0-9a-f-]{36}), sha256 ([0-9a-f]{64})", said)
    rows = re.search(r"\| Rows of citizens \| (\d+) \|", said)
    assert found and rows and is_about(int(rows[1]), len(house.people))
    labelled = re.search(r"Of them with every label \| (\w[\w ]*) \|", said)
    assert labelled and is_about(int(labelled[1]), len(house.people)), labelled  # rounded to fives, and no more than there are
    [(state, citizens)] = house.sql("SELECT state, citizens FROM recommender_datasetversion")
    assert (state, citizens) == ("ready", len(house.people))
    a, b = (person.id for person in house.people[:2])
    [(kept,)] = house.sql("SELECT sealed FROM twin_trainingrow WHERE citizen_id = %s", a)
    with refused(house, "Rows of the dataset are gone since it was made, or are not those it was made of. Make a new one.") as tries:
        for forged in (house.sql("SELECT sealed FROM twin_trainingrow WHERE citizen_id = %s", b)[0][0], kept[:-1] + bytes([kept[-1] ^ 1])):
            house.sql("UPDATE twin_trainingrow SET sealed = %s WHERE citizen_id = %s", forged, a)
            tries.append(house.stack.manage("train", "--dataset", found[1], check=False, within=SLOW))
    house.sql("UPDATE twin_trainingrow SET sealed = %s WHERE citizen_id = %s", kept, a)
    return found[1]


def is_trained(house: House, dataset: str) -> str:
    """The hash of a model of the parameters that the software has, past all its gates."""
    said = house.does("train", "--dataset", dataset)
    found = re.search(r"Model [0-9a-f-]{36}, sha256 ([0-9a-f]{64})", said)
    assert found
    [(told, commit)] = house.sql("SELECT metadata, code_commit FROM recommender_modelversion WHERE sha256 = %s", found[1])
    assert told["parameters"] == {**train.PARAMETERS, "rounds": train.ROUNDS, "masked_copies": train.MASKED_COPIES} and commit
    assert is_about(told["citizens"], len(house.people)) and told["split"]["trained_on"] + told["split"]["held_out"] == 20_000
    low, high = told["intervals"]["ndcg3"]
    assert told["metrics"]["ndcg3_segment_popularity"] < low < told["metrics"]["ndcg3"] < high
    with refused(house, "This has already been decided, or the model is in another state.") as tries:
        tries.append(house.milla.says("promote", found[1][:8], check=False))
    judged = house.does("evaluate", found[1][:8])
    assert "FAILED" not in judged and {"segment_popularity", "champion", "group_gap", "calibration"} <= set(
        re.findall(r"^passed  (\w+)", judged, re.M)
    )
    return found[1]


def becomes_shadow(house: House, model: str, shipped: str) -> None:
    """Not by one person, not with a file that somebody has changed; and then nobody is shown it."""
    house.milla.says("promote", model[:8])
    with refused(house, "Another person must decide than the one who asked.") as tries:
        tries.append(house.milla.says("promote", model[:8], "--agree", check=False))
    [(files,)] = house.sql("SELECT files FROM recommender_modelversion WHERE sha256 = %s", model)
    [kept] = Path(house.stack.state / "files").rglob(f"*{files['food_assistance']}*")
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b"leaf_value=0", b"leaf_value=1", 1))
    with refused(house, "A file of the model is missing or is not what was registered.") as tries:
        tries.append(house.sven.says("promote", model[:8], "--agree", check=False))
    kept.write_bytes(whole)
    house.sven.says("promote", model[:8], "--agree")

    house.people[12].sets_aside()  # something new is made, and the shadow with it
    assert set(house.shown()) == {shipped}
    told = house.people[12].exported()["suggestions"]
    assert [one["made_from"]["model"][:12] for one in told] == [shipped] * len(told)
    assert [one["not_shown"]["model"] for one in told if one["current"]] == [model]
    for path in ("/en/suggestions/", "/en/home/", "/en/activity/", "/en/services/"):
        assert model[:12] not in house.people[12].page(path)
    assert f"shadow {model[:16]}" in house.does("monitor")


def tries_on_a_share(house: House, model: str, shipped: str) -> None:
    """Half of the citizens, always the same ones; and with a smaller share some of these."""
    house.moved(model, "--share", "0.5")
    half = house.shown()
    assert set(half) == {shipped, model[:12]}
    house.people[0].applied()
    house.people[1].sets_aside()
    for again in ([*house.people], [person.anew() for person in house.people[:4]]):
        assert house.shown(*again) == half[: len(again)]
    house.moved(model, "--change-share", "--share", "0.3")
    fewer = house.shown()
    assert not [1 for now, before in zip(fewer, half, strict=True) if now == model[:12] and before == shipped]
    assert fewer.count(model[:12]) <= half.count(model[:12])


def two_withdraw_and_the_worker_makes_another(house: House, dataset: str, first: str) -> str:
    """The hash of the model that never saw them. Of one in two dozen nothing follows but that all is gone, of two a new model."""
    leaving = house.people[-2:]
    leaving[0].withdraw_training()
    assert house.sql("SELECT count(*) FROM twin_trainingrow WHERE citizen_id = %s", leaving[0].id) == [(0,)]
    assert house.sql("SELECT count(*) FROM recommender_datasetconsent WHERE forgotten_at IS NOT NULL") == [(1,)]
    assert house.registry()["retrainings"] == []
    with refused(house, "Rows of the dataset are gone since it was made, or are not those it was made of. Make a new one.") as tries:
        tries.append(house.stack.manage("train", "--dataset", dataset, check=False, within=SLOW))
    leaving[1].withdraw_training()
    because = "SELECT m.sha256, r.forgotten FROM recommender_retraining r JOIN recommender_modelversion m ON m.id = r.because_id"
    assert house.sql(because) == [(first, 2)]

    made = "SELECT r.state, r.code, m.sha256, m.state, d.citizens, d.id FROM recommender_retraining r "
    made += "LEFT JOIN recommender_modelversion m ON m.id = r.made_id LEFT JOIN recommender_datasetversion d ON d.id = m.dataset_id"
    wait_for(lambda: house.sql(made)[0][0] in ("done", "failed"), "the worker to make a model", within=2 * SLOW)
    [(state, code, second, stage, citizens, on)] = house.sql(made)
    assert (state, code, stage, citizens) == ("done", "", "evaluated", len(house.people) - 2) and second != first
    rows = {citizen for (citizen,) in house.sql("SELECT citizen_id FROM twin_trainingrow WHERE dataset_id = %s", on)}
    assert rows == {person.id for person in house.people[:-2]}
    assert house.sql("SELECT count(*) FROM twin_trainingrow WHERE citizen_id = ANY(%s)", [person.id for person in leaving]) == [(0,)]
    verdict = "SELECT e.passed FROM recommender_modelevaluation e JOIN recommender_modelversion m ON m.id = e.model_id WHERE m.sha256 = %s"
    assert house.sql(verdict, second) == [(True,)]
    return str(second)


def becomes_champion(house: House, first: str, second: str, shipped: str) -> None:
    """Everybody's suggestions name it; and the other model's verdict, against the champion before, counts no longer."""
    house.moved(first)
    assert set(house.shown()) == {first[:12]}
    house.made_again(shipped, first)
    with refused(house, "The model has not been evaluated against the present champion.") as tries:
        tries.append(house.milla.says("promote", second[:8], check=False))
    assert "FAILED" not in house.does("evaluate", second[:8])


def is_replaced_and_rolled_back(house: House, first: str, second: str) -> None:
    """One steward's word is enough, and the former champion suggests again."""
    for how in ((), ("--share", "0.1"), ()):
        house.moved(second, *how)
    assert set(house.shown()) == {second[:12]}
    done = house.sven.says("rollback", "--reason", "Worse for families")
    assert done.stdout == f"Model {first} suggests again.\n"
    assert set(house.shown()) == {first[:12]}
    states = dict(house.sql("SELECT sha256, state FROM recommender_modelversion WHERE state <> 'shipped'"))
    assert states == {first: "champion", second: "retired"}


def what_was_withdrawn_is_still_followed(house: House, first: str, second: str) -> None:
    """The roll-back brought a model back that had learnt from those who left, so the worker makes a third."""
    asked = "SELECT r.state, b.sha256, m.sha256, d.citizens FROM recommender_retraining r JOIN recommender_modelversion b ON b.id = r.because_id "
    asked += "LEFT JOIN recommender_modelversion m ON m.id = r.made_id LEFT JOIN recommender_datasetversion d ON d.id = m.dataset_id "
    asked += "ORDER BY r.opened_at OFFSET 1"
    wait_for(lambda: [row[0] for row in house.sql(asked)] == ["done"], "the worker to make a third model", within=2 * SLOW)
    [(_, because, third, citizens)] = house.sql(asked)
    assert because == first and third not in (first, second) and citizens == len(house.people) - 2


def each_access_is_in_the_log(house: House) -> None:
    """Each collection and each making of suggestions, on the citizen's own page."""
    for person, datasets in ((house.people[0], 3), (house.people[-1], 1)):
        text, entries = person.activity(), person.entries()
        assert not [event for entry, event in entries if f"/en/activity/{entry}/" not in text]
        found = [event for _, event in entries]
        assert found.count("aurora:training:collected") == datasets and found.count("aurora:twin:suggested") >= 4
        assert "Aurora copied your data for training its model" in text and "Aurora used your data to suggest services" in text
