"""Search in a catalogue of 1,800 services, and putting them into use: processor time of this process and of PostgreSQL's together.

The services are those of `bench.suggest`, with Swedish and English texts of the published service classes where they lie beside the repository. Queries are
what people write and what costs most: names, names with a slip, beginnings, one letter, words that say nothing, words that occur nowhere, very long
words, twenty words; on the pages of all three languages. `catalogue_search_slowest_ms` is the one that takes longest, by its median over the rounds.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from statistics import median

from django.utils import timezone

from bench.caller import database_pid, processor_time
from bench.harness import Scale, percentile
from bench.place import Place
from bench.results import ROOT, Results
from bench.suggest import SERVICES, TODAY, many
from recommender.catalogue import PublicService, documents, store
from recommender.catalogue.search import search
from recommender.catalogue.text import LANGUAGES, Text

CLASSES = ROOT.parent / "shared" / "data" / "ptv" / "service-classes.json"
WORST = {
    "fi": (
        "", "a", "t", "ja", "ja tai on", "sote", "hoito", "lasten hoito", "palvelu", "palvelut kunnan", "kunta", "hamashoito", "päivähotio", "vanhusten asumispalvleu",
        "zzzzqqqq", "xqzwvkj hgfdsaq", "lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas", "ä" * 200, "?!,.-", "2026",
    ),
    "sv": ("", "b", "och", "och eller att", "vård", "barndagvrd", "boende", "service", "handikappserviss", "qqqqxxxx", "kommunens tjänster för äldre och barn"),
    "en": ("", "c", "the", "the of and", "care", "housing assistence", "services", "helth", "zqzqzqzq", "services for children and families who need support"),
}  # fmt: skip


def measure(results: Results, place: Place, scale: Scale) -> None:
    services, _ = catalogue_of(scale.pick(SERVICES, 120))
    imports = [_put_into_use(services, number) for number in range(scale.pick(5, 2))]
    results.number("catalogue_import_s", imports[1:], "s")
    asked = queries(services, scale.pick(40, 2))
    rounds = [[_spent(lambda one=one: search(*one, today=TODAY)) * 1000 for one in asked] for _ in range(scale.rounds + 1)][1:]
    results.number("catalogue_search_p50_ms", [percentile(times, 0.5) for times in rounds], "ms")
    results.number("catalogue_search_p99_ms", [percentile(times, 0.99) for times in rounds], "ms")
    results.number("catalogue_search_slowest_ms", [max(median(times) for times in zip(*rounds, strict=True))], "ms")


def catalogue_of(wanted: int) -> tuple[Mapping[str, PublicService], int]:
    """So many services in three languages, and how many of them have the shape of published ones."""
    found, real = many(wanted)
    classes = json.loads(CLASSES.read_text("utf-8")) if CLASSES.is_file() else []
    if not classes:
        return {key: documents.versioned(one) for key, one in found.items()}, real
    told = {}
    for number, (key, one) in enumerate(found.items()):
        kind = classes[number % len(classes)]
        words = Text({language: kind["description"].get(language) or kind["label"][language] for language in LANGUAGES})
        translated = Text({**one.name.own, "sv": kind["label"]["sv"], "en": kind["label"]["en"]})
        told[key] = documents.versioned(replace(one, details=words, name=translated, areas=()) if one.origin == "ptv" else one)
    return told, real


def queries(services: Mapping[str, PublicService], names: int) -> list[tuple[str, str]]:
    """Queries with the language of the page."""
    chance = random.Random(4)
    found = [(query, language) for language, several in WORST.items() for query in several]
    for language in LANGUAGES:
        written = sorted({one.name[language] for one in services.values()})
        for name in chance.sample(written, min(names, len(written))):
            at = chance.randrange(len(name))
            found += [(name, language), (name[:at] + name[at + 1 :], language), (name[:3], language)]
        several = " ".join(written).split()
        found.append((" ".join(chance.sample(several, 20)), language))
        found.append((" ".join(f"{word}zq" for word in chance.sample(several, 20)), language))
    return found


def _put_into_use(services: Mapping[str, PublicService], number: int) -> float:
    """All of them new, after a catalogue of one service. A service version is recorded once, so that each time they are others by a date."""
    begins = TODAY - timedelta(days=1000 + number)
    fresh = {key: documents.versioned(replace(one, valid_from=begins, version="")) for key, one in services.items()}
    first = next(iter(fresh))
    store.use({first: fresh[first]}, why="bench", now=timezone.now())
    return _spent(lambda: store.use(fresh, why="bench", now=timezone.now()))


def _spent(action: Callable[[], object]) -> float:
    """Seconds of processor time, of this thread and of the database's process."""
    pid = database_pid()
    database, ours = processor_time(pid), time.thread_time()
    action()
    return time.thread_time() - ours + processor_time(pid) - database
