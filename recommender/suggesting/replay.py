"""What a slate came from, as plain JSON, and the slate made again from it, bit for bit.

A record has no citizen, but facts of one: keep it sealed. Floats are written so that they read back as the same bits (Python's `repr`), and what is
compared is the canonical text (keys sorted, no spaces), never a tolerance.

A sentence is its message and what fills it, and these are compared like every figure. The words of it are kept as they were shown: a release that puts them
otherwise, or brings another version of LightGBM that gives the same bits, is told of beside (`since`) and makes no slate another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from recommender.boosting import lgb
from recommender.catalogue import LANGUAGES, Catalogue
from recommender.errors import RecommenderError
from recommender.policy import Policy
from recommender.profile import Profile
from recommender.ranking.model import Ranker
from recommender.suggesting import counterfactual
from recommender.suggesting.candidates import Candidates
from recommender.suggesting.explain import render
from recommender.suggesting.questions import open_services
from recommender.suggesting.service import assess
from recommender.suggesting.slate import Item, Options, Slate

FORMAT = 1
MOST_TOLD = 20  # differences
_INPUTS = frozenset({"format", "engine", "facts", "catalogue", "model", "policy", "seed", "today", "hidden", "limit"})
_WORDS = re.compile(r"slate\.[0-9]+\.(reasons\.[0-9]+|counterfactual)\.text\.")
_RESULTS = frozenset({"slate", "open"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """`differences` name parts of the record, such as `slate.3.score` or `model`; never a value. Empty where it is the same.

    `since`: what is otherwise today and has changed none of it: `words` (of sentences that say the same), `engine` (the version of LightGBM).
    """

    same: bool
    differences: tuple[str, ...]
    since: tuple[str, ...] = ()


def record(profile: Profile, options: Options, *, slate: Slate, found: Candidates) -> dict[str, Any]:
    """All that the slate came from, and the slate: what `service.assess` was given and gave."""
    return {
        "format": FORMAT,
        "engine": f"lightgbm {lgb.__version__}",
        "facts": dict(sorted(profile.facts.items())),
        "catalogue": slate.catalogue,
        "model": slate.model,
        "policy": options.policy.plain(),
        "seed": options.seed,
        "today": options.today.isoformat(),
        "hidden": sorted(options.hidden),
        "limit": options.limit,
        "slate": plain(slate),
        "open": {service: list(missing) for service, missing in open_services(found).items()},
    }


def plain(slate: Slate) -> list[dict[str, Any]]:
    """The items as JSON, with the sentences as they were shown in each language."""
    return [_item(one) for one in slate]


def options_of(kept: Mapping[str, Any]) -> Options:
    """Raises `RecommenderError` for a policy that this code does not follow, KeyError, TypeError or ValueError for what is no record."""
    return Options(
        seed=int(kept["seed"]), today=date.fromisoformat(kept["today"]), hidden=frozenset(kept["hidden"]), limit=int(kept["limit"]),
        policy=Policy.of(kept["policy"]),
    )  # fmt: skip


def replay(kept: Mapping[str, Any], *, catalogue_at: Callable[[str], Catalogue], ranker_at: Callable[[str], Ranker]) -> Replayed:
    """Make the recorded slate again, with catalogue and model of the recorded hashes.

    What is damaged, missing or altered is a difference. Raises only errors that another try can mend (`retryable`).
    """
    if not isinstance(kept, Mapping) or set(kept) != _INPUTS | _RESULTS or kept["format"] != FORMAT:
        return Replayed(False, ("record",))
    part = "record"
    try:
        profile, options = Profile(kept["facts"]), options_of(kept)
        part = "catalogue"
        catalogue = catalogue_at(kept["catalogue"])
        part = "model"
        ranker = ranker_at(kept["model"])
    except RecommenderError as error:
        if error.retryable:
            raise
        return Replayed(False, (part,))
    except (KeyError, TypeError, ValueError, AttributeError):
        return Replayed(False, (part,))
    slate, all_found = assess(profile, catalogue=catalogue, ranker=ranker, options=options)
    again = record(profile, options, slate=slate, found=all_found)
    found = {one: "engine" if one == "engine" else "words" if _WORDS.match(one) else "" for one in _differences(kept, again, "")}
    differences = tuple(one for one, since in found.items() if not since)
    return Replayed(not differences, differences[:MOST_TOLD], tuple(sorted({since for since in found.values() if since})))


def canonical(value: Any) -> str:
    """One text for one value (RFC 8785 in spirit: keys sorted, no spaces; floats as Python writes them)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _differences(kept: Any, again: Any, where: str) -> list[str]:
    if isinstance(kept, Mapping) and isinstance(again, Mapping) and set(kept) == set(again):
        return [one for key in sorted(kept) for one in _differences(kept[key], again[key], f"{where}.{key}" if where else key)]
    if isinstance(kept, list) and isinstance(again, list) and len(kept) == len(again):
        return [one for at, (a, b) in enumerate(zip(kept, again, strict=True), start=1) for one in _differences(a, b, f"{where}.{at}")]
    return [] if canonical(kept) == canonical(again) else [where or "record"]


def _item(one: Item) -> dict[str, Any]:
    other = one.counterfactual
    return {
        "position": one.position,
        "service": one.identifier,
        "score": one.score,
        "propensity": one.propensity,
        "explored": one.explored,
        "eligibility": one.eligibility.value,
        "kind": one.service.thematic_area,
        "reasons": [
            {
                "facts": list(reason.facts),
                "direction": reason.direction,
                "basis": reason.basis,
                "strength": reason.strength,
                "message": reason.message,
                "parameters": dict(reason.parameters),
                "text": {language: render(reason, language) for language in LANGUAGES},
            }
            for reason in one.reasons
        ],
        "settles": list(one.settles),
        "not_held": list(one.not_held),
        "counterfactual": None
        if other is None
        else {
            "fact": other.fact,
            "side": other.side,
            "bound": other.bound,
            "text": {language: counterfactual.render(other, language) for language in LANGUAGES},
        },
    }
