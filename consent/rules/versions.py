"""Consents do not stretch (GDPR art. 4(11), 6(4)): one that was given to an older meaning covers nothing of what has changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

FIRST = 1


@dataclass(frozen=True, slots=True)
class Given:
    """What a consent was given to: versions of its purpose, its recipient and each of its categories. A version that was not kept is the first."""

    purpose: int
    recipient: int
    categories: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Binding:
    """The oldest versions whose consents still hold, of one purpose and recipient, and of categories; one that is not named: the first."""

    purpose: int = FIRST
    recipient: int = FIRST
    categories: Mapping[str, int] = field(default_factory=dict)


def outdated(categories: Collection[str], given: Given, binding: Binding) -> frozenset[str]:
    """The categories that a change of meaning has left behind: all, if it is the purpose's or the recipient's, else those that changed."""
    if given.purpose < binding.purpose or given.recipient < binding.recipient:
        return frozenset(categories)
    oldest = binding.categories
    return frozenset(c for c in categories if c in oldest and given.categories.get(c, FIRST) < oldest[c])
