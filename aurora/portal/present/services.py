"""The service catalogue's pages: what search found, and one service. Nothing here is about the person who looks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from urllib.parse import urlencode

from django.urls import reverse

from aurora.portal.present.rule_words import in_words
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import catalogue_words, formats
from aurora.ui.contexts import Choice, ContactView, FilterView, LinkedService, ServicePage, ServiceRow, ServicesPage, Written
from recommender.catalogue import areas, store
from recommender.catalogue.load import Catalogue
from recommender.catalogue.model import CHANNELS, PublicService
from recommender.catalogue.search import MOST_PAGES, PAGE, Filters, search
from recommender.catalogue.text import Text
from recommender.facts import FACTS, Kind

PLACES_SHOWN = 3
LONGEST_VALUE = 60  # characters of a filter's value; longer ones are none of ours


def page(query: str, chosen: Mapping[str, str], *, number: int, today: date, language: str) -> ServicesPage:
    """Search in the catalogue in use. `chosen` by the filters' names; what is no choice finds nothing, as any other value does."""
    catalogue = store.current()
    wanted = {name: chosen.get(name, "")[:LONGEST_VALUE] for name in catalogue_words.filters()}
    filters = Filters(
        municipality=wanted["place"],
        life_event=wanted["life"],
        group=wanted["group"],
        kind=wanted["kind"],
        channel=wanted["channel"],
        spoken=wanted["spoken"],
    )
    found = search(query, language, today=today, filters=filters, page=number)
    # Between search and here another catalogue may have come into use.
    services = [catalogue[one] for one in found.identifiers if one in catalogue]
    return ServicesPage(
        query=query,
        rows=tuple(_row(one, language) for one in services),
        total=found.total,
        first=(found.page - 1) * PAGE + 1,
        filters=tuple(
            _filter(name, catalogue, wanted[name], language, _url(query, {**wanted, name: ""}, 1))
            for name in catalogue_words.filters()
            if _choices(name, catalogue, language)
        ),
        filtered=bool(query or any(wanted.values())),
        clear_url=reverse("portal:services"),
        instead=found.instead,
        loose=found.loose,
        previous_url=_url(query, wanted, found.page - 1) if found.page > 1 else "",
        next_url=_url(query, wanted, found.page + 1) if found.page < min(found.pages, MOST_PAGES) else "",
        without_query_url=_url("", wanted, 1) if query else "",
    )


def service_page(service: PublicService, *, catalogue: Catalogue, today: date, language: str, signed_in: bool) -> ServicePage:
    """One service of the catalogue in use."""
    codes = (service.thematic_area, *service.life_events, *service.target_groups, *service.service_classes)
    labels = {label[language]: label for code in codes if (label := service.labels.get(code))}
    return ServicePage(
        name=_said(service.name, language),
        services_url=reverse("portal:services"),
        only_in=_only_in(service, language),
        not_now=_not_now(service, today),
        description=_said(service.description, language),
        details=_said(service.details, language) if service.details and service.details != service.description else None,
        requirements=_said(service.requirements, language) if service.requirements else None,
        rule=in_words(service.rule, Vocabulary(), language) if service.rule else None,
        amounts=any(FACTS[fact].kind is Kind.AMOUNT for fact in (service.rule.facts if service.rule else ())),
        weighed=service.unseen_grounds,
        how_to_apply=_said(service.how_to_apply, language),
        provider=_said(service.provider, language),
        contacts=tuple(_contact(service, at, language) for at in range(len(service.contacts))),
        channels=_channels(service),
        area=_area(service, language),
        areas=tuple(sorted(areas.name(one, language) for one in service.areas)) if len(service.areas) > PLACES_SHOWN else (),
        spoken=_row_of([catalogue_words.spoken(one) for one in service.languages], as_they_are=language == "en"),
        cost=catalogue_words.cost(service.free),
        topics=tuple(_said(one, language) for one in labels.values()),
        valid_from=service.valid_from,
        valid_until=service.valid_until,
        requires=_linked(service.requires, catalogue, language),
        related=_linked(service.related, catalogue, language),
        origin=catalogue_words.origin(service.origin),
        version=service.version[:12],
        data_url=reverse("service_data", args=[service.identifier]),
        why_url=reverse("portal:suggestion_why", args=[service.identifier]) if signed_in else "",
    )


