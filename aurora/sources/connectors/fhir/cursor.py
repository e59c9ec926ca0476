"""What is kept between two searches, in `Mark.cursor`: until when the source was asked, and which resource stands behind each fact.

R4's search by `_lastUpdated` tells what is new or changed, never what was deleted, and not whether a changed resource is still the newest of its kind.
So the cursor holds, by key, the id and the rank of the resource that a fact came from; where that is not enough to tell (a resource that stood behind
a fact was retracted, recoded or dated back), and when the last whole statement is some days old, everything is asked for anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aurora.sources.connectors.fhir.taken import Taken

MOST_HELD = 500
# A server may commit a change under a time that had passed when it was asked: what is so new is told twice.
OVERLAP = timedelta(minutes=1)


@dataclass(frozen=True, repr=False)
class Cursor:
    """`seen`: the source's own time of the last search. `whole`: ours of the last whole statement. `held`: by key, (id, rank)."""

    patient: str
    seen: datetime
    whole: datetime
    held: Mapping[str, tuple[str, str]]

    def text(self) -> str:
        """For `Mark.cursor`; "" where there is too much to keep: then the next answer is whole again."""
        if len(self.held) > MOST_HELD:
            return ""
        held = {key: list(pair) for key, pair in self.held.items()}
        return json.dumps([self.patient, self.seen.isoformat(), self.whole.isoformat(), held], separators=(",", ":"))

    @property
    def since(self) -> str:
        """For `_lastUpdated=gt`."""
        return (self.seen - OVERLAP).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> Cursor | None:
    """A cursor that was kept; None where there is none that this version can read."""
    try:
        patient, seen, whole, held = json.loads(text)
        pairs = {str(key): (str(pair[0]), str(pair[1])) for key, pair in held.items()}
        return Cursor(str(patient), datetime.fromisoformat(seen), datetime.fromisoformat(whole), pairs)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return None


def newest(taken: Iterable[tuple[str, Taken]]) -> dict[str, tuple[str, Taken]]:
    """By key, the id and what was taken from the resource of the highest rank."""
    best: dict[str, tuple[str, Taken]] = {}
    for identifier, one in taken:
        if one.key not in best or one.rank > best[one.key][1].rank:
            best[one.key] = (identifier, one)
    return best


def moved(held: Mapping[str, tuple[str, str]], changed: Mapping[str, tuple[Taken, ...]]) -> dict[str, tuple[str, Taken]] | None:
    """By key, what another resource, or another version of the same one, says now. None: that cannot be told without asking for everything.

    `changed`: by id, what is taken from each resource that was changed; nothing from one that is left out.
    """
    behind: dict[str, set[str]] = {}
    for key, (identifier, _) in held.items():
        behind.setdefault(identifier, set()).add(key)
    found: dict[str, tuple[str, Taken]] = {}
    for identifier, taken in changed.items():
        if behind.get(identifier, set()) - {one.key for one in taken}:
            return None
        for one in taken:
            was = held.get(one.key)
            own = was is not None and was[0] == identifier
            if own and was is not None and one.rank < was[1]:
                return None
            standing = max((was[1] if was and not own else ""), (found[one.key][1].rank if one.key in found else ""))
            if one.rank > standing:
                found[one.key] = (identifier, one)
    return found
