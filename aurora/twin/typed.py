"""A fact is what its category says that it is: the one check that every value passes on its way into the twin, whoever brings it.

Sources' answers are checked as a whole before (envelope, required facts); this asks of each value what its category's version says of that key,
with validators that are compiled once. What does not fit is a fault of the code that brought it: nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from aurora.twin.values import NewFact
from consent import facts as schemas
from consent import schema
from consent.models import DataCategoryVersion

_VERSIONS, _FACTS = 256, 16_384


class NotOfItsCategory(ValueError):
    """A value that its category's schema does not allow, or a fact that the category does not have. Names the category: a key can say as much as a value."""


def check(facts: Iterable[NewFact]) -> None:
    """Raises `NotOfItsCategory`. Costs a query for each version of a category that this process has not met."""
    for fact in facts:
        if not fits(fact.category, fact.category_version, fact.key, fact.value):
            raise NotOfItsCategory(f"a fact of {fact.category}, version {fact.category_version}")


def fits(category: str, version: int, key: str, value: Any) -> bool:
    """Whether a value may stand under this key of this version of a category. False for a version that is not loaded, and a key it does not have."""
    try:
        return _compiled(category, version, key)(value)
    except LookupError:
        return False


def forget() -> None:
    """For tests, which load other vocabularies into one process: versions never change in a database."""
    _compiled.cache_clear()
    _schema.cache_clear()


@lru_cache(maxsize=_FACTS)
def _compiled(category: str, version: int, key: str) -> schema.Fits:
    """What is not found is not remembered: it may be loaded later. Raises `LookupError`."""
    whole = _schema(category, version)
    said = schemas.of_key(whole, key)
    if said is None:
        raise LookupError(key)
    return schema.compiled({**said, "$defs": whole["$defs"]} if "$defs" in whole else said)


@lru_cache(maxsize=_VERSIONS)
def _schema(category: str, version: int) -> dict[str, Any]:
    """A version is never changed, by trigger. Raises `LookupError`."""
    found = DataCategoryVersion.objects.filter(category_id=category, version=version).values_list("schema", flat=True).first()
    if found is None:
        raise LookupError(category)
    return dict(found)
