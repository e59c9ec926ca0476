"""Reads the shipped catalogue from JSON, one file a service, and refuses what is not complete in three languages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from recommender.catalogue import documents
from recommender.catalogue.checks import check, check_relations
from recommender.catalogue.model import CHANNELS, LANGUAGES, PublicService, Signal, Text
from recommender.eligibility import Rule
from recommender.errors import CatalogueError, RuleError
from recommender.facts import PROGRAMMES

HERE = Path(__file__).parent
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_REQUIRED = frozenset({"identifier", "provider", "thematic_area", "life_events", "channels", "name", "description", "how_to_apply"})
_LISTS = ("areas", "languages", "target_groups", "service_classes", "requires", "related")
_OPTIONAL = frozenset({"rule", "unseen_grounds", "programme", "relevance", "keywords", "valid_from", "valid_until", "free", *_LISTS})
LONGEST_TEXT = 600  # characters


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue(Mapping[str, PublicService]):
    """Services by identifier. `version`: SHA-256 (hex) over the versions of its services, see `documents`."""

    services: Mapping[str, PublicService]
    version: str

    def __getitem__(self, identifier: str) -> PublicService:
        return self.services[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self.services)

    def __len__(self) -> int:
        return len(self.services)


@cache
def catalogue() -> Catalogue:
    """The catalogue that is committed with the code; read and compiled once a process."""
    return read(HERE)


@cache
def terms(folder: Path) -> Mapping[str, Text]:
    """Thematic areas and life events in words, by their codes."""
    return {code: _text(text, f"terms.json: {code}") for code, text in _json(folder / "terms.json").items()}


def read(folder: Path) -> Catalogue:
    """Reads `services/*.json` in `folder`, and `providers`, `terms`, `reach` and `meters.json`. Raises `CatalogueError` naming file and fault."""
    files = sorted((folder / "services").glob("*.json"))
    if not files:
        raise CatalogueError(f"There are no services in {folder}.")
    providers = {code: _text(text, f"providers.json: {code}") for code, text in _json(folder / "providers.json").items()}
    words = terms(folder)
    reach, meters = _reach(folder / "reach.json"), _meters(folder / "meters.json")
    services: dict[str, PublicService] = {}
    for path in files:
        service = _service(_json(path), providers, words, path.name, reach=reach, meters=meters)
        if path.stem != service.identifier:
            raise CatalogueError(f"{path.name}: the identifier must be the name of the file.")
        services[service.identifier] = service
    ranked = [service.programme for service in services.values() if service.programme]
    if len(set(ranked)) != len(ranked):
        raise CatalogueError("Two services claim the same programme.")
    for identifier, fault in check_relations(services).items():
        raise CatalogueError(f"{identifier}.json: {fault}")
    services = dict(sorted(services.items()))
    return Catalogue(services, documents.catalogue_version(one.version for one in services.values()))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{path.name} cannot be read as JSON.") from error
    if not isinstance(found, dict):
        raise CatalogueError(f"{path.name} must hold one object.")
    return found


def _reach(path: Path) -> dict[str, float]:
    """Shares by identifier, written by `recommender.training.reach`. A service that is not in it counts as for everyone."""
    reach = _json(path)
    for identifier, share in reach.items():
        if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
            raise CatalogueError(f"{path.name}: the share of {identifier} must be from 0 to 1.")
    return reach


def _meters(path: Path) -> dict[str, tuple[float, ...]]:
    """Ten numbers by identifier, written by `recommender.meters`. A service that is not in it has none."""
    try:
        return {one: tuple(float(number) for number in numbers) for one, numbers in _json(path).items()} if path.exists() else {}
    except (TypeError, ValueError) as error:
        raise CatalogueError(f"{path.name}: meters are numbers.") from error


def _service(
    raw: dict[str, Any],
    providers: Mapping[str, Text],
    terms: Mapping[str, Text],
    where: str,
    *,
    reach: Mapping[str, float],
    meters: Mapping[str, tuple[float, ...]],
) -> PublicService:
    missing, stray = _REQUIRED - raw.keys(), raw.keys() - _REQUIRED - _OPTIONAL
    if missing or stray:
        raise CatalogueError(f"{where}: missing {sorted(missing)}, not known {sorted(stray)}.")
    programme = raw.get("programme")
    if programme is not None and programme not in PROGRAMMES:
        raise CatalogueError(f"{where}: there is no programme {programme!r}.")
    if (programme is None) != ("relevance" in raw):
        raise CatalogueError(f"{where}: a service has either a programme, which the model ranks, or a relevance.")
    if raw["provider"] not in providers:
        raise CatalogueError(f"{where}: there is no provider {raw['provider']!r}.")
    base, signals = _relevance(raw["relevance"], where) if programme is None else (0, ())
    area, events = _code(raw["thematic_area"], where), tuple(_code(event, where) for event in _list(raw["life_events"], where))
    if not {area, *events} <= terms.keys():
        raise CatalogueError(f"{where}: terms.json has no words for {sorted({area, *events} - terms.keys())}.")
    service = PublicService(
        identifier=_code(raw["identifier"], where),
        name=_text(raw["name"], f"{where}: name"),
        description=_text(raw["description"], f"{where}: description"),
        how_to_apply=_text(raw["how_to_apply"], f"{where}: how_to_apply"),
        provider_code=raw["provider"],
        provider=providers[raw["provider"]],
        thematic_area=area,
        life_events=events,
        channels=_channels(raw["channels"], where),
        rule=_rule(raw["rule"], where) if "rule" in raw else None,
        unseen_grounds=raw.get("unseen_grounds", False) is True,
        programme=programme,
        base=base,
        signals=signals,
        reach=float(reach.get(raw["identifier"], 1.0)),
        labels={code: terms[code] for code in (area, *events)},
        meters=meters.get(raw["identifier"]),
        **_further(raw, where),
    )
    try:
        check(service)
    except CatalogueError as error:
        raise CatalogueError(f"{where}: {error.sentence}") from error
    return documents.versioned(service)


def _further(raw: dict[str, Any], where: str) -> dict[str, Any]:
    """What a file may leave out."""
    found: dict[str, Any] = {}
    for name in _LISTS:
        if name in raw:
            found[name] = tuple(_list(raw[name], where))
            if not all(isinstance(one, str) for one in found[name]):
                raise CatalogueError(f"{where}: {name} is a list of codes.")
    for name in ("valid_from", "valid_until"):
        if name in raw:
            try:
                found[name] = date.fromisoformat(raw[name])
            except (TypeError, ValueError) as error:
                raise CatalogueError(f"{where}: {name} is a day such as 2026-11-26.") from error
    if "free" in raw:
        if not isinstance(raw["free"], bool):
            raise CatalogueError(f"{where}: free is true or false.")
        found["free"] = raw["free"]
    if "keywords" in raw:
        if not isinstance(raw["keywords"], dict) or set(raw["keywords"]) != set(LANGUAGES):
            raise CatalogueError(f"{where}: keywords are given in exactly {', '.join(LANGUAGES)}.")
        found["keywords"] = {one: tuple(_list(words, where)) for one, words in raw["keywords"].items()}
        if not all(isinstance(word, str) and word.strip() for words in found["keywords"].values() for word in words):
            raise CatalogueError(f"{where}: a keyword is text.")
    return found


def _relevance(raw: Any, where: str) -> tuple[int, tuple[Signal, ...]]:
    if not isinstance(raw, dict) or raw.keys() != {"base", "signals"}:
        raise CatalogueError(f"{where}: a relevance has a base and signals.")
    signals = []
    for signal in _list(raw["signals"], where):
        if not isinstance(signal, dict) or signal.keys() != {"when", "points"}:
            raise CatalogueError(f"{where}: a signal has a condition (when) and points.")
        signals.append(Signal(_rule(signal["when"], where), _points(signal["points"], where)))
    return _points(raw["base"], where), tuple(signals)


def _points(raw: Any, where: str) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 1 <= raw <= 100:
        raise CatalogueError(f"{where}: points are a whole number from 1 to 100.")
    return raw


def _rule(raw: Any, where: str) -> Rule:
    if not isinstance(raw, str):
        raise CatalogueError(f"{where}: a rule is text in CEL.")
    try:
        return Rule(raw)
    except RuleError as error:
        raise CatalogueError(f"{where}: {error.sentence}") from error


def _text(raw: Any, where: str) -> Text:
    if not isinstance(raw, dict) or set(raw) != set(LANGUAGES):
        raise CatalogueError(f"{where} must be given in exactly {', '.join(LANGUAGES)}.")
    for language, text in raw.items():
        if not isinstance(text, str) or not text.strip() or text != text.strip() or len(text) > LONGEST_TEXT:
            raise CatalogueError(f"{where} in {language} must be text of 1 to {LONGEST_TEXT} characters without outer spaces.")
    return Text({language: raw[language] for language in LANGUAGES})


def _list(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise CatalogueError(f"{where}: a list is expected where there is something else.")
    return raw


def _code(raw: Any, where: str) -> str:
    if not isinstance(raw, str) or not _CODE.match(raw):
        raise CatalogueError(f"{where}: {str(raw)[:40]!r} is not a code of small letters and hyphens.")
    return raw


def _channels(raw: Any, where: str) -> tuple[str, ...]:
    channels = tuple(_list(raw, where))
    if not channels or not set(channels) <= set(CHANNELS):
        raise CatalogueError(f"{where}: channels are some of {', '.join(CHANNELS)}.")
    return channels
