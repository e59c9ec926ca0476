"""Suggestions with their reasons, and what would settle what is open."""

from __future__ import annotations

from django.urls import reverse

from aurora.journeys.suggest import Suggested, Suggestions
from aurora.portal.present.vocabulary import Vocabulary, connect_url
from aurora.ui.contexts import Eligibility, ReasonView, SuggestionsPage, SuggestionView, UnknownView
from recommender import service as recommender

UNKNOWNS_SHOWN = 3


def page(made: Suggestions, vocabulary: Vocabulary, language: str) -> SuggestionsPage:
    """The whole page, with the data that was used and the log entry of that very access."""
    return SuggestionsPage(
        allowed=True,
        suggestions=views(made, vocabulary, language),
        used=tuple(vocabulary.category(c) for c in made.categories),
        sources_url=reverse("portal:sources"),
        made_at=made.made_at,
        entry_url=reverse("portal:entry", args=[made.entry_id]),
        model_name=made.model[:12],
    )


def refused_page() -> SuggestionsPage:
    """No consent for suggestions: what to do about it."""
    return SuggestionsPage(allowed=False, suggestions=(), used=(), sources_url=reverse("portal:sources"))


def views(made: Suggestions, vocabulary: Vocabulary, language: str) -> tuple[SuggestionView, ...]:
    """The suggested services, best first; one that has left the catalogue since is left out."""
    catalogue = recommender.catalogue()
    return tuple(_view(s, made, vocabulary, language) for s in made.services if s.service in catalogue)


def _view(suggested: Suggested, made: Suggestions, vocabulary: Vocabulary, language: str) -> SuggestionView:
    service = recommender.catalogue()[suggested.service]
    return SuggestionView(
        code=service.identifier,
        name=service.name,
        description=service.description,
        eligibility=Eligibility(suggested.eligibility),
        reasons=tuple(
            ReasonView(
                text=reason["text"][language],
                fact_label=_label(reason["facts"][0], vocabulary) if reason["facts"] else {},
                source_name=vocabulary.agency(made.sources.get(reason["facts"][0])) if reason["facts"] else {},
            )
            for reason in suggested.reasons
        ),
        how_to_apply=service.how_to_apply,
        provider=service.provider,
        unknowns=_unknowns(suggested, vocabulary),
    )


def _unknowns(suggested: Suggested, vocabulary: Vocabulary) -> tuple[UnknownView, ...]:
    """What could be connected comes first; what a connected source does not have is said without an offer."""
    could = [_unknown(fact, vocabulary, offered=True) for fact in suggested.settles]
    cannot = [_unknown(fact, vocabulary, offered=False) for fact in suggested.not_held]
    return tuple([*could, *cannot][:UNKNOWNS_SHOWN])


def _unknown(fact: str, vocabulary: Vocabulary, *, offered: bool) -> UnknownView:
    source = vocabulary.source_of(fact.rpartition(".")[0])
    return UnknownView(_label(fact, vocabulary), vocabulary.agency(source), connect_url(source) if offered else "")


def _label(fact: str, vocabulary: Vocabulary) -> dict[str, str]:
    category, _, key = fact.rpartition(".")
    label: dict[str, str] = vocabulary.fact_schema(category, key)["x-label"]
    return label
