"""What might help: suggests public services from facts, with reasons. Knows no citizen, no consent and no Aurora.

    from recommender import Options, Profile, suggest
    suggest(Profile({"tax.income.wages": 12000}), catalogue=..., ranker=..., options=Options(seed=1, today=date.today()))

Names are loaded when first used: small processes import `recommender.training.households` without a model's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.profile import Profile
    from recommender.suggesting.service import Options, Slate, open_questions, open_services, render, suggest, used_categories

__all__ = ["Options", "Profile", "Slate", "open_questions", "open_services", "render", "suggest", "used_categories"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("recommender.profile" if name == "Profile" else "recommender.suggesting.service"), name)
