"""A consent in short: whole sentences, the same in each language, word for word as they were agreed on."""

from __future__ import annotations

import json
from datetime import date
from itertools import product

import pytest

from consent import changes, summary, terms
from consent.summary import Kind, Said, Standing

LANGUAGES = ("fi", "sv", "en")
END = date(2027, 5, 24)
NAMES = {
    "fi": ("Etuusvirasto", "Verohallinto", "Etuushakemuksen käsittely", ["Tulot", "Kotitalous"]),
    "sv": ("Förmånsverket", "Skatteförvaltningen", "Behandling av din ansökan", ["Inkomster", "Hushåll"]),
    "en": ("Benefits Office", "Tax Administration", "Handling your benefit application", ["Income", "Household"]),
}


def _said(language: str, kind: Kind, standing: Standing, **more: object) -> str:
    recipient, source, purpose, data = NAMES[language]
    said = Said(kind, standing, recipient, source if kind is Kind.FETCH else "", purpose, more.pop("data", data), END, **more)  # type: ignore[arg-type]
    return " ".join(summary.sentences(said, language=language))


STOP = {
    "fi": "Luvan voi peruuttaa milloin tahansa: avaa Suostumukset ja valitse Peruuta suostumus. Syytä ei kysytä.",
    "sv": "Tillståndet kan återkallas när som helst: öppna Samtycken och välj Återkalla samtycket. Ingen frågar varför.",
    "en": "The permission can be withdrawn at any time: open Consents and choose Withdraw. No reason is asked.",
}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Etuusvirasto saa lukea nämä tiedot: Tulot, Kotitalous. Lupa koskee vain tätä: Etuushakemuksen käsittely. Lupa on voimassa 24.5.2027 asti."),
        ("sv", "Förmånsverket får läsa de här uppgifterna: Inkomster, Hushåll. Tillståndet gäller bara det här: Behandling av din ansökan. Tillståndet gäller till och med 24.5.2027."),
        ("en", "Benefits Office may read these data: Income, Household. The permission is for this only: Handling your benefit application. The permission lasts until 24 May 2027."),
    ],
)  # fmt: skip
def test_what_an_agency_may_is_said_so(language: str, said: str) -> None:
    assert _said(language, Kind.ACCESS, Standing.GIVEN) == f"{said} {STOP[language]}"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Aurora saa nämä tiedot: Tulot, Kotitalous. Ne tulevat tästä lähteestä: Verohallinto."),
        ("sv", "Aurora får de här uppgifterna: Inkomster, Hushåll. De kommer från den här källan: Skatteförvaltningen."),
        ("en", "Aurora may have these data: Income, Household. They come from this source: Tax Administration."),
    ],
)
def test_what_aurora_may_fetch_is_said_so(language: str, said: str) -> None:
    assert _said(language, Kind.FETCH, Standing.GIVEN).startswith(said)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Tällä kertaa ei annettu lupaa. Etuusvirasto pyysi näitä tietoja: Tulot, Kotitalous. Lupaa pyydettiin tähän: Etuushakemuksen käsittely."),
        ("sv", "Den här gången gavs inget tillstånd. Förmånsverket bad om de här uppgifterna: Inkomster, Hushåll. Tillståndet skulle ha gällt det här: Behandling av din ansökan."),
        ("en", "Nothing was allowed this time. Benefits Office asked for these data: Income, Household. It was asked for this: Handling your benefit application."),
    ],
)  # fmt: skip
def test_a_no_is_said_so(language: str, said: str) -> None:
    assert _said(language, Kind.ACCESS, Standing.REFUSED) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Lupa on päättynyt. Sen nojalla Etuusvirasto ei saa enää lukea näitä tietoja: Tulot, Kotitalous. Lupa oli annettu tähän: Etuushakemuksen käsittely."),
        ("sv", "Tillståndet har upphört. Med stöd av det får Förmånsverket inte längre läsa de här uppgifterna: Inkomster, Hushåll. Tillståndet gällde det här: Behandling av din ansökan."),
        ("en", "The permission has ended. On its strength Benefits Office may no longer read these data: Income, Household. The permission was for this: Handling your benefit application."),
    ],
)  # fmt: skip
def test_an_end_is_said_so(language: str, said: str) -> None:
    assert _said(language, Kind.ACCESS, Standing.OVER) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_says_over_promises_no_withdrawing(language: str) -> None:
    for kind, standing in product(Kind, (Standing.OVER, Standing.REPLACED, Standing.REFUSED)):
        assert STOP[language] not in _said(language, kind, standing)
    for kind in Kind:
        assert _said(language, kind, Standing.GIVEN).endswith(STOP[language])