def gone_page(service: PublicService, language: str) -> ServicePage:
    """A service that is in the catalogue no more: links to it still stand in old suggestions."""
    return ServicePage(name=_said(service.name, language), services_url=reverse("portal:services"), gone=True)


def _row(service: PublicService, language: str) -> ServiceRow:
    return ServiceRow(
        name=_said(service.name, language),
        description=_said(service.description, language),
        provider=_said(service.provider, language),
        area=_area(service, language),
        channels=_channels(service),
        url=reverse("portal:service", args=[service.identifier]),
        only_in=_only_in(service, language),
    )


def _said(text: Text, language: str) -> Written:
    written = text.written(language)
    return Written(text[language], "" if written == language else written)


def _only_in(service: PublicService, language: str) -> str:
    written = service.description.written(language)
    return catalogue_words.only_in(written) if len(service.description.own) == 1 and written != language else ""


def _not_now(service: PublicService, today: date) -> str:
    if service.valid_from and today < service.valid_from:
        return catalogue_words.not_yet(formats.day(service.valid_from))
    if service.valid_until and service.valid_until < today:
        return catalogue_words.no_longer(formats.day(service.valid_until))
    return ""


def _contact(service: PublicService, at: int, language: str) -> ContactView:
    one = service.contacts[at]
    address = _said(one.address, language) if one.address else None
    return ContactView(catalogue_words.channel(one.kind), _said(one.name, language), one.web, one.phone, one.email, address)


def _channels(service: PublicService) -> str:
    return _row_of([catalogue_words.channel(one) for one in service.channels])


def _row_of(names: list[str], *, as_they_are: bool = False) -> str:
    """Names in one line, with a small letter but for the first; English keeps the capitals of languages."""
    return ", ".join(name if as_they_are or not at else name[:1].lower() + name[1:] for at, name in enumerate(names))


def _area(service: PublicService, language: str) -> str:
    if not service.areas:
        return catalogue_words.everywhere()
    names = sorted(areas.name(one, language) for one in service.areas)
    return catalogue_words.in_municipalities(tuple(names[:PLACES_SHOWN]), len(names) - len(names[:PLACES_SHOWN]))


def _linked(identifiers: tuple[str, ...], catalogue: Catalogue, language: str) -> tuple[LinkedService, ...]:
    known = (catalogue[one] for one in identifiers if one in catalogue)
    return tuple(LinkedService(_said(one.name, language), reverse("portal:service", args=[one.identifier])) for one in known)


def _url(query: str, wanted: Mapping[str, str], number: int) -> str:
    asked = {"q": query, **wanted, "page": str(number) if number > 1 else ""}
    return f"{reverse('portal:services')}?{urlencode({key: value for key, value in asked.items() if value})}"


def _filter(name: str, catalogue: Catalogue, wanted: str, language: str, without_url: str) -> FilterView:
    choices = tuple(Choice(value, label, value == wanted) for value, label in _choices(name, catalogue, language))
    return FilterView(name, catalogue_words.filter_label(name), choices, without_url if wanted else "")


def _choices(name: str, catalogue: Catalogue, language: str) -> tuple[tuple[str, str], ...]:
    return _all_choices(catalogue.version, language).get(name, ())


@lru_cache(maxsize=12)
def _all_choices(version: str, language: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """What can be chosen in a catalogue. A filter that would not divide it is left out."""
    services = store.at(version).values()
    found: dict[str, dict[str, str]] = {name: {} for name in catalogue_words.filters()}
    for one in services:
        found["place"].update({code: areas.name(code, language) for code in one.areas})
        for name, codes in (("life", one.life_events), ("group", one.target_groups), ("kind", (one.thematic_area,))):
            found[name].update({code: one.labels[code][language] for code in codes if code in one.labels})
        found["channel"].update({code: catalogue_words.channel(code) for code in one.channels})
        found["spoken"].update({code: catalogue_words.spoken(code) for code in one.languages})
    everyone_speaks = all(one.languages == next(iter(services)).languages for one in services)
    return {
        name: tuple(sorted(labels.items(), key=lambda one: (CHANNELS.index(one[0]) if name == "channel" else 0, one[1].casefold())))
        for name, labels in found.items()
        if labels and not (name == "spoken" and everyone_speaks)
    }
