"""What something derived rests on, as a digest: facts and live consents, beside what the model is. What is shown later must rest on the same.

It says nothing of any value: facts and consents are named by their random ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from uuid import UUID

from aurora.twin import queries as twin
from consent import queries
from consent.models import ConsentRecord
from consent.rules import AURORA


class Ground:
    """A citizen's facts and consents at a moment, asked for once. In the citizen's scope."""

    def __init__(self, *, citizen_id: UUID, now: datetime) -> None:
        self._citizen_id, self._now = citizen_id, now

    @cached_property
    def live(self) -> list[ConsentRecord]:
        """The consents that are alive, of `queries.live`."""
        return list(queries.live(citizen_id=self._citizen_id, at=self._now))

    @cached_property
    def _facts(self) -> list[tuple[str, UUID]]:
        return twin.fact_ids(citizen_id=self._citizen_id)

    @cached_property
    def _covered(self) -> list[tuple[str, UUID, list[str], frozenset[str]]]:
        """(purpose, consent, what it covers, what of that a change of meaning has left behind) of Aurora's that are alive."""
        return [(c.purpose_id, c.pk, list(c.covered), queries.behind(c)) for c in self.live if c.recipient.code == AURORA]

    @property
    def fact_count(self) -> int:
        """How many facts are current."""
        return len(self._facts)

    @property
    def held(self) -> frozenset[str]:
        """The categories of which the twin holds a current fact."""
        return frozenset(category for category, _ in self._facts)

    def allowed(self, purpose: str) -> frozenset[str]:
        """The categories that some consent for this purpose covers now. What a page says; a use is decided at the door."""
        found = (frozenset(covered) - behind for of, _, covered, behind in self._covered if of == purpose)
        return frozenset[str]().union(*found)

    def digest(self, purpose: str, parts: Iterable[str], *, categories: Iterable[str] | None = None) -> str:
        """Changes when the parts do, or of the categories (None: all) the live consents for the purpose or the facts.

        A consent for other data of the same purpose changes nothing: what somebody allows a second model to use is no reason to hide the first's.
        """
        wanted = None if categories is None else frozenset(categories)
        facts = twin.fingerprint(fact_id for category, fact_id in self._facts if wanted is None or category in wanted)
        consents = [
            f"{pk} {[one for one in covered if wanted is None or one in wanted]} {sorted(behind if wanted is None else behind & wanted)}"
            for of, pk, covered, behind in self._covered
            if of == purpose and (wanted is None or wanted & set(covered))
        ]
        return hashlib.sha256("|".join([*parts, facts, *sorted(consents)]).encode()).hexdigest()
