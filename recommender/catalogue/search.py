"""Search in the catalogue in use, in one language, as a person would expect it.

A word is found in all its forms (stems of Finnish, Swedish and English), as the beginning or a part of a longer word ("hoito" in "päivähoito"), and where it
occurs nowhere, by the word most like it. Services with all the words come first; names weigh more than keywords, those more than descriptions. Any input is
answered: what is no letter or digit divides words, and all but the beginning of an overlong query is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from recommender.catalogue.index import CONFIGURATIONS
from recommender.catalogue.text import LANGUAGES
from recommender.catalogue.words import distance, inner_trigrams, trigrams, words

LONGEST_QUERY = 200  # characters
MOST_WORDS = 8
PAGE = 20
MOST_PAGES = 500
_SHORTEST_PART = 4  # letters: "työ" is in too many words to be looked for inside of them
_PARTS = 40
_LIKE_IT = 3
_COMPARED = 100  # letter by letter
_CORRECTED = 4  # of a query's words: one with more slips than these is no slip
_WEIGHTS = "{0.05, 0.3, 0.5, 1.0}"  # of D, C, B, A
_STEMMED = "(" + " || ".join(f"to_tsquery('{one}', %s)" for one in CONFIGURATIONS.values()) + ")"
# Whatever has all of these letters in it is among the words of the three that the fewest words have.
_RAREST = (
    "(SELECT words FROM catalogue_searchtrigram WHERE language = %s AND trigram = ANY (%s) ORDER BY cardinality(words) LIMIT 1)::bigint[]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What to keep to; empty is no limit. `kind` is a thematic area or a service class; `group` and `kind` take in what is part of them."""

    municipality: str = ""
    life_event: str = ""
    group: str = ""
    kind: str = ""
    channel: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of identifiers, best first. `instead`: the query that was answered in place of a misspelt one; `loose`: none has all the words, these have some."""

    identifiers: tuple[str, ...]
    total: int
    page: int
    pages: int
    instead: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class _Word:
    said: str
    """As searched for, or the word most like it."""
    lexemes: tuple[str, ...] = ()
    """Stems of the words that it is a part of, and of those like it."""


def search(query: str, language: str, *, today: date, filters: Filters | None = None, page: int = 1, size: int = PAGE) -> Found:
    """Services valid on `today` that fit query and filters. Costs one to about ten short statements; never raises for a query."""
    if language not in LANGUAGES:
        raise KeyError(language)
    asked = list(dict.fromkeys(words(query[:LONGEST_QUERY])))[:MOST_WORDS]
    telling = _telling(asked, language)
    found = _expanded_all(telling, language, last=asked[-1] if asked else "")
    corrected = [one.said for one in found] != list(telling)
    page = min(max(page, 1), MOST_PAGES)
    answer = _page(found, language, today, filters or Filters(), page, size, all_words=True)
    loose = not answer[1] and page == 1 and len(found) > 1
    if loose:
        answer = _page(found, language, today, filters or Filters(), page, size, all_words=False)
    identifiers, total = answer
    instead = " ".join(one.said for one in found) if corrected and total else ""
    return Found(identifiers, total, page, min(-(-total // size), MOST_PAGES), instead, loose and total > 0)


def _telling(asked: list[str], language: str) -> dict[str, str]:
    """The words with their stems, without words such as "and", unless there are no others."""
    configuration = CONFIGURATIONS[language]
    sql = (
        f"SELECT word, numnode(to_tsquery('{configuration}', word)), (tsvector_to_array(to_tsvector('{configuration}', word)))[1]"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS asked (word, place) ORDER BY place"
    )
    rows = _rows(sql, [asked]) if asked else []
    return {word: stem or word for word, _, stem in [row for row in rows if row[1]] or rows}


def _expanded_all(telling: dict[str, str], language: str, *, last: str) -> list[_Word]:
    found, unknown = [], 0
    for word, stem in telling.items():
        lexemes = _containing(word, stem, language, last=word == last)
        if not lexemes and not _occurs(word, language):
            unknown += 1
            found.append(_corrected(word, language, last=word == last) if unknown <= _CORRECTED else _Word(word))
        else:
            found.append(_Word(word, lexemes))
    return found


def _corrected(word: str, language: str, *, last: bool) -> _Word:
    like = _most_like(word, language)
    if not like:
        return _Word(word)
    best = next(iter(like))
    near = (lexeme for found in like.values() for lexeme in found)
    return _Word(best, tuple(dict.fromkeys([*near, *_containing(best, best, language, last=last)])))


def _occurs(word: str, language: str) -> bool:
    # Counted and not EXISTS: for that PostgreSQL reads all rows in the hope of meeting one soon, where the index says at once that there is none.
    sql = f"SELECT count(*) > 0 FROM catalogue_searchentry WHERE language = %s AND vector @@ {_STEMMED}"
    return bool(_value(sql, [language, word, word, word]))


def _containing(word: str, stem: str, language: str, *, last: bool) -> tuple[str, ...]:
    """Stems of the catalogue's words that begin with it (the last word may be unfinished) or, from four letters on, have it in them; the commonest first."""
    part = stem if len(stem) >= _SHORTEST_PART and word.startswith(stem) else word
    if len(part) >= _SHORTEST_PART:
        pattern, grams = f"%{part}%", inner_trigrams(part)
    elif last and len(word) > 1:
        pattern, grams = f"{word}%", [one for one in trigrams(word) if one[-1] != " "]
    else:
        return ()
    sql = f"SELECT lexemes FROM catalogue_searchword WHERE id = ANY ({_RAREST}) AND word <> %s AND word LIKE %s ORDER BY services DESC, word LIMIT %s"
    return tuple(dict.fromkeys(lexeme for row in _rows(sql, [language, grams, word, pattern, _PARTS]) for lexeme in row[0]))


