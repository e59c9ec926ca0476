"""The catalogue is complete in three languages, and what is not complete is refused."""

from __future__ import annotations

import json
import shutil

import pytest

from recommender.catalogue import LANGUAGES, catalogue, read
from recommender.catalogue.load import HERE
from recommender.eligibility import Answer, Facts
from recommender.errors import CatalogueError
from recommender.facts import PROGRAMMES
from recommender.profile import Profile
from recommender.training import households
from recommender.training.reach import reach


def test_eight_programmes_and_thirty_further_services() -> None:
    services = catalogue().values()
    assert {service.programme for service in services if service.programme} == set(PROGRAMMES)
    assert sum(service.programme is None for service in services) == 30


@pytest.mark.parametrize("service", catalogue().values(), ids=lambda service: service.identifier)
def test_a_service_says_everything_in_every_language(service) -> None:
    for text in (service.name, service.description, service.how_to_apply, service.provider):
        assert set(text) == set(LANGUAGES)
        assert len(set(text.values())) == len(LANGUAGES), "the same text in two languages"
    for text in (service.description, service.how_to_apply):
        assert all(sentence.endswith(".") for sentence in text.values())


def test_names_are_told_apart() -> None:
    for language in LANGUAGES:
        names = [service.name[language] for service in catalogue().values()]
        assert len(set(names)) == len(names)


def test_no_rule_and_no_signal_asks_for_the_region_or_for_programmes_received() -> None:
    for service in catalogue().values():
        assert not [key for key in service.facts if key.startswith("social.programmes.") or key.endswith(".region")]


def test_the_programmes_have_the_names_of_the_vocabulary() -> None:
    vocabulary = HERE.parents[1] / "consent" / "vocabulary" / "categories" / "social.programmes.json"
    properties = json.loads(vocabulary.read_text("utf-8"))["schema"]["properties"]
    for service in catalogue().values():
        if service.programme:
            assert dict(service.name) == properties[service.programme]["x-label"]


def test_the_reach_of_each_rule_is_what_the_extract_says() -> None:
    assert json.loads((HERE / "reach.json").read_text("utf-8")) == reach()


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(HERE / "services", tmp_path / "services")
    for name in ("providers.json", "reach.json", "terms.json", "meters.json"):
        if (HERE / name).exists():
            shutil.copy(HERE / name, tmp_path / name)
    return tmp_path


def change(folder, **fields):
    path = folder / "services" / "child-day-care.json"
    service = json.loads(path.read_text("utf-8"))
    for name, value in fields.items():
        if value is None:
            del service[name]
        else:
            service[name] = value
    path.write_text(json.dumps(service), "utf-8")


def test_a_copy_is_the_same_version_and_a_changed_text_another(folder) -> None:
    assert read(folder).version == catalogue().version
    change(folder, name={"fi": "A", "sv": "B", "en": "C"})
    assert read(folder).version != catalogue().version


SIGNAL = {"when": "population.person.age > 3", "points": 5}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": {"fi": "Päivähoito", "en": "Day care"}}, "fi, sv, en"),
        ({"name": {"fi": "Päivähoito", "sv": " ", "en": "Day care"}}, "sv"),
        ({"description": {"fi": "a", "sv": "b", "en": "c" * 601}}, "en"),
        ({"description": "Day care"}, "fi, sv, en"),
        ({"how_to_apply": None}, "how_to_apply"),
        ({"price": 3}, "price"),
        ({"rule": "population.household.kittens > 0"}, "kittens"),
        ({"rule": "population.person.age >"}, "compile"),
        ({"rule": 3}, "CEL"),
        ({"provider": "nobody"}, "nobody"),
        ({"programme": "free_money"}, "free_money"),
        ({"programme": "food_assistance"}, "relevance"),
        ({"relevance": None}, "relevance"),
        ({"relevance": {"base": 5}}, "signals"),
        ({"relevance": {"base": 0, "signals": []}}, "points"),
        ({"relevance": {"base": True, "signals": []}}, "points"),
        ({"relevance": {"base": 5, "signals": [{**SIGNAL, "points": 101}]}}, "points"),
        ({"relevance": {"base": 5, "signals": [{"when": "true"}]}}, "signal"),
        ({"relevance": {"base": 5, "signals": SIGNAL}}, "list"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"life_events": ["Having a child"]}, "code"),
        ({"identifier": "another-name"}, "name of the file"),
    ],
)
def test_an_incomplete_service_is_refused_with_its_file_and_fault(folder, fields, said) -> None:
    change(folder, **fields)
    with pytest.raises(CatalogueError) as refused:
        read(folder)
    assert "child-day-care.json" in str(refused.value) and said in str(refused.value)


@pytest.mark.parametrize("content", ["[]", "{", '{"a": }', "null"])
def test_a_file_that_is_no_object_is_refused(folder, content) -> None:
    (folder / "services" / "child-day-care.json").write_text(content)
    with pytest.raises(CatalogueError):
        read(folder)


def test_one_programme_may_be_claimed_once(folder) -> None:
    service = json.loads((folder / "services" / "food-assistance.json").read_text("utf-8"))
    (folder / "services" / "more-food.json").write_text(json.dumps({**service, "identifier": "more-food"}), "utf-8")
    with pytest.raises(CatalogueError, match="same programme"):
        read(folder)


@pytest.mark.parametrize("share", [2, -0.1, "all", True])
def test_a_reach_that_is_no_share_is_refused(folder, share) -> None:
    (folder / "reach.json").write_text(json.dumps({"child-day-care": share}))
    with pytest.raises(CatalogueError):
        read(folder)


def test_an_empty_folder_is_no_catalogue(tmp_path) -> None:
    with pytest.raises(CatalogueError):
        read(tmp_path)


def test_few_households_that_take_part_are_shut_out_by_the_programme_s_own_rule() -> None:
    """Rules are this country's, labels another's: they must not contradict each other by much."""
    taking_part = dict.fromkeys(PROGRAMMES, 0)
    shut_out = dict.fromkeys(PROGRAMMES, 0)
    ruled = [service for service in catalogue().values() if service.programme and service.rule]
    for index in range(0, households.count(), 4):
        found = households.facts_of(index)
        facts = Facts(Profile.of_categories(found))
        for service in ruled:
            if found["social.programmes"][service.programme]:
                taking_part[service.programme] += 1
                shut_out[service.programme] += service.rule.answer(facts) is Answer.NO
    shares = {service.programme: shut_out[service.programme] / taking_part[service.programme] for service in ruled}
    assert len(shares) == 7
    assert shares.pop("family_cash_assistance") < 0.2
    assert max(shares.values()) < 0.1, shares
