"""Why one service is suggested, or why not, in words and with the facts that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from aurora.journeys.suggest import Suggestions
from aurora.portal.present.suggestions import label, reasons, service_url, unknowns
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui.contexts import CauseView, UnknownView, WhyPage
from recommender.catalogue import PublicService
from recommender.suggesting import counterfactual
from recommender.suggesting.explain import Reason, render
from recommender.suggesting.why import Because, Cause, Why


def page(found: Why, made: Suggestions, vocabulary: Vocabulary, language: str) -> WhyPage:
    """From what the suggestions that stand were made from."""
    told = lambda these: reasons(_plain(these, language), made.sources, vocabulary, language)  # noqa: E731
    return WhyPage(
        **_frame(found.service),
        position=found.position or 0,
        rank=found.rank or 0,
        of=found.of,
        causes=tuple(_cause(one, made, vocabulary) for one in found.because if one.cause is not Cause.UNKNOWN),
        reasons=told(found.reasons),
        against=told(found.counts_against),
        unknowns=unknowns(found.settles, found.not_held, vocabulary),
        otherwise=counterfactual.render(found.counterfactual, language) if found.counterfactual else "",
        made_at=made.made_at,
        entry_url=reverse("portal:entry", args=[made.entry_id]),
    )


def refused_page(service: PublicService) -> WhyPage:
    """No consent for suggestions: nothing is looked at, so nothing can be said."""
    return WhyPage(**_frame(service), allowed=False)


def _frame(service: PublicService) -> dict[str, Any]:
    return {
        "name": service.name,
        "service_url": service_url(service.identifier),
        "suggestions_url": reverse("portal:suggestions"),
        "sources_url": reverse("portal:sources"),
    }


def _cause(one: Because, made: Suggestions, vocabulary: Vocabulary) -> CauseView:
    facts = (UnknownView(label(fact, vocabulary), vocabulary.agency(made.sources.get(fact))) for fact in one.facts)
    return CauseView(one.cause.value, tuple(facts))


def _plain(found: Iterable[Reason], language: str) -> Iterable[Mapping[str, Any]]:
    return ({"facts": reason.facts, "text": {language: render(reason, language)}} for reason in found)
