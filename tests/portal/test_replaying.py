"""Suggestions are kept with what they came from, made again bit for bit, and go when they must; whoever has them made again is named."""

from __future__ import annotations

import dataclasses
import io
import shutil
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from aurora.identity import keys
from aurora.journeys import replay, suggest
from aurora.journeys.suggest import Suggestions
from aurora.journeys.withdraw import end
from aurora.twin import feedback, write
from aurora.twin import suggestions as runs
from aurora.twin.models import SuggestionRun
from aurora.twin.values import NewFact
from consent.errors import NotFound
from consent.scope import citizen_scope
from recommender.catalogue import catalogue, store
from recommender.catalogue.models import ServiceVersion
from recommender.errors import ArtefactError
from recommender.facts import FACTS
from recommender.registry import artefact, serving
from tests.support import cast as cast_module
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.support.catalogue import put, service

# All that the tax administration can tell of a household that earns well.
EARNS = {
    fact.category: {other.name: 900_000 if other.name == "wages" else 0 for other in FACTS.values() if other.category == fact.category}
    for fact in FACTS.values()
    if fact.category.startswith("tax.")
}


@pytest.fixture
def earning(monkeypatch: pytest.MonkeyPatch) -> None:
    for category, facts in EARNS.items():
        monkeypatch.setitem(cast_module.FACTS, category, facts)


def made(person: Person) -> Suggestions:
    return suggest.suggest(citizen_id=person.id, now=timezone.now())


def rows(person: Person) -> list[SuggestionRun]:
    with citizen_scope(person.id):
        return list(SuggestionRun.objects.filter(citizen_id=person.id).order_by("made_at"))


def content(person: Person, run_id: UUID) -> dict[str, Any]:
    with citizen_scope(person.id):
        found = runs.get(run_id)
        assert found is not None
        return found.content


def replayed(run_id: UUID) -> str:
    out = io.StringIO()
    try:
        call_command("replay", str(run_id), by="Olli, complaint 7", stdout=out)
    except CommandError as error:
        return f"{out.getvalue().strip()} / {error}"
    return out.getvalue().strip()


def titles(person: Person) -> list[str]:
    return [entry.event for entry in person.entries()]


def test_looking_again_is_no_new_access(new_person: Person) -> None:
    new_person.connect(REGISTER)
    first, before = made(new_person), titles(new_person)
    assert made(new_person) == first and first.services
    face = new_person.browser()
    for page in ("suggestions/", "home/", f"suggestions/why/{first.services[0].service}/", "suggestions/why/veterans-benefits/"):
        assert face.get(f"/en/{page}").status_code == 200
    assert titles(new_person) == before and len(rows(new_person)) == 1


def test_what_is_set_aside_leaves_the_list_and_the_next_one_is_drawn_anew(new_person: Person) -> None:
    new_person.connect(REGISTER)
    first = made(new_person)
    aside = first.services[0].service
    with citizen_scope(new_person.id):
        feedback.say(
            citizen_id=new_person.id, run_id=first.run_id, service=aside, kind=feedback.Kind.NOT_FOR_ME, why="situation", words="",
            now=timezone.now(), mandate_id=None,
        )  # fmt: skip
    second = made(new_person)
    assert second.run_id != first.run_id and aside not in {one.service for one in second.services}
    # What is set aside may have been explored: a draw used twice would then explore for sure, and say that it did so by chance.
    assert content(new_person, first.run_id)["record"]["seed"] != content(new_person, second.run_id)["record"]["seed"]
    assert [row.current for row in rows(new_person)] == [False, True]
    assert titles(new_person).count("aurora:twin:suggested") == 2
    page = new_person.browser().get(f"/en/suggestions/why/{aside}/").content.decode()
    assert "set it aside" in page


def test_facts_that_replace_others_keep_what_was_shown_and_a_withdrawal_keeps_nothing(new_person: Person) -> None:
    new_person.connect(REGISTER)
    first = made(new_person)
    new_person.connect(TAX)
    with citizen_scope(new_person.id):
        write.forget_derived(citizen_id=new_person.id, categories=["tax.income"], replaced=True)  # as a pull does
    second = made(new_person)
    assert second.run_id != first.run_id
    assert [replayed(one.run_id) for one in (first, second)] == [f"{first.run_id}: same", f"{second.run_id}: same"]
    mine = next(c for c in new_person.consents(state="given") if c.purpose_id == "service-suggestions" and c.source.code == TAX)
    end(citizen_id=new_person.id, consent_id=mine.pk, now=timezone.now())
    assert rows(new_person) == []
    assert "no such run" in replayed(first.run_id)


