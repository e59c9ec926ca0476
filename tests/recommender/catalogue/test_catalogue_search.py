"""Search finds what a person means: forms, parts, beginnings and slips of words, in three languages; any input is answered."""

from __future__ import annotations

import io
from datetime import date

from django.core.management import call_command
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recommender.catalogue import catalogue
from recommender.catalogue.models import SearchEntry, SearchTrigram, SearchWord
from recommender.catalogue.search import Filters, Found, search
from recommender.catalogue.words import trigrams
from tests.support.catalogue import put, service

TODAY = date(2026, 11, 26)


def find(query: str, language: str = "fi", **filters: str) -> Found:
    return search(query, language, today=TODAY, filters=Filters(**filters))


# One load of the catalogue for all of them: it takes longer than the searches.
MEANT = (
    ("fi", "Hammashoito", "dental-care"),
    ("fi", "hammashoitoa", "dental-care"),  # partitive
    ("fi", "asumistuen", "housing-assistance"),  # genitive
    ("fi", "päivähoi", "child-day-care"),  # unfinished
    ("fi", "hamashoito", "dental-care"),  # a letter missing
    ("fi", "päivähotio", "child-day-care"),  # two letters swapped
    ("fi", "lasten hoito", "child-day-care"),  # a part of a compound
    ("sv", "tandvården", "dental-care"),  # definite
    ("sv", "barndagvård", "child-day-care"),
    ("sv", "barndagvrd", "child-day-care"),
    ("en", "day-care", "child-day-care"),
    ("en", "childminders", "child-day-care"),  # plural
    ("en", "housing assistence", "housing-assistance"),
    ("en", "hammashoito", "dental-care"),  # the Finnish name on the English page
    ("en", "DENTAL   care!!", "dental-care"),
    ("en", "the care of the teeth", "dental-care"),  # words that say nothing
)


def test_the_service_meant_comes_first(loaded) -> None:
    missed = [(query, found[:3]) for language, query, wanted in MEANT if (found := find(query, language).identifiers)[:1] != (wanted,)]
    assert not missed


def test_every_service_is_found_first_by_its_own_name(loaded) -> None:
    missed = [
        (one.identifier, language)
        for one in catalogue().values()
        for language in ("fi", "sv", "en")
        if find(one.name[language], language).identifiers[0] != one.identifier
    ]
    assert not missed


def test_a_misspelt_word_is_answered_by_the_one_most_like_it_and_that_is_said(loaded) -> None:
    assert find("hamashoito").instead == "hammashoito"
    assert find("hammashoito").instead == ""
    assert find("zzzzqqqq") == Found((), 0, 1, 0)


def test_of_many_unknown_words_the_first_are_corrected_and_the_others_left_as_they_are(db) -> None:
    put(service("one", "Hammashoito kissoille"))
    said = ["qqqqxxxx", "zzzzkkkk", "wwwwrrrr", "yyyyffff", "hamashoito"]
    assert find(" ".join(said)).total == 0
    assert find(" ".join(said[1:])).instead.split() == [*said[1:4], "hammashoito"]


def test_names_weigh_more_than_descriptions(db) -> None:
    put(
        service("described", "Apua arkeen", "Lainaamme myös polkupyöriä ja annamme pyöräilyopetusta."),
        service("named", "Polkupyörä lainaksi", "Kysy kirjastosta."),
    )
    assert find("polkupyörä").identifiers == ("named", "described")


def test_services_with_all_the_words_come_alone_and_else_those_with_some_and_that_is_said(db) -> None:
    put(service("both", "Kissojen ja koirien hoito"), service("one", "Kissojen hoito"), service("other", "Koirien ulkoilutus"))
    assert find("kissojen ulkoilutus koirien").loose
    assert find("koirien kissojen") == Found(("both",), 1, 1, 1)
    assert set(find("kissojen ulkoilutus").identifiers) == {"both", "one", "other"}


def test_a_service_in_finnish_alone_is_found_on_every_page(db) -> None:
    put(service("one", "Etälukio", "Lukio verkossa."))
    assert [find("etälukio", language).identifiers for language in ("fi", "sv", "en")] == [("one",)] * 3


