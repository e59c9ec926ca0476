"""Everything a citizen, a source, an agency and an erasure may do, in any order and with deaths in between, against a model in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from aurora.journeys import answer_correction, correct, declare, erase, own_data, settle
from aurora.journeys.declare import Said
from aurora.twin import choices
from consent import days
from consent.errors import Conflict, NotFound
from consent.scope import citizen_scope
from tests.erasure.going import held_by, tables_naming
from tests.machine.agencies import CURSOR, ETAG, WHOLE, Agencies
from tests.machine.model import (
    ABOUT,
    CITIZEN,
    CONCEPTS,
    DECISIONS,
    HOME,
    HOUSEHOLD,
    OFFICE,
    PULL_ATTEMPTS,
    REQUIRED,
    SOURCE_OF,
    SOURCES,
    VALUES,
    Asked,
    Citizen,
    Name,
)  # fmt: skip
from tests.machine.world import World
from tests.support.cast import Cast, Person

INCOME = "tax.income"
PEOPLE = st.integers(0, 2)
# At which place on the way somebody dies; mostly nobody does.
DEATHS = st.sampled_from((0, 0, 0, 1, 2, 3, 5, 8))
FETCHED = tuple(source for source in SOURCES if source != OFFICE)


def anybody(model: Citizen) -> bool:
    return True


def stays(model: Citizen) -> bool:
    return not model.closed


def deed(can: Callable[[Citizen], bool], **drawn: Any) -> Callable[[Callable[..., None]], Any]:
    """A rule about one of the citizens of whom it can be: there is one, or it is not taken. The verb is given who, their row and their model."""

    def made(verb: Callable[..., None]) -> Any:
        def done(machine: Machine, who: int, **given: Any) -> None:
            those = [one for one, model in enumerate(machine.models) if can(model)]
            who = machine.touched = those[who % len(those)]
            verb(machine, who, machine.people[who], machine.models[who], **given)

        done.__name__ = verb.__name__
        return precondition(lambda machine: any(can(model) for model in machine.models))(rule(who=PEOPLE, **drawn)(done))

    return made


class Machine(RuleBasedStateMachine):
    """Three citizens. Each rule does the same to Aurora and to the model; what both say is compared after each."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.people: list[Person] = [self.world.newcomer() for _ in range(3)]
        self.models = [Citizen() for _ in range(3)]
        self.seen = [0, 0, 0]
        self.ids: list[dict[Name, UUID]] = [{}, {}, {}]
        self.observed = datetime(2026, 1, 1, tzinfo=UTC)
        self.touched, self.steps = 0, 0
        self.in_any_order: int | None = None

    @initialize(drawn=st.data())
    def everybody_is_known_to_agencies(self, drawn: Any) -> None:
        for who in range(3):
            for source in FETCHED:
                for category in SOURCES[source]:
                    self._says(who, category, {key: values[who % len(values)] for key, values in VALUES[category].items()})
                if drawn.draw(st.booleans()):
                    person, model, purposes = self.people[who], self.models[who], [p for p in ABOUT if ABOUT[p] & set(SOURCES[source])]
                    self.world.connect(person, source, purposes, set(SOURCES[source]), 0)
                    model.connect(source, purposes, set(SOURCES[source]))
                    self.world.pull(person, source, fault="", marking=WHOLE, places=0)
                    self._pulled(who, source, set(SOURCES[source]), "")

    # Sources

    @deed(anybody, category=st.sampled_from(sorted(c for c, s in SOURCE_OF.items() if s in FETCHED)), drawn=st.data())
    def a_source_learns_something(self, who: int, person: Person, model: Citizen, category: str, drawn: Any) -> None:
        self._says(who, category, drawn.draw(_statement(category)))

    def _says(self, who: int, category: str, values: dict[str, Any]) -> None:
        """When each fact was observed is told of it; what has not changed was observed when it was."""
        place = SOURCE_OF[category], self.people[who].national_id, category
        before, at = self.world.agencies.statements.get(place, {}), self._later()
        said = {key: before[key] if key in before and before[key][0] == value else (value, at) for key, value in values.items()}
        self.world.agencies.say(*place, said)

    def _later(self) -> str:
        self.observed += timedelta(seconds=1)
        return self.observed.isoformat()

    @deed(stays, source=st.sampled_from(sorted(SOURCES)), drawn=st.data(), places=DEATHS)
    def connects(self, who: int, person: Person, model: Citizen, source: str, drawn: Any, places: int) -> None:
        categories = drawn.draw(st.sets(st.sampled_from(SOURCES[source]), min_size=1))
        fitting = [purpose for purpose in sorted(ABOUT) if categories & ABOUT[purpose]]
        purposes = drawn.draw(st.lists(st.sampled_from(fitting), min_size=1, unique=True))
        if self.world.connect(person, source, purposes, categories, places):
            model.connect(source, purposes, categories)

    @deed(
        lambda model: bool(model.pulls),
        which=st.integers(0, 1),
        marking=st.sampled_from((WHOLE, ETAG, CURSOR)),
        fault=st.sampled_from(("", "", "", "", "down", "garbage", "wrong_citizen", "revoked")),
        places=DEATHS,
    )
    def a_worker_pulls(self, who: int, person: Person, model: Citizen, which: int, marking: str, fault: str, places: int) -> None:
        source = sorted(model.pulls)[which % len(model.pulls)]
        wanted = model.pulls[source]
        tried, over, died = self.world.pull(person, source, fault=fault, marking=marking, places=places)
        allowed = wanted & model.covered(source)
        if tried >= PULL_ATTEMPTS:
            fault, allowed = "gave_up", wanted
        if not over:
            assert died or (fault == "down" and tried < PULL_ATTEMPTS - 1 and allowed)
            return
        self._pulled(who, source, allowed, fault)

    def _pulled(self, who: int, source: str, wanted: set[str], fault: str) -> None:
        model = self.models[who]
        del model.pulls[source]
        if not wanted:
            model.log.append("aurora:pull:refused")
        elif fault:
            model.log.append("aurora:pull:failed")
            if fault in ("wrong_citizen", "revoked"):
                model.connected.discard(source)
                model.broken.add(source)
        else:
            for category in sorted(wanted):
                model.learn(category, source, self.world.agencies.statements[source, self.people[who].national_id, category])
            model.log.append("aurora:pull:completed")

    @deed(lambda model: bool(model.feeds), source=st.sampled_from(FETCHED))
    def a_night_passes(self, who: int, person: Person, model: Citizen, source: str) -> None:
        self.world.plan(person, source)
        feeds = model.feeds & set(SOURCES[source])
        if source in model.connected and feeds and source not in model.pulls:
            model.pulls[source] = set(feeds)

    @deed(anybody, drawn=st.data(), again=st.booleans(), places=DEATHS)
    def the_office_pushes(self, who: int, person: Person, model: Citizen, drawn: Any, again: bool, places: int) -> None:
        known = {name[2]: (version.value, version.observed) for name, version in model.twin.items() if name[0] == DECISIONS}
        if again and known:
            said, at = known, max(observed for _, observed in known.values())
        else:
            at = self._later()
            said = {key: (value, at) for key, value in drawn.draw(_statement(DECISIONS)).items()}
        result = self.world.push(person, said, at, places=places)
        if OFFICE not in model.connected:
            assert result == "not_accepted"
            return
        moved = model.learn(DECISIONS, OFFICE, said)
        assert result == ("taken" if moved else "unchanged")
        model.log.append("agency:facts:pushed")

    # The citizen

    @deed(anybody, municipality=st.sampled_from(("", *VALUES[HOME]["municipality"])))
    def says_where_they_live(self, who: int, person: Person, model: Citizen, municipality: str) -> None:
        now = timezone.now()
        shown = declare.offer(citizen_id=person.id, language="en", today=days.today())
        save = {"citizen_id": person.id, "said": Said({}, municipality), "shown": shown, "token": "", "decision": "save", "now": now}
        if model.closed:
            with pytest.raises(DatabaseError):
                declare.save(**{**save, "said": Said({}, "091")})
            return
        facts, gone = declare.save(**save)
        name = (HOME, CITIZEN, "municipality")
        assert (facts, gone) == (1 if municipality else 0, 1 if not municipality and name in model.twin else 0)
        if municipality:
            model.learn(HOME, CITIZEN, {"municipality": (municipality, now.isoformat())})
        else:
            model.erase(lambda one: one == name)
        if facts or gone:
            model.log.append("citizen:twin:declared" if facts else "citizen:twin:retracted")

    @deed(
        lambda model: bool(model.consents),
        drawn=st.data(),
        how=st.sampled_from(("category", "consent", "connection")),
        keep=st.booleans(),
        places=DEATHS,
    )
    def withdraws(self, who: int, person: Person, model: Citizen, drawn: Any, how: str, keep: bool, places: int) -> None:
        source, purpose = drawn.draw(st.sampled_from(sorted(model.consents)))
        ends = [one for one in sorted(model.consents) if one[0] == source] if how == "connection" else [(source, purpose)]
        for one in ends:
            categories = set(model.consents[one])
            if how == "category":
                categories = drawn.draw(st.sets(st.sampled_from(sorted(categories)), min_size=1))
            if not self.world.withdraw(person, *one, categories, keep=keep, places=places):
                return
            model.withdraw(*one, categories, keep=keep)

    @deed(lambda model: bool(model.kept), drawn=st.data())
    def forgets_what_was_kept(self, who: int, person: Person, model: Citizen, drawn: Any) -> None:
        category, source, _ = drawn.draw(st.sampled_from(sorted(model.kept)))
        own_data.forget_kept(citizen_id=person.id, category=category, source=source, now=timezone.now())
        gone = {name for name in model.kept if name[:2] == (category, source)}
        spared = [version for name, version in model.twin.items() if name not in gone]
        versions = {model.twin[name] for name in gone}
        for twin in [model.twin, *(then for _, then in model.history)]:
            for name in [n for n, version in twin.items() if version in versions and version not in spared]:
                del twin[name]
        model.erase(lambda _: False)
        model.log.append("citizen:twin:erased")

    @deed(anybody, concept=st.sampled_from(sorted(CONCEPTS)), which=st.integers(0, 2))
    def settles(self, who: int, person: Person, model: Citizen, concept: str, which: int) -> None:
        side = settle.side_by_side(citizen_id=person.id, now=timezone.now())
        held = {name[0] for name in model.twin}
        if any(len({fact[0] for fact in facts} & held) > 1 for facts, _, _ in CONCEPTS.values()):
            model.log.append("citizen:twin:viewed")
        found = {one.concept.code: ([(f.category, f.source, f.key) for f in one.said], one.reason.value) for one in side.standings}
        told = {code: (standing.names, standing.reason) for code in CONCEPTS if len((standing := model.standing(code)).names) > 1}
        assert found == told
        if model.closed or concept not in told or not CONCEPTS[concept][2]:
            return
        fact = next(one for one in side.standings if one.concept.code == concept).said[which % len(told[concept][0])]
        settle.choose(citizen_id=person.id, concept=concept, fact_id=fact.id, now=timezone.now())
        model.choices[concept] = ((fact.category, fact.source, fact.key), fact.value)
        model.log += ["citizen:twin:viewed", "citizen:fact:chosen"]

    @deed(lambda model: bool(model.choices), concept=st.sampled_from(sorted(CONCEPTS)))
    def leaves_it_to_the_rule(self, who: int, person: Person, model: Citizen, concept: str) -> None:
        if concept not in model.choices:
            with pytest.raises(NotFound):
                settle.release(citizen_id=person.id, concept=concept, now=timezone.now())
            return
        del model.choices[concept]
        settle.release(citizen_id=person.id, concept=concept, now=timezone.now())
        model.log.append("citizen:fact:released")

    @deed(lambda model: stays(model) and bool(model.twin), drawn=st.data())
    def asks_for_a_correction(self, who: int, person: Person, model: Citizen, drawn: Any) -> None:
        may = sorted(name for name in model.twin if name[1] in SOURCES)
        if not may or len(model.questioned()) > 3:
            return
        name = drawn.draw(st.sampled_from(may))
        right = next(value for value in VALUES[name[0]][name[2]] if value != model.twin[name].value)
        model.log.append("citizen:twin:viewed")
        ask = {"fact_id": self.ids[who][name], "right": right, "why": "I told you so.", "language": "en"}
        if name in model.questioned():
            with pytest.raises(Conflict):
                correct.ask(citizen_id=person.id, now=timezone.now(), **ask)
            return
        made = correct.ask(citizen_id=person.id, now=timezone.now(), **ask)
        model.corrections[made] = Asked(name, since=model.twin[name].number, right=right)
        model.log.append("citizen:correction:asked")

    @deed(lambda model: bool(model.corrections), drawn=st.data(), outcome=st.sampled_from(("corrected", "refused", "closed")))
    def a_correction_ends(self, who: int, person: Person, model: Citizen, drawn: Any, outcome: str) -> None:
        which = drawn.draw(st.sampled_from(sorted(model.corrections)))
        asked, now = model.corrections[which], timezone.now()
        category, source, key = asked.name
        if outcome == "closed":
            if asked.state != "open":
                with pytest.raises(Conflict):
                    correct.close(citizen_id=person.id, correction_id=which, now=now)
                return
            correct.close(citizen_id=person.id, correction_id=which, now=now)
            model.log.append("citizen:correction:closed")
            asked.state = outcome
            return
        answer = {"source": source, "correction_id": which, "outcome": outcome, "text": "We looked into it.", "now": now}
        if asked.state != "open":
            with pytest.raises(Conflict):
                answer_correction.answer(**answer)
            return
        if outcome == "corrected" and source in FETCHED:
            place = source, person.national_id, category
            self._says(who, category, {k: v for k, (v, _) in self.world.agencies.statements[place].items()} | {key: asked.right})
        answer_correction.answer(**answer)
        asked.state = outcome
        model.log += ["agency:correction:read", "agency:correction:answered"]
        if outcome == "corrected":
            if source in FETCHED and source in model.connected and source not in model.pulls:
                model.pulls[source] = {category}
            if model.read.get(category, 0) > asked.since and source != OFFICE:
                model.log.append("aurora:correction:told")

    # The agency

    @deed(lambda model: stays(model) and not model.permit)
    def lets_the_office_read(self, who: int, person: Person, model: Citizen) -> None:
        granted = self.world.cast.office.granted(person)
        model.token, model.refresh = granted["access_token"], granted["refresh_token"]
        model.permit = {HOUSEHOLD, INCOME}
        model.log.append("citizen:consent:given")

    @deed(lambda model: bool(model.permit), categories=st.sets(st.sampled_from((HOUSEHOLD, INCOME)), min_size=1), places=DEATHS)
    def takes_it_back(self, who: int, person: Person, model: Citizen, categories: set[str], places: int) -> None:
        categories = categories & model.permit or set(model.permit)
        if not self.world.withdraw_from_office(person, categories, places=places):
            return
        model.permit -= categories
        model.log.append("citizen:consent:narrowed" if model.permit else "citizen:consent:withdrawn")

    @deed(lambda model: model.token != "", category=st.sampled_from((HOUSEHOLD, INCOME)))
    def the_office_reads(self, who: int, person: Person, model: Citizen, category: str) -> None:
        read = self.world.cast.office.read(model.token, category)
        if read.status_code == 401:  # what it bore was more than is allowed now: it asks for another, as any client
            fresh: Any = self.world.cast.office.post("/oauth/token", grant_type="refresh_token", refresh_token=model.refresh)
            assert (fresh.status_code == 200) == bool(model.permit), fresh.content
            if not model.permit:
                return
            model.token = fresh.json()["access_token"]
            read = self.world.cast.office.read(model.token, category)
        if category not in model.permit:
            assert read.status_code == 403, read.content
            model.log.append("agency:twin:refused")
            return
        assert read.status_code == 200, read.content
        found = {(category, one["source"], one["key"]): one["value"] for one in read.json()["facts"]}
        assert found == {name: version.value for name, version in model.twin.items() if name[0] == category}
        assert len(found) == len(read.json()["facts"])
        disputed = {(category, one["source"], one["key"]) for one in read.json()["facts"] if one.get("disputed")}
        assert disputed == (model.differing() | model.questioned()) & found.keys()
        model.log.append("agency:twin:read")
        model.read[category] = model.latest()

    # Keys and ends

    @deed(anybody, places=DEATHS)
    def the_key_is_replaced(self, who: int, person: Person, model: Citizen, places: int) -> None:
        self.world.rotate(person, places=places)

    @deed(stays, category=st.sampled_from(sorted(SOURCE_OF)), places=DEATHS)
    def erases_a_category(self, who: int, person: Person, model: Citizen, category: str, places: int) -> None:
        self.world.erase(person, "category", category, places=places)
        sources = [SOURCE_OF[category]] if SOURCE_OF[category] in SOURCES else []
        model.erase_all(lambda name: name[0] == category, {category}, sources)
        model.log.append("citizen:erasure:done")

    @deed(stays, source=st.sampled_from((*SOURCES, CITIZEN)), places=DEATHS)
    def erases_a_source(self, who: int, person: Person, model: Citizen, source: str, places: int) -> None:
        self.world.erase(person, "source", source, places=places)
        reached = set(SOURCES.get(source, ()))
        model.erase_all(lambda name: name[1] == source, reached, [source] if source in SOURCES else [])
        model.log.append("citizen:erasure:done")

    @deed(lambda model: stays(model) and len(model.history) > 12, places=DEATHS)
    def leaves(self, who: int, person: Person, model: Citizen, places: int) -> None:
        model.leaving = self.world.leave(person, places=places)
        if model.permit:
            model.log.append("citizen:consent:withdrawn")
        model.leave()
        model.log.append("citizen:erasure:asked")
        self.in_any_order = who
        for table in ("twin_fact", "twin_factchoice", "corrections_correction"):
            assert held_by(person.id, table) == 0, table

    @deed(lambda model: model.closed, stays=st.booleans(), places=DEATHS)
    def stays_or_is_gone(self, who: int, person: Person, model: Citizen, stays: bool, places: int) -> None:
        erasure = model.leaving
        if stays:
            assert erase.call_off(citizen_id=person.id, now=timezone.now())
            model.closed = False
            model.log.append("citizen:erasure:cancelled")
            return
        self.world.be_gone(person, erasure, places=places)
        assert set(tables_naming(person.id)) <= {"public.erasures_leaver"}
        # The same person comes again, as somebody new of whom nothing is known.
        self.people[who], self.models[who], self.seen[who] = self.world.newcomer(person.national_id), Citizen(), 0

    # What holds after each

    @invariant()
    def the_twin_is_the_models(self) -> None:
        self.steps += 1
        # The citizen whom the last deed was about, and one of the others: what is theirs has not moved.
        unseen = {who for who in range(3) if self.models[who].twin.keys() != self.ids[who].keys()}
        for who in {self.touched, self.steps % 3} | unseen:
            person, model = self.people[who], self.models[who]
            facts = own_data.view(citizen_id=person.id, now=timezone.now()).facts
            model.log.append("citizen:twin:viewed")
            found: dict[Name, Any] = {(f.category, f.source, f.key): f.value for f in facts}
            assert len(found) == len(facts), "no fact twice"
            assert found == {name: version.value for name, version in model.twin.items()}, who
            assert {(f.category, f.source, f.key) for f in facts if f.kept_at} == model.kept
            assert {(f.category, f.source, f.key) for f in facts if f.differs} == model.differing()
            assert {(f.category, f.source, f.key) for f in facts if f.in_question} == model.questioned()
            self.ids[who] = {(f.category, f.source, f.key): f.id for f in facts}
            model.remember(timezone.now())

    @invariant()
    def what_was_known_then_is_what_the_model_remembers(self) -> None:
        """Of the citizen whom the last deed was about: one category at one time; of the others now and then."""
        who = self.touched if self.steps % 4 else self.steps // 4 % 3
        person, model = self.people[who], self.models[who]
        category = sorted(SOURCE_OF)[self.steps % len(SOURCE_OF)]
        if not model.history:
            return
        at, then = model.history[(self.steps * 7) % len(model.history)]
        versions = model.versions(category)
        if not versions:
            with pytest.raises(NotFound):
                settle.history(citizen_id=person.id, category=category, at=at, now=timezone.now())
            return
        found = settle.history(citizen_id=person.id, category=category, at=at, now=timezone.now())
        model.log.append("citizen:twin:viewed")
        assert sorted((one.fact.key, one.fact.source, one.fact.value) for one in found.versions) == versions
        assert len(found.then) == len({(f.source, f.key) for f in found.then})
        known = {name: version.value for name, version in then.items() if name[0] == category}
        assert {(category, f.source, f.key): f.value for f in found.then} == known

    @invariant()
    def everything_is_in_the_log(self) -> None:
        for who, (person, model) in enumerate(zip(self.people, self.models, strict=True)):
            written = self.world.written(person, self.seen[who])
            found = [str(entry.event) for entry in written]
            assert found == model.log or (who == self.in_any_order and sorted(found) == sorted(model.log))
            self.seen[who] += len(written)
            model.log = []
        self.in_any_order = None

    @invariant()
    def nothing_is_fetched_that_is_not_allowed(self) -> None:
        for person, model in zip(self.people, self.models, strict=True):
            expected = [f"live {s}" for s in model.connected] + [f"broken {s}" for s in model.broken]
            expected += [f"feed {c}" for c in model.feeds] + [f"pull {s}" for s in model.pulls]
            assert self.world.live_without_consent(person) == sorted(expected)

    @invariant()
    def a_choice_stands_as_long_as_what_it_chose(self) -> None:
        person, model = self.people[self.touched], self.models[self.touched]
        with citizen_scope(person.id):
            found = {one.concept: ((one.category, one.source, one.key), one.value) for one in choices.of(citizen_id=person.id)}
        assert found == model.choices

    def teardown(self) -> None:
        """Nothing of one opens for another. Rotations come to an end."""
        number = 0
        for person in self.people:
            for _ in range(3):
                self.world.rotate(person, places=0)
            number += self.world.opens_for_others(person, [one for one in self.people if one is not person])
        assert number > 0