def test_the_operator_who_has_it_made_again_is_named_in_the_citizens_log_and_sees_no_value(new_person: Person) -> None:
    new_person.connect(REGISTER)
    new_person.connect(TAX)
    run = made(new_person)
    said = replayed(run.run_id)
    assert said == f"{run.run_id}: same"
    entry = new_person.entries()[-1]
    assert entry.event == "aurora:twin:replayed" and entry.actor == "aurora"
    page = new_person.browser().get(f"/en/activity/{entry.id}/").content.decode()
    assert "made suggestions of yours again" in page and "Asked for by: Olli, complaint 7. The suggestions came out the same." in page


@pytest.mark.parametrize("by", ["", " ", "x" * 101, "a\nb"])
def test_who_has_it_made_again_must_say_who_they_are(new_person: Person, by: str) -> None:
    new_person.connect(REGISTER)
    run = made(new_person)
    before = titles(new_person)
    with pytest.raises(CommandError):
        call_command("replay", str(run.run_id), by=by)
    assert titles(new_person) == before


def test_a_changed_byte_of_the_row_is_found(new_person: Person) -> None:
    new_person.connect(REGISTER)
    run = made(new_person)
    with citizen_scope(new_person.id):
        row = SuggestionRun.objects.get(pk=run.run_id)
        changed = bytearray(row.sealed)
        changed[-20] ^= 1
        with pytest.raises(ProgrammingError), transaction.atomic():
            SuggestionRun.objects.filter(pk=row.pk).update(sealed=bytes(changed))  # the service may not: its role has no right to
        SuggestionRun.objects.filter(pk=row.pk).delete()
        SuggestionRun.objects.create(
            id=row.pk, citizen_id=new_person.id, made_at=row.made_at, basis=row.basis, entry_id=row.entry_id, sealed=bytes(changed)
        )
    assert replayed(run.run_id).startswith(f"{run.run_id}: differs: row / ")
    assert new_person.entries()[-1].event == "aurora:twin:replayed"
    # The citizen is not left without: new ones are made.
    assert made(new_person).run_id != run.run_id


def test_a_row_in_anothers_place_is_found(new_person: Person) -> None:
    """Sealed for its own row: not even the citizen's earlier run can stand for it."""
    new_person.connect(REGISTER)
    first = made(new_person)
    new_person.connect(TAX)
    second = made(new_person)
    with citizen_scope(new_person.id):
        row = SuggestionRun.objects.get(pk=second.run_id)
        earlier = SuggestionRun.objects.get(pk=first.run_id)
        row.delete()
        SuggestionRun.objects.create(
            id=second.run_id, citizen_id=new_person.id, made_at=row.made_at, basis=row.basis, entry_id=row.entry_id, sealed=earlier.sealed
        )
    assert "differs: row" in replayed(second.run_id)


