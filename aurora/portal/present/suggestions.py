"""Suggestions with their reasons, and what would settle what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from aurora.journeys.replay import Recomputed
from aurora.journeys.suggest import Suggested, Suggestions
from aurora.portal.present.vocabulary import Vocabulary, connect_url
from aurora.ui.contexts import (
    Eligibility,
    OfferView,
    ReasonView,
    RecomputedPage,
    Settled,
    SettledView,
    SuggestionsPage,
    SuggestionView,
    Text,
    UnknownView,
)
from consent import acting
from consent.rules import CITIZEN
from recommender.catalogue import Catalogue, store
from recommender.suggesting.service import open_questions

UNKNOWNS_SHOWN = 3
FIRST = 5
OFFERS_SHOWN = 3
UPTO = "upto"


def page(made: Suggestions, vocabulary: Vocabulary, language: str, *, upto: str = "") -> SuggestionsPage:
    """The whole page, with the data that was used and the log entry of that very access. `upto`: a service; where it is not among the first
    places, all are on the page."""
    catalogue = store.at(made.catalogue)
    found = _views(made, catalogue, vocabulary, language)
    first = len(found) if upto in {one.code for one in found[FIRST:]} else FIRST
    return SuggestionsPage(
        allowed=True,
        suggestions=found[:first],
        rest=found[first:],
        more_url=card_url(found[first].code) if found[first:] else "",
        used=tuple(vocabulary.category(c) for c in made.categories),
        sources_url=reverse("portal:sources"),
        made_at=made.made_at,
        entry_url=reverse("portal:entry", args=[made.entry_id]),
        model_name=made.model[:12],
        offers=_offers(made, catalogue, vocabulary)[:OFFERS_SHOWN],
        settled=tuple(_settled(made, catalogue)),
        run_id=str(made.run_id),
        recompute_url="" if acting.current() else reverse("portal:recompute"),
    )


def refused_page() -> SuggestionsPage:
    """No consent for suggestions: what to do about it."""
    return SuggestionsPage(allowed=False, suggestions=(), used=(), sources_url=reverse("portal:sources"))


def recomputed_page(found: Recomputed, made_at: datetime) -> RecomputedPage:
    """What came of making suggestions again."""
    return RecomputedPage(
        same=found.same,
        made_at=made_at,
        parts=len(found.differences),
        suggestions_url=reverse("portal:suggestions"),
        entry_url=reverse("portal:entry", args=[found.entry_id]),
        reworded="words" in found.since,
    )


def top(made: Suggestions, vocabulary: Vocabulary, language: str) -> tuple[SuggestionView | None, OfferView | None]:
    """For the home page: the first suggestion, and what would settle most."""
    catalogue = store.at(made.catalogue)
    found, offers = _views(made, catalogue, vocabulary, language), _offers(made, catalogue, vocabulary)
    return (found[0] if found else None), (offers[0] if offers else None)


def reasons(
    found: Iterable[Mapping[str, Any]], sources: Mapping[str, str], vocabulary: Vocabulary, language: str
) -> tuple[ReasonView, ...]:
    """`found`: reasons with their `facts` and `text` by language."""
    return tuple(
        ReasonView(
            text=reason["text"][language],
            fact_label=label(reason["facts"][0], vocabulary) if reason["facts"] else {},
            source_name=vocabulary.agency(sources.get(reason["facts"][0])) if reason["facts"] else {},
        )
        for reason in found
    )


def unknowns(settles: Iterable[str], not_held: Iterable[str], vocabulary: Vocabulary) -> tuple[UnknownView, ...]:
    """What could be connected comes first; what a connected source does not have is said without an offer. One line for all facts of a source."""
    found: dict[tuple[str, bool], list[str]] = {}
    for offered, facts in ((True, settles), (False, not_held)):
        for fact in facts:
            found.setdefault((vocabulary.source_of(fact.rpartition(".")[0]), offered), []).append(fact)
    return tuple(_unknown(facts, source, vocabulary, offered=offered) for (source, offered), facts in found.items())


def card_url(service: str) -> str:
    """The page of suggestions at a service's card, wherever in the list it stands."""
    return f"{reverse('portal:suggestions')}?{urlencode({UPTO: service})}#service-{service}"


def service_url(identifier: str) -> str:
    return reverse("portal:service", args=[identifier])


def label(fact: str, vocabulary: Vocabulary) -> Text:
    category, _, key = fact.rpartition(".")
    found: Text = vocabulary.fact_schema(category, key)["x-label"]
    return found


def _views(made: Suggestions, catalogue: Catalogue, vocabulary: Vocabulary, language: str) -> tuple[SuggestionView, ...]:
    """The suggested services in their places; one that has left the catalogue since is left out."""
    return tuple(_view(s, made, catalogue, vocabulary, language) for s in made.services if s.service in catalogue)


def _view(suggested: Suggested, made: Suggestions, catalogue: Catalogue, vocabulary: Vocabulary, language: str) -> SuggestionView:
    service = catalogue[suggested.service]
    return SuggestionView(
        code=service.identifier,
        name=service.name,
        description=service.description,
        eligibility=Eligibility(suggested.eligibility),
        reasons=reasons(suggested.reasons, made.sources, vocabulary, language),
        how_to_apply=service.how_to_apply,
        provider=service.provider,
        unknowns=unknowns(suggested.settles, suggested.not_held, vocabulary)[:UNKNOWNS_SHOWN],
        otherwise=suggested.otherwise.get(language, ""),
        explored=suggested.explored,
        url=service_url(service.identifier),
        why_url=reverse("portal:suggestion_why", args=[service.identifier]),
    )


def _offers(made: Suggestions, catalogue: Catalogue, vocabulary: Vocabulary) -> tuple[OfferView, ...]:
    """By who holds what is not known: what connecting it would settle, the most first. Nobody connects for another."""
    if acting.current() is not None:
        return ()
    open_ = {service: missing for service, missing in made.open.items() if service in catalogue}
    found = open_questions(open_, connected=made.connected, holder=vocabulary.source_of)
    return tuple(
        OfferView(
            vocabulary.agency(one.category),
            connect_url(one.category),
            tuple(catalogue[s].name for s in one.settles),
            one.category == CITIZEN,
        )
        for one in found
        if one.settles
    )


def _settled(made: Suggestions, catalogue: Catalogue) -> Iterable[SettledView]:
    for service, outcome in made.settled:
        if service in catalogue:
            yield SettledView(catalogue[service].name, Settled(outcome), reverse("portal:suggestion_why", args=[service]))


def _unknown(facts: list[str], source: str, vocabulary: Vocabulary, *, offered: bool) -> UnknownView:
    first, *others = (label(fact, vocabulary) for fact in facts)
    return UnknownView(first, vocabulary.agency(source), connect_url(source) if offered else "", source == CITIZEN, tuple(others))