def test_filters_keep_to_place_life_group_kind_channel_and_language(db) -> None:
    put(
        service(
            "mikkeli",
            "Neuvola Mikkelissä",
            areas=("491",),
            life_events=("KE1",),
            target_groups=("KR1.2",),
            service_classes=("P5.2",),
            languages=("fi",),
        ),
        service("everywhere", "Neuvola verkossa", channels=("online",), languages=("fi", "sv"), thematic_area="health"),
        service("helsinki", "Neuvola Helsingissä", areas=("091",), channels=("office",)),
    )
    assert set(find("neuvola", municipality="491").identifiers) == {"mikkeli", "everywhere"}
    assert find("", life_event="KE1").identifiers == ("mikkeli",)
    assert find("", group="KR1").identifiers == ("mikkeli",) == find("", group="KR1.2").identifiers
    assert find("", kind="P5").identifiers == ("mikkeli",) and find("", kind="health").identifiers == ("everywhere",)
    assert set(find("", channel="online").identifiers) >= {"everywhere"} and "helsinki" not in find("", channel="online").identifiers
    assert "mikkeli" not in find("neuvola", spoken="sv").identifiers
    assert find("neuvola", municipality="491", channel="office") == Found((), 0, 1, 0)


def test_what_is_not_yet_or_no_longer_given_is_not_found(db) -> None:
    put(
        service("over", "Kesäleiri", valid_until=date(2026, 11, 25)),
        service("coming", "Kesäleiri", valid_from=date(2026, 11, 27)),
        service("last-day", "Kesäleiri", valid_until=TODAY, valid_from=TODAY),
    )
    assert find("kesäleiri").identifiers == ("last-day",)


def test_pages_follow_each_other_without_gap_or_repeat(loaded) -> None:
    pages = [search("", "fi", today=TODAY, page=number, size=10) for number in (1, 2, 3, 4, 5)]
    found = [one for page in pages for one in page.identifiers]
    assert sorted(found) == sorted(catalogue()) and {page.total for page in pages} == {38} and pages[0].pages == 4
    assert pages[4].identifiers == ()


def test_a_retired_service_is_found_no_more_and_a_changed_one_by_its_new_words(db) -> None:
    put(service("one", "Uimahalli"), service("two", "Satama"))
    put(service("two", "Lainaamo"))
    assert find("uimahalli").total == find("satama").total == 0
    assert find("lainaamo").identifiers == ("two",)


ODD = [
    "'",
    '"',
    "a & b | !c <-> (d",
    "\\",
    "%_%",
    "*:*",
    "\0",
    "hoito\0",
    "; DROP TABLE x; --",
    "\ud800",
    "²³ª",
    "🦷",
    "ja",
    "-",
    "a" * 10_000,
    "hoito " * 2000,
    "{}",
    "\u202ehoito",
    "ﬁ",
]


def test_the_index_can_be_made_anew(loaded) -> None:
    SearchEntry.objects.all().delete()
    SearchWord.objects.all().delete()
    SearchTrigram.objects.all().delete()
    assert find("hamashoito").total == 0
    call_command("load_catalogue", index=True, stdout=io.StringIO())
    assert find("hamashoito").identifiers[0] == "dental-care"


def test_any_query_is_answered(loaded) -> None:
    for query in ODD:
        for language in ("fi", "sv", "en"):
            assert find(query, language).total >= 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=300), municipality=st.text(max_size=5))
@example(query="\u0345\u0345 ͅ", municipality="\0")
def test_whatever_is_typed_is_answered(loaded, query, municipality) -> None:
    found = find(query, municipality=municipality)
    assert len(found.identifiers) <= found.total <= 38


def test_trigrams_in_the_database_are_those_that_search_asks_for(loaded) -> None:
    kept = dict(SearchWord.objects.filter(language="fi").values_list("id", "word"))
    found = {one: [] for one in kept}
    for row in SearchTrigram.objects.filter(language="fi"):
        assert len(row.words) == len(set(row.words)) and row.lengths == [len(kept[one]) for one in row.words]
        for one in row.words:
            found[one].append(row.trigram)
    assert len(kept) > 200 and all(sorted(found[one]) == trigrams(word) for one, word in kept.items())