@pytest.mark.parametrize(("kind", "standing"), list(product(Kind, Standing)))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_blank_is_filled_and_every_sentence_whole(language: str, kind: Kind, standing: Standing) -> None:
    said = _said(language, kind, standing, once=True, gone=["X"], outdated=["Y"])
    assert not {"{", "}"} & set(said) and said[0].isupper() and said.endswith(".") and "  " not in said


def test_one_reading_is_not_told_as_ongoing() -> None:
    assert "one time, on 24 May 2027 at the latest" in _said("en", Kind.ACCESS, Standing.GIVEN, once=True)
    assert "one time" not in _said("en", Kind.ACCESS, Standing.GIVEN)


def test_what_was_taken_out_or_left_behind_is_named_beside_what_stands() -> None:
    said = _said("en", Kind.ACCESS, Standing.GIVEN, data=["Income"], gone=["Household"], outdated=["Housing"])
    assert "may read these data: Income." in said and "no longer part of the permission: Household." in said
    assert "wait for a new decision, and may not be used now: Housing." in said
    nothing_left = _said("en", Kind.ACCESS, Standing.GIVEN, data=[], outdated=["Housing"])
    assert "may read" not in nothing_left and nothing_left.startswith("These data wait")


def test_no_language_lacks_a_sentence() -> None:
    def texts(value: object) -> list[dict[str, str]]:
        if isinstance(value, dict):
            return [value] if set(value) & set(LANGUAGES) else [t for part in value.values() for t in texts(part)]
        return []

    found = texts(json.loads(summary.FILE.read_text(encoding="utf-8"))) + texts(
        json.loads(terms.FILE.read_text(encoding="utf-8"))["summary"]
    )
    assert len(found) > 20
    assert all(set(text) == set(LANGUAGES) and all(text.values()) for text in found)


@pytest.mark.parametrize(
    ("recipient", "source", "kind"),
    [("office", "", Kind.ACCESS), ("aurora", "tax", Kind.FETCH), ("aurora", "citizen", Kind.OWN), ("aurora", "aurora", Kind.OWN), ("aurora", "", Kind.OWN)],
)  # fmt: skip
def test_what_kind_a_consent_is(recipient: str, source: str, kind: Kind) -> None:
    assert summary.kind_of(recipient=recipient, source=source) is kind


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fi", "Pyyntö koskee näitä tietoja: Tulot. Sinä valitset, mitkä niistä annetaan. Lupa olisi voimassa 24.5.2027 asti."),
        ("sv", "Begäran gäller de här uppgifterna: Tulot. Du väljer vilka av dem som lämnas ut. Tillståndet skulle gälla till och med 24.5.2027."),
        ("en", "It asks for these data: Tulot. You choose which of them are given. The permission would last until 24 May 2027."),
    ],
)  # fmt: skip
def test_before_a_decision_the_head_of_the_page_is_a_term_of_the_notice(language: str, said: str) -> None:
    shown = terms.access(
        language=language, recipient="a", service="b", purpose="c", period=terms.Period(date(2026, 11, 25), END), data=["Tulot"]
    )
    assert [t.code for t in shown][:2] == ["asks", terms.SUMMARY]
    assert " ".join(shown[1].sentences) == f"{said} {STOP[language]}"


def test_what_is_said_in_short_is_no_change_of_its_own() -> None:
    """What differs is told where the page says it whole; a notice of before has no head at all."""

    def content(*sentences: str) -> dict[str, object]:
        return {"terms": [{"code": terms.SUMMARY, "heading": "In short", "sentences": list(sentences)}] if sentences else []}

    assert changes.compare(content("a"), content("b")) == changes.compare(content(), content("b")) == ()
