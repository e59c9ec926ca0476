"""The terms of a consent page: whole in each language, every blank filled, and kept with the notice word for word."""

from __future__ import annotations

import json
from datetime import date

import pytest

from consent import terms
from consent.terms import FILE, ORDER, Period

LANGUAGES = ("fi", "sv", "en")
PERIOD = Period(date(2026, 11, 25), date(2027, 2, 1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_is_said_in_every_language(language: str) -> None:
    for said in (
        terms.connect(language=language, source="Verohallinto", period=PERIOD),
        terms.access(language=language, recipient="Etuusvirasto", service="Asumistuki", purpose="Hakemus", period=PERIOD),
        terms.declare(language=language, period=PERIOD),
        terms.training(language=language, period=PERIOD),
    ):
        assert tuple(t.code for t in said) == ORDER
        assert [t.code for t in said if not t.heading] == ["asks"]
        assert all(t.sentences for t in said)
        assert not any(mark in sentence for t in said for sentence in t.sentences for mark in "{}")


@pytest.mark.parametrize(
    ("language", "start", "end"),
    [("fi", "25.11.2026", "1.2.2027"), ("sv", "25.11.2026", "1.2.2027"), ("en", "25 November 2026", "1 February 2027")],
)
def test_dates_are_written_as_in_the_language(language: str, start: str, end: str) -> None:
    said = {t.code: " ".join(t.sentences) for t in terms.connect(language=language, source="x", period=PERIOD)}
    assert start in said["in_force"] and end in said["in_force"]


def test_once_and_ongoing_are_told_apart() -> None:
    def frequency(once: bool) -> str:
        period = Period(PERIOD.start, PERIOD.end, once)
        said = terms.access(language="en", recipient="a", service="b", purpose="c", period=period)
        return next(t.sentences[0] for t in said if t.code == "frequency")

    assert frequency(True).startswith("Once") and frequency(False).startswith("Ongoing")


def test_no_language_lacks_a_sentence() -> None:
    wording = json.loads(FILE.read_text(encoding="utf-8"))
    terms = [term for kind in ("connect", "push", "declare", "training", "access") for term in wording[kind].values()]
    sentences = [s for term in terms for s in (*term["sentences"], *term.get("sentences_once", ()))]
    for texts in (*sentences, *(term["heading"] for term in terms if "heading" in term)):
        assert set(texts) == set(LANGUAGES) and all(texts.values())