def _most_like(word: str, language: str) -> dict[str, list[str]]:
    """The catalogue's words that differ from it in the fewest letters: in one, from five letters on in two, from nine on in three; with their stems."""
    if len(word) < 3:
        return {}
    sql = (
        "WITH near AS (SELECT one.id, count(*) AS shared FROM catalogue_searchtrigram AS g, unnest(g.words, g.lengths) AS one (id, length)"
        " WHERE g.language = %s AND g.trigram = ANY (%s) AND one.length BETWEEN %s AND %s GROUP BY one.id ORDER BY shared DESC, one.id LIMIT %s)"
        " SELECT word, services, lexemes FROM near JOIN catalogue_searchword USING (id) ORDER BY shared DESC, services DESC, word"
    )
    allowed = 1 + (len(word) >= 5) + (len(word) >= 9)
    rows = _rows(sql, [language, trigrams(word), len(word) - allowed, len(word) + allowed, _COMPARED])
    near = sorted((distance(word, other, most=allowed), -services, other, lexemes) for other, services, lexemes in rows)
    return dict([(other, lexemes) for apart, _, other, lexemes in near if apart <= allowed and apart == near[0][0]][:_LIKE_IT])


def _page(
    found: list[_Word], language: str, today: date, filters: Filters, page: int, size: int, *, all_words: bool
) -> tuple[tuple[str, ...], int]:
    conditions, values = _conditions(language, today, filters)
    exact = [_STEMMED] * len(found)
    wide = [f"({_STEMMED} || %s::tsquery)"] * len(found)
    exact_values = [one.said for one in found for _ in LANGUAGES]
    # Letters and digits only, so that nothing in it is an operator; a cast takes them as they are.
    wide_values = [value for one in found for value in (*[one.said] * len(LANGUAGES), " | ".join(f"'{lexeme}'" for lexeme in one.lexemes))]
    said = " ".join(one.said for one in found)
    join = " && " if all_words else " || "
    with_query = (
        # `near` is for rank alone: PostgreSQL weighs the words of an OR one by one, those of an AND each against each.
        f"WITH q AS MATERIALIZED (SELECT {join.join(exact)} AS exact, {join.join(wide)} AS wide, {' || '.join(wide)} AS near) "
    )
    rank = (
        # A service of that very name, then one whose name begins so, then by what matches; what has the words as they are before what has them as parts.
        "(lower(name) = %s)::int * 4 + (starts_with(lower(name), %s))::int"
        f" + 4 * ts_rank('{_WEIGHTS}', vector, q.exact) + ts_rank('{_WEIGHTS}', vector, q.near)"
    )
    sql = (
        f"{with_query if found else ''}SELECT identifier, count(*) OVER () FROM catalogue_searchentry{', q' if found else ''} WHERE {conditions}"
        f"{' AND vector @@ q.wide' if found else ''} ORDER BY {f'{rank} DESC, ' if found else ''}lower(name), identifier LIMIT %s OFFSET %s"
    )
    query_values = [*exact_values, *wide_values, *wide_values]
    rows = _rows(sql, [*query_values, *values, *([said, said] if found else []), size, (page - 1) * size])
    total = rows[0][1] if rows else 0
    if not rows and page > 1:
        return (), _page(found, language, today, filters, 1, 1, all_words=all_words)[1]
    return tuple(row[0] for row in rows), total


def _conditions(language: str, today: date, filters: Filters) -> tuple[str, list[Any]]:
    parts = ["language = %s", "(valid_from IS NULL OR valid_from <= %s)", "(valid_until IS NULL OR valid_until >= %s)"]
    values: list[Any] = [language, today, today]
    for column, value in (
        ("life_events", filters.life_event),
        ("groups", filters.group),
        ("classes", filters.kind),
        ("channels", filters.channel),
        ("languages", filters.spoken),
    ):
        if value:
            parts.append(f"%s = ANY ({column})")
            values.append(value.replace("\0", ""))
    if filters.municipality:
        parts.append("(areas = '{}' OR %s = ANY (areas))")
        values.append(filters.municipality.replace("\0", ""))
    return " AND ".join(parts), values


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _value(sql: str, values: list[Any]) -> Any:
    return _rows(sql, values)[0][0]