def _statement(category: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys, one at least."""
    keys, must = {key: st.sampled_from(values) for key, values in VALUES[category].items()}, REQUIRED.get(category, set())
    required = {key: keys[key] for key in sorted(must)}
    return st.fixed_dictionaries(required, optional={key: of for key, of in keys.items() if key not in must}).filter(bool)


def run(cast: Cast, agencies: Agencies, patch: pytest.MonkeyPatch, *, examples: int, steps: int, derandomize: bool) -> None:
    class Ours(Machine):
        world = World(cast, agencies, patch)

    with override_settings(AURORA_SANDBOX=True):
        run_state_machine_as_test(
            Ours,
            settings=settings(
                max_examples=examples, stateful_step_count=steps, derandomize=derandomize, deadline=None, database=None,
                suppress_health_check=list(HealthCheck), phases=[Phase.generate], report_multiple_bugs=False, print_blob=False,
            ),
        )  # fmt: skip


def test_aurora_does_as_the_model_does(cast: Cast, agencies: Agencies, monkeypatch: pytest.MonkeyPatch) -> None:
    run(cast, agencies, monkeypatch, examples=10, steps=40, derandomize=True)


@pytest.mark.long
def test_for_longer_and_otherwise_each_time(cast: Cast, agencies: Agencies, monkeypatch: pytest.MonkeyPatch) -> None:
    run(cast, agencies, monkeypatch, examples=150, steps=80, derandomize=False)
