"""Makes what search reads from the services in use: a row a service and language, and every word with its trigrams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

from recommender.catalogue import documents
from recommender.catalogue.model import PublicService
from recommender.catalogue.models import SearchEntry, SearchWord, ServiceVersion
from recommender.catalogue.text import LANGUAGES, Text
from recommender.catalogue.words import trigrams, words

# PostgreSQL's own configurations: snowball stems and stop words.
CONFIGURATIONS = {"fi": "finnish", "sv": "swedish", "en": "english"}
_PARTS = [(weight, language) for weight in "ABCD" for language in LANGUAGES]
_VECTOR = " || ".join(f"setweight(to_tsvector('{CONFIGURATIONS[language]}', %s), '{weight}')" for weight, language in _PARTS)
_INSERT = (
    "INSERT INTO catalogue_searchentry (service_id, identifier, language, name, areas, life_events, groups, classes, channels, languages,"
    f" valid_from, valid_until, vector) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, {_VECTOR})"
)
_BATCH = 500


def bring_up_to_date(members: Sequence[int]) -> None:
    """Search finds exactly the service versions of these ids afterwards. Runs in the caller's transaction."""
    SearchEntry.objects.exclude(service_id__in=members).delete()
    known = set(SearchEntry.objects.filter(language=LANGUAGES[0]).values_list("service_id", flat=True))
    counts: dict[str, Counter[str]] = {language: Counter() for language in LANGUAGES}
    rows: list[tuple[Any, ...]] = []
    for service_id, text in ServiceVersion.objects.filter(id__in=members).values_list("id", "document").iterator(chunk_size=_BATCH):
        service = documents.service(text)
        for language in LANGUAGES:
            parts = _parts(service, language)
            counts[language].update({word for part in parts[:-3] for word in words(part)})
            if service_id not in known:
                rows.append((*_columns(service_id, service, language), *parts))
        if len(rows) >= _BATCH:
            _insert(rows)
    _insert(rows)
    SearchWord.objects.all().delete()
    SearchWord.objects.bulk_create(_words(counts), batch_size=5000)


def broader(codes: Iterable[str]) -> list[str]:
    """The codes and what they are part of: P6.10 is part of P6."""
    found = dict.fromkeys(codes)
    for code in tuple(found):
        pieces = code.split(".")
        found.update(dict.fromkeys(".".join(pieces[:length]) for length in range(1, len(pieces))))
    return list(found)


def _insert(rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
    rows.clear()


def _words(counts: dict[str, Counter[str]]) -> Iterator[SearchWord]:
    for language, found in counts.items():
        for word, services in found.items():
            # A number is searched for as it is: there is nothing to complete or to correct in it.
            if len(word) > 1 and not word.isdigit():
                yield SearchWord(language=language, word=word, services=services, trigrams=trigrams(word))


def _columns(service_id: int, service: PublicService, language: str) -> tuple[Any, ...]:
    return (
        service_id,
        service.identifier,
        language,
        service.name[language],
        list(service.areas),
        broader(service.life_events),
        broader(service.target_groups),
        [*broader(service.service_classes), service.thematic_area],
        list(service.channels),
        list(service.languages),
        service.valid_from,
        service.valid_until,
    )


def _parts(service: PublicService, language: str) -> list[str]:
    """The texts in the order of `_PARTS`, each under the language that it is written in."""
    found: dict[tuple[str, str], list[str]] = {part: [] for part in _PARTS}

    def add(weight: str, text: Text | None) -> None:
        if text is not None:
            found[weight, text.written(language)].append(text[language])

    add("A", service.name)
    add("C", service.description)
    for text in (service.provider, *service.labels.values()):
        add("C", text)
    for text in (service.requirements, service.details, service.how_to_apply, *(one.name for one in service.contacts)):
        add("D", text)
    for other in LANGUAGES:
        found["B" if other == language else "D", other].extend(service.keywords.get(other, ()))
        # Who reads this page in Swedish may well search with the Finnish name.
        if other != language and other in service.name.own:
            found["D", other].append(service.name.own[other])
    return ["\n".join(texts) for texts in found.values()]
