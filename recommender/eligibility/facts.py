"""A profile's facts as CEL sees them: `tax.income.wages` is a field of a field."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import cel

from recommender.facts import CATEGORIES, category_of
from recommender.profile import Profile


class Facts:
    """Facts converted for CEL once, to be used by every rule (5 us a rule; converting them for each costs 90).

    Categories without facts are there as empty maps, so that an unknown fact is a missing key and never a missing variable.
    """

    __slots__ = ("context", "profile")

    def __init__(self, profile: Profile, *, only: Collection[str] | None = None) -> None:
        """`only`: keys of the facts that will be asked for; what else is known is left out of the context, which then costs less."""
        self.profile = profile
        tree: dict[str, dict[str, dict[str, Any]]] = {}
        known = profile.facts
        asked = known if only is None else only
        for category in CATEGORIES if only is None else {category_of(key) for key in asked}:
            domain, _, name = category.partition(".")
            tree.setdefault(domain, {})[name] = {}
        for key in asked:
            if key in known:
                domain, category, name = key.split(".")
                tree[domain][category][name] = known[key]
        self.context = cel.Context(variables=tree)
