"""What an agency may be called: all of it is seen, no word mixes alphabets, and nobody reads it as another agency's name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from consent import agency_drafts, loading, names
from consent.errors import Conflict, InvalidInput
from consent.models import Agency, AgencyDraft

SEEN = (
    "Kansaneläkelaitos Kela", "Försäkringskassan – Åbo", "Sámediggi / Sää´mteˈǧǧ", "Säämitigge Ǩeâđǥǥ ʹ ǯ ŋŧ", "O’Neill & Sons (No. 2) 24/7", "A\u030abo",
    "Национална агенция", "Εθνική Αρχή", "© 2026 Łódź, São Paulo, București", "Tax\u00a0Office", "A+B=C, 5 € a day",
)  # fmt: skip
# By its number, so that one sees in the report which one passed.
UNSEEN = (
    0x3164, 0x115F, 0x1160, 0x2800, 0x034F, 0xFE00, 0xFE0F, 0xE0100, 0xE0041, 0xFFA0, 0x180B, 0x17B4, 0x061C, 0x200B, 0x200D, 0x200F, 0x202E, 0x2066,
    0x2060, 0xFEFF, 0x00AD, 0x3000, 0x2003, 0x1680, 0x2028, 0x000A, 0x0009, 0x0000, 0x2714, 0x20DD, 0xE000, 0x0378,
)  # fmt: skip
# What stands before it is Latin, but for the last two: Greek among Cyrillic, and no alphabet of the three.
MIXED = (
    "K\u0435la",
    "\u039aela",
    "Ke\u04cfa",
    "Ka\u0578su",
    "\U0001d40aela",
    "\uff2bela",
    "Kela\u0661",
    "Ke\u13e6a",
    "\u043a\u03b5",
    "\u05e7\u05dc\u05d4",
)
ALIKE = (
    "KELA", " kela ", "Kela.", "K e l a", "KeIa", "Ke1a", "Kelá", "K\u0117la", "\u041a\u0435\u04cf\u0430", "\u039a\u0395l\u0391", "Ke|a", "\uff2b\uff45\uff4c\uff41",
)  # fmt: skip


@pytest.mark.parametrize("text", SEEN)
def test_what_people_here_write_is_clear(text: str) -> None:
    assert names.clear(text)


@pytest.mark.parametrize("number", UNSEEN, ids=hex)
def test_what_cannot_be_seen_or_passes_for_a_seal_is_refused(number: int) -> None:
    assert not names.clear(f"Ke{chr(number)}la") and not names.clear(f"Kela{chr(number)}")


@pytest.mark.parametrize("text", MIXED, ids=ascii)
def test_a_word_of_two_alphabets_is_refused(text: str) -> None:
    assert not names.clear(text) and not names.clear(f"Office of {text}")


def test_marks_are_not_piled_up() -> None:
    assert names.clear("a\u0302\u0301") and not names.clear("a\u0302\u0301\u0300")


@pytest.mark.parametrize("text", ALIKE, ids=ascii)
def test_what_looks_like_a_name_is_that_name(text: str) -> None:
    assert names.skeleton(text) == names.skeleton("Kela")


@pytest.mark.parametrize("text", ["Kala", "Käla", "Kela 2", "Keela", "Kella"])
def test_another_name_is_another_name(text: str) -> None:
    assert names.skeleton(text) != names.skeleton("Kela")


def _unique() -> str:
    """A word of letters, which no other test's agency is called by."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])


def _document(word: str, **changes: Any) -> dict[str, Any]:
    texts = {"name": {"fi": f"{word} fi", "sv": f"{word} sv", "en": word}, "legal_name": "By law", "business_id": "1234567-8"}
    rest = {"roles": ["data_user"], "contact": {"email": "a@office.example"}, "country": "FI", "since": "2026-01-01"}
    return texts | rest | changes


def _ask(code: str, content: dict[str, Any], *, new: bool = True) -> AgencyDraft:
    return agency_drafts.draft(code=code, content=content, meaning=False, new=new, reason="Decision", by=uuid4(), now=timezone.now())


def _agree(draft: AgencyDraft) -> None:
    agency_drafts.approve(draft_id=draft.pk, by=uuid4(), now=timezone.now())


@pytest.fixture
def there(db: None) -> Agency:
    word = _unique()
    return Agency.objects.create(
        code=word, name={"fi": f"Virasto {word}", "sv": f"Verket {word}", "en": f"Office {word}"}, roles=["data_user"]
    )


def test_nobody_asks_for_the_name_of_another_agency_in_any_language(there: Agency) -> None:
    code = _unique()
    for taken in (there.name["fi"], there.name["sv"].upper(), there.name["en"].replace("o", "0").replace(" ", "-")):
        for language in ("fi", "sv", "en"):
            content = _document(code)
            content["name"][language] = taken
            with pytest.raises(InvalidInput) as refused:
                _ask(code, content)
            assert refused.value.fields == {"name": names.TAKEN}
    assert not AgencyDraft.objects.filter(code=code).exists()


def test_an_agency_goes_on_being_called_what_it_is_called(there: Agency) -> None:
    """Also where another has borne that name since before there was this rule."""
    twin = Agency.objects.create(code=_unique(), name=there.name, roles=["data_user"])
    _agree(_ask(twin.code, _document("x", name=twin.name), new=False))
    renamed = _document("x", name={**twin.name, "en": _unique()})
    _agree(_ask(twin.code, renamed, new=False))
    assert Agency.objects.get(pk=twin.pk).name == renamed["name"]


def test_of_two_who_ask_for_one_name_the_second_is_refused_when_it_is_agreed_to(db: None) -> None:
    word, first, second = _unique(), _unique(), _unique()
    one, two = _ask(first, _document(word)), _ask(second, _document(word.upper()))
    _agree(one)
    with pytest.raises(Conflict) as refused:
        _agree(two)
    assert refused.value.sentence == names.TAKEN
    assert not Agency.objects.filter(code=second).exists() and AgencyDraft.objects.get(pk=two.pk).state == "open"


@pytest.mark.parametrize(
    "changes",
    [{"legal_name": "By\u3164law"}, {"business_id": "1\u20282"}, {"onward": {"fi": "T\u0430x", "sv": "x", "en": "x"}}],
    ids=["law", "id", "onward"],
)
def test_a_file_is_judged_like_a_form(db: None, changes: dict[str, Any]) -> None:
    code = _unique()
    with pytest.raises(loading.VersionRefused, match="can be seen"):
        loading.agency({"code": code, "version": 1, **_document(code, **changes)}, now=timezone.now())
    assert not Agency.objects.filter(code=code).exists()


def test_a_file_does_not_give_the_name_of_another_agency(there: Agency) -> None:
    code = _unique()
    with pytest.raises(loading.NameTaken):
        loading.agency({"code": code, "version": 1, **_document(code, name=there.name)}, now=timezone.now())
    assert not Agency.objects.filter(code=code).exists()


def test_what_developers_try_out_is_told_apart_from_agencies_only(there: Agency) -> None:
    trial = Agency.objects.create(code=f"{names.TRIAL}{_unique()}", name={"en": _unique()}, roles=["data_user"])
    assert not names.taken(trial.name.values(), code=f"{names.TRIAL}other")
    assert names.taken(trial.name.values(), code="other") and names.taken(there.name.values(), code=f"{names.TRIAL}other")
