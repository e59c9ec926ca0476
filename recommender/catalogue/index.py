"""Makes what search reads from the services in use: a row a service and language, every word, and the words of each three letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from recommender.catalogue import documents
from recommender.catalogue.model import PublicService
from recommender.catalogue.models import SearchEntry, SearchTrigram, SearchWord, ServiceVersion
from recommender.catalogue.text import LANGUAGES, Text
from recommender.catalogue.words import words

# PostgreSQL's own configurations: snowball stems and stop words.
CONFIGURATIONS = {"fi": "finnish", "sv": "swedish", "en": "english"}
_PARTS = [(weight, language) for weight in "ABCD" for language in LANGUAGES]
_VECTOR = " || ".join(f"setweight(to_tsvector('{CONFIGURATIONS[language]}', %s), '{weight}')" for weight, language in _PARTS)
_INSERT = (
    "INSERT INTO catalogue_searchentry (service_id, identifier, language, name, areas, life_events, groups, classes, channels, languages,"
    f" valid_from, valid_until, vector) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, {_VECTOR})"
)
_INSERT_WORDS = (
    "INSERT INTO catalogue_searchword (language, word, services, lexemes) SELECT %s, word, services, string_to_array(lexemes, ' ')"
    " FROM unnest(%s::text[], %s::int[], %s::text[]) AS found (word, services, lexemes)"
)
# As `words.trigrams` makes them, each once a word; letters are compared as bytes, which sorts some 300,000 of them twice as fast.
_INSERT_TRIGRAMS = (
    "INSERT INTO catalogue_searchtrigram (language, trigram, words, lengths) SELECT language, trigram, array_agg(id), array_agg(length) FROM ("
    'SELECT id, language, length(padded) - 3 AS length, substr(padded, place, 3) COLLATE "C" AS trigram'
    " FROM (SELECT id, language, '  ' || word || ' ' AS padded FROM catalogue_searchword) AS one, generate_series(1, length(padded) - 2) AS place"
    " WHERE strpos(padded, substr(padded, place, 3)) = place) AS found GROUP BY language, trigram"
)
_BATCH = 500


def bring_up_to_date(members: Sequence[int]) -> None:
    """Search finds exactly the service versions of these ids afterwards. Runs in the caller's transaction."""
    SearchEntry.objects.exclude(service_id__in=members).delete()
    known = set(SearchEntry.objects.filter(language=LANGUAGES[0]).values_list("service_id", flat=True))
    counts: dict[str, Counter[str]] = {language: Counter() for language in LANGUAGES}
    written: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    rows: list[tuple[Any, ...]] = []
    for service_id, text in ServiceVersion.objects.filter(id__in=members).values_list("id", "document").iterator(chunk_size=_BATCH):
        service = documents.service(text)
        for language in LANGUAGES:
            parts = _parts(service, language)
            telling = dict(zip(_PARTS[:-3], map(words, parts[:-3]), strict=True))  # without D: where words only pass by
            counts[language].update({word for found in telling.values() for word in found})
            for (_, config), several in telling.items():
                written[config].update(several)
            if service_id not in known:
                rows.append((*_columns(service_id, service, language), *parts))
        if len(rows) >= _BATCH:
            _insert(rows)
    _insert(rows)
    SearchWord.objects.all().delete()
    SearchTrigram.objects.all().delete()
    lexemes = _lexemes(written)
    for language, found in counts.items():
        _insert_words(language, found, lexemes)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_TRIGRAMS)


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


def _lexemes(written: dict[str, set[str]]) -> dict[str, list[str]]:
    """The stems of each word, in every language in which it is written somewhere."""
    stems: dict[str, dict[str, None]] = {}
    for language, found in written.items():
        sql = f"SELECT word, tsvector_to_array(to_tsvector('{CONFIGURATIONS[language]}', word)) FROM unnest(%s::text[]) AS word"
        with connection.cursor() as cursor:
            cursor.execute(sql, [sorted(found)])
            for word, lexemes in cursor.fetchall():
                stems.setdefault(word, {}).update(dict.fromkeys(lexemes))
    return {word: list(lexemes) for word, lexemes in stems.items()}


def _insert_words(language: str, found: Counter[str], lexemes: dict[str, list[str]]) -> None:
    # A number is searched for as it is: there is nothing to complete or to correct in it.
    told = [word for word in found if len(word) > 1 and not word.isdigit()]
    stems = [" ".join(lexemes[word]) for word in told]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_WORDS, [language, told, [found[word] for word in told], stems])


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
    for label in (service.provider, *service.labels.values()):
        add("C", label)
    for further in (service.requirements, service.details, service.how_to_apply, *(one.name for one in service.contacts)):
        add("D", further)
    for other in LANGUAGES:
        found["B" if other == language else "D", other].extend(service.keywords.get(other, ()))
        # Who reads this page in Swedish may well search with the Finnish name.
        if other != language and other in service.name.own:
            found["D", other].append(service.name.own[other])
    return ["\n".join(texts) for texts in found.values()]