def test_a_changed_byte_of_the_model_is_found(new_person: Person, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    new_person.connect(REGISTER)
    run = made(new_person)
    copy = tmp_path / "models"
    shutil.copytree(artefact.COMMITTED, copy)
    text = copy / "food_assistance.txt"
    text.write_text(text.read_text().replace("leaf_value=", "leaf_value= ", 1))
    monkeypatch.setenv("AURORA_MODEL_DIR", str(copy))
    serving._opened.cache_clear()
    try:
        with pytest.raises(ArtefactError):
            serving.ranker(run.model)
        assert "differs: model" in replayed(run.run_id)
    finally:
        monkeypatch.undo()
        serving._opened.cache_clear()
    assert replayed(run.run_id) == f"{run.run_id}: same"


def test_a_changed_byte_of_the_catalogue_is_found(new_person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    new_person.connect(REGISTER)
    here = service("ptv-here", "Neuvonta", base=40)
    put(*catalogue().values(), here)
    run = made(new_person)
    assert run.catalogue != catalogue().version
    put(*catalogue().values())
    assert replayed(run.run_id) == f"{run.run_id}: same"  # though another is in use
    row = ServiceVersion.objects.get(identifier="ptv-here")
    text = row.document.replace("Neuvonta", "Neuvonto")
    assert text != row.document
    read = ServiceVersion.objects.filter

    def changed(*args: Any, **kwargs: Any) -> Any:
        """As from a disk on which a byte has changed: nobody who is connected may change a version."""
        found = read(*args, **kwargs)
        given = found.values_list
        found.values_list = lambda *names: _Altered(given(*names), row.document, text)
        return found

    monkeypatch.setattr(ServiceVersion.objects, "filter", changed)
    store._catalogues.clear()
    store._services.clear()
    assert "differs: catalogue" in replayed(run.run_id)
    monkeypatch.undo()
    assert replayed(run.run_id) == f"{run.run_id}: same"


class _Altered:
    """Rows in which one document is another."""

    def __init__(self, rows: Any, document: str, text: str) -> None:
        self.rows, self.swap = rows, {document: text}

    def __iter__(self) -> Any:
        return (tuple(self.swap.get(value, value) for value in row) for row in self.rows)

    def iterator(self, **_: Any) -> Any:
        return iter(self)


def test_a_stranger_has_nothing_made_again_and_nothing_is_noted(new_person: Person, cast: Cast) -> None:
    new_person.connect(REGISTER)
    run = made(new_person)
    before = titles(new_person), titles(cast.cecilia)
    face = cast.cecilia.browser()
    for typed in (str(run.run_id), str(uuid4()), "", "x", "1; DROP"):
        assert face.post("/en/suggestions/recompute/", {"run": typed}).status_code == 404
    with pytest.raises(NotFound):
        replay.recompute_own(citizen_id=cast.cecilia.id, run_id=run.run_id, now=timezone.now())
    assert (titles(new_person), titles(cast.cecilia)) == before
    with citizen_scope(cast.cecilia.id):
        assert runs.get(run.run_id) is None and not SuggestionRun.objects.filter(pk=run.run_id).exists()


def test_the_citizen_has_it_made_again_on_the_page(new_person: Person) -> None:
    new_person.connect(REGISTER)
    face = new_person.browser()
    page = face.get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    answer = face.post(page.recompute_url, {"run": page.run_id})
    assert answer.status_code == 200 and "came out the same" in answer.content.decode()
    assert new_person.entries()[-1].event == "citizen:twin:replayed"


def test_runs_go_after_their_time(new_person: Person, settings: Any) -> None:
    new_person.connect(REGISTER)
    run = made(new_person)
    suggest.sweep(now=timezone.now() + settings.AURORA_SUGGESTIONS_KEPT - timedelta(minutes=1))  # others' may be older
    assert rows(new_person)
    assert suggest.sweep(now=timezone.now() + settings.AURORA_SUGGESTIONS_KEPT + timedelta(minutes=1)) >= 1
    assert rows(new_person) == [] and runs.citizen_of(run.run_id) is None


def test_one_run_is_current(new_person: Person) -> None:
    new_person.connect(REGISTER)
    row = (made(new_person), rows(new_person)[0])[1]
    with citizen_scope(new_person.id), pytest.raises(IntegrityError), transaction.atomic():
        SuggestionRun.objects.create(
            id=uuid4(), citizen_id=new_person.id, made_at=row.made_at, basis="b", entry_id=row.entry_id, sealed=b"x", current=True
        )


def test_a_shadow_is_noted_beside_and_shown_to_nobody(new_person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    new_person.connect(REGISTER)
    present = serving.serving()
    shadow = dataclasses.replace(present.champion, version="5" * 64)
    monkeypatch.setattr(suggest, "in_use", lambda: (store.current(), dataclasses.replace(present, shadow=shadow)))
    run = made(new_person)
    beside = content(new_person, run.run_id)["shadow"]
    assert beside["model"] == "5" * 64 and len(beside["slate"]) == len(run.services)
    assert run.model == present.champion.version
    assert "5555555" not in new_person.browser().get("/en/suggestions/").content.decode()


def test_the_challenger_suggests_to_its_share_and_always_to_the_same_people(new_person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    new_person.connect(REGISTER)
    present = serving.serving()
    challenger = dataclasses.replace(present.champion, version="6" * 64)
    unit = keys.unit(new_person.id, salt="6" * 64)
    for share, expected in ((unit / 2, present.champion.version), ((1 + unit) / 2, "6" * 64)):
        trial = dataclasses.replace(present, challenger=challenger, share=share)
        monkeypatch.setattr(suggest, "in_use", lambda trial=trial: (store.current(), trial))
        assert made(new_person).model == expected and made(new_person).model == expected


def test_a_citizens_number_is_even_their_own_and_another_with_another_salt() -> None:
    people = [uuid4() for _ in range(2000)]
    numbers = [keys.unit(one, salt="a") for one in people]
    assert numbers == [keys.unit(one, salt="a") for one in people] and all(0 <= one < 1 for one in numbers)
    assert abs(sum(numbers) / len(numbers) - 0.5) < 0.04
    assert sum(keys.unit(one, salt="b") < 0.5 and number < 0.5 for one, number in zip(people, numbers, strict=True)) < 0.32 * len(people)


def test_the_page_shows_five_first_what_would_settle_most_and_then_what_was_settled(new_person: Person, earning: None) -> None:
    new_person.connect(REGISTER)
    face = new_person.browser()
    first = face.get("/en/suggestions/").context["page"]  # type: ignore[attr-defined]
    assert len(first.suggestions) == 5 and len(first.rest) == 5 and first.settled == ()
    assert first.offers and [o.settles for o in first.offers] == sorted((o.settles for o in first.offers), reverse=True)
    home = face.get("/en/home/").context["page"]  # type: ignore[attr-defined]
    assert home.offer == first.offers[0]
    run = content(new_person, UUID(first.run_id))["record"]
    by_tax = {service for service, missing in run["open"].items() if all(category.startswith("tax.") for category in missing)}
    offer = next(o for o in first.offers if TAX in o.url)
    assert {name["en"] for name in offer.services} == {catalogue()[one].name["en"] for one in by_tax} and by_tax
    new_person.connect(TAX)
    after = face.get("/en/suggestions/")
    page = after.context["page"]  # type: ignore[attr-defined]
    # Wages alone settle more: what they shut out needs no other source.
    assert {catalogue()[one].name["en"] for one in by_tax} <= {one.name["en"] for one in page.settled}
    assert {one.outcome.value for one in page.settled} == {"no"}
    assert "What has been settled since the last time" in after.content.decode()
    assert not any(TAX in offer.url for offer in page.offers)
    for one in page.settled:
        assert face.get(one.why_url).status_code == 200


def test_why_not_says_the_cause_and_names_the_source(new_person: Person, earning: None) -> None:
    new_person.connect(REGISTER)
    new_person.connect(TAX)
    face = new_person.browser()
    names = [name for name, one in catalogue().items() if one.rule]
    pages = {name: face.get(f"/en/suggestions/why/{name}/") for name in names}
    assert all(page.status_code == 200 for page in pages.values())
    refused = [page for page in pages.values() if any(c.kind == "not_eligible" for c in page.context["page"].causes)]  # type: ignore[attr-defined]
    assert refused
    for page in refused:
        cause = next(c for c in page.context["page"].causes if c.kind == "not_eligible")  # type: ignore[attr-defined]
        assert cause.facts and all(fact.source_name["en"] in page.content.decode() for fact in cause.facts)
    assert face.get("/en/suggestions/why/no-such-service/").status_code == 404


def test_why_is_not_said_without_a_consent(new_person: Person) -> None:
    page = new_person.browser().get("/en/suggestions/why/dental-care/")
    assert page.status_code == 200 and not page.context["page"].allowed  # type: ignore[attr-defined]
    assert "aurora:twin:refused" not in titles(new_person), (
        "the door is not asked where nothing was ever allowed: no refusal to alarm anybody"
    )


def test_a_service_retired_while_the_page_was_open_is_said_to_be_gone(new_person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    new_person.connect(REGISTER)
    face, shipped = new_person.browser(), list(catalogue().values())
    put(*shipped, service("swim-hall", "Uimahalli"))
    assert face.get("/fi/suggestions/why/swim-hall/").status_code == 200
    before = store.current()
    put(*shipped)
    later = face.get("/fi/suggestions/why/swim-hall/")
    # Retired between the page's own look at the catalogue and the journey's.
    now = iter([before])
    monkeypatch.setattr(store, "current", lambda: next(now, None) or store.at(store.current_version()))
    between = face.get("/fi/suggestions/why/swim-hall/")
    for page in (later, between):
        assert page.status_code == 410 and "Uimahalli" in page.content.decode()
        assert "Tämä palvelu ei ole enää luettelossa" in page.content.decode()


def test_a_new_fact_makes_new_suggestions(new_person: Person) -> None:
    pull = new_person.connect(REGISTER)
    first = made(new_person)
    with citizen_scope(new_person.id):
        fact = NewFact("population.person", 2, "age", 97, "reported", REGISTER, timezone.now(), pull)
        SuggestionRun.objects.filter(citizen_id=new_person.id)  # the run stays; only its ground has moved
        from aurora.twin.models import Fact

        Fact.objects.filter(citizen_id=new_person.id, category="population.person", superseded_at__isnull=True).update(pull_id=None)
        write.write(citizen_id=new_person.id, facts=[fact], now=timezone.now())
        assert suggest.last_made(citizen_id=new_person.id, now=timezone.now()) is None
    assert made(new_person).run_id != first.run_id
