"""A fact is what its category says that it is: the one check that every value passes on its way into the twin, whoever brings it.

Sources' answers are checked as a whole before (envelope, required facts); this asks of each value what its category's version says of that key,
with validators that are compiled once. What does not fit is a fault of the code that brought it: nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from aurora.twin.values import NewFact
from consent import facts as schemas
from consent.models import DataCategoryVersion

_VERSIONS, _FACTS = 256, 16_384


class NotOfItsCategory(ValueError):
    """A value that its category's schema does not allow, or a fact that the category does not have. Names the fact, never the value."""


def check(facts: Iterable[NewFact]) -> None:
    """Raises `NotOfItsCategory`. Costs a query for each version of a category that this process has not met."""
    for fact in facts:
        if not fits(fact.category, fact.category_version, fact.key, fact.value):
            raise NotOfItsCategory(f"{fact.category}.{fact.key} of version {fact.category_version}")


def fits(category: str, version: int, key: str, value: Any) -> bool:
    """Whether a value may stand under this key of this version of a category. False for a version that is not loaded, and a key it does not have."""
    validator = _validator(category, version, key)
    return validator is not None and validator.is_valid(value)


def forget() -> None:
    """For tests, which load other vocabularies into one process: versions never change in a database."""
    _compiled.cache_clear()
    _schema.cache_clear()


def _validator(category: str, version: int, key: str) -> Draft202012Validator | None:
    try:
        return _compiled(category, version, key)
    except LookupError:
        return None


@lru_cache(maxsize=_FACTS)
def _compiled(category: str, version: int, key: str) -> Draft202012Validator:
    """What is not found is not remembered: it may be loaded later. Raises `LookupError`."""
    whole = _schema(category, version)
    said = schemas.of_key(whole, key)
    if said is None:
        raise LookupError(key)
    # Annotations (`x-label` and the like) constrain nothing, and a validator would look at each of them each time.
    asked = {name: rule for name, rule in said.items() if not name.startswith("x-")}
    if "$defs" in whole:
        asked["$defs"] = whole["$defs"]
    return Draft202012Validator(asked, format_checker=FormatChecker())


@lru_cache(maxsize=_VERSIONS)
def _schema(category: str, version: int) -> dict[str, Any]:
    """A version is never changed, by trigger. Raises `LookupError`."""
    found = DataCategoryVersion.objects.filter(category_id=category, version=version).values_list("schema", flat=True).first()
    if found is None:
        raise LookupError(category)
    return dict(found)
