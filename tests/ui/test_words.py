"""Every code that the service uses has its sentence, in every language."""

from __future__ import annotations

import pytest
from django.utils import translation

from aurora.ui import mandate_words, words
from aurora.ui.contexts import EntryKind
from consent.ledger.events import Event
from consent.rules.values import RefusalCode

PULL_CODES = (
    "source_down",
    "too_many_requests",
    "revoked",
    "invalid_answer",
    "signature_invalid",
    "wrong_citizen",
    "too_large",
    "timeout",
    "gave_up",
    "cancelled",
)


def test_every_event_has_a_title_and_a_kind() -> None:
    assert {e.value for e in Event} == words.EVENT_NAMES
    assert {words.event_kind(e.value) for e in Event} == set(EntryKind)


def test_every_refusal_has_a_sentence() -> None:
    assert {c.value for c in RefusalCode} == words.REFUSAL_CODES


def test_what_is_said_of_every_end_is_true_of_every_end() -> None:
    """The refusal's code is the same whoever ended the consent; an agency without an address for notices finds them in its feed."""
    with translation.override("en"):
        assert (
            str(words.refusal("consent_withdrawn"))
            == str(mandate_words.persons_refusal("consent_withdrawn"))
            == "The consent had been ended."
        )
        for said in (words.WITHDRAW_ACCESS, mandate_words.WITHDRAW_ACCESS_FOR):
            assert str(said[1]).startswith("Aurora leaves a notice for the agency at once")


@pytest.mark.parametrize("code", PULL_CODES)
def test_every_pull_error_says_what_and_what_to_do(code: str) -> None:
    with translation.override("en"):
        assert str(words.pull_error(code)) != str(words.pull_error("never heard of"))
        assert str(words.pull_remedy(code)).endswith(".")


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_sentences_follow_the_reader_s_language(language: str) -> None:
    with translation.override("en"):
        english = [str(words.event_title(e.value)) for e in Event] + [str(words.refusal(c)) for c in RefusalCode]
    with translation.override(language):
        other = [str(words.event_title(e.value)) for e in Event] + [str(words.refusal(c)) for c in RefusalCode]
    assert not set(english) & set(other)


def test_an_unknown_code_still_gives_a_sentence() -> None:
    tellers = (
        words.refusal,
        words.pull_error,
        words.pull_remedy,
        words.sign_in_error,
        words.connect_error,
        words.request_error,
    )
    for tell in (*tellers, words.form_error, words.error, words.event_title, words.consent_event):
        assert str(tell("never heard of"))
