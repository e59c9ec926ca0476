"""Services suggested to a citizen, from what they consented to for that purpose and nothing else, with reasons.

What was made is kept, sealed, until facts, consents or the model change: looking again at the same suggestions is no new access.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aurora.identity import vault
from aurora.journeys._basis import Ground
from aurora.journeys._door import open_door
from aurora.twin.models import SuggestionRun
from aurora.twin.values import FactView
from consent import mandates
from consent.ledger.events import Event
from consent.rules import AURORA, AccessRequest
from consent.rules.mandates import Deed
from consent.scope import citizen_scope
from recommender import service as recommender
from recommender.profile import Profile
from recommender.service import SuggestedService

PURPOSE = "service-suggestions"
LIMIT = 10
LANGUAGES = ("fi", "sv", "en")
_CONTEXT = b"suggestions"


@dataclass(frozen=True)
class Suggested:
    """One suggested service, as it was made. Reasons name facts (`category.key`) and carry their text in each language.

    `settles`: unknown facts that a further connection would bring; `not_held`: those that a connected source does not have.
    """

    service: str
    eligibility: str
    reasons: tuple[dict[str, Any], ...]
    settles: tuple[str, ...]
    not_held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestions:
    """What was suggested, from which categories, by which model, and the entry of the access."""

    made_at: datetime
    entry_id: UUID
    model: str
    categories: tuple[str, ...]
    services: tuple[Suggested, ...]
    sources: dict[str, str]

    def __repr__(self) -> str:
        return f"Suggestions({len(self.services)})"


def suggest(*, citizen_id: UUID, now: datetime) -> Suggestions:
    """The suggestions that stand, or new ones through the door. Raises `AccessRefused` without a consent for this purpose."""
    with citizen_scope(citizen_id):
        mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.SUGGEST)
        basis = _basis(citizen_id, now)
        kept = _kept(citizen_id)
    if kept is not None and kept[0] == basis:
        return kept[1]
    request = AccessRequest(citizen_id, AURORA, PURPOSE, frozenset(recommender.used_categories()), all_or_nothing=False)
    details = {"model": recommender.model_version(), "catalogue": recommender.catalogue_version()}
    with open_door(request, granted=Event.SUGGESTION_MADE, refused=Event.SUGGESTION_REFUSED, now=now, details=details) as opened:
        made = Suggestions(
            made_at=now,
            entry_id=opened.entry_id,
            model=recommender.model_version(),
            categories=tuple(sorted(opened.permit.categories)),
            services=tuple(_plain(s) for s in recommender.suggest(_profile(opened.facts), limit=LIMIT)),
            sources={f.name: f.source for f in opened.facts},
        )
        _keep(citizen_id, basis, made)
    return made


def last_made(*, citizen_id: UUID, now: datetime) -> Suggestions | None:
    """The suggestions last made, if all that they rest on still stands, the consents first. In the citizen's scope; makes none."""
    kept = _kept(citizen_id)
    return kept[1] if kept is not None and kept[0] == _basis(citizen_id, now) else None


def _profile(facts: tuple[FactView, ...]) -> Profile:
    return Profile({f.name: f.value for f in facts})


def _plain(found: SuggestedService) -> Suggested:
    return Suggested(
        service=found.service.identifier,
        eligibility=found.eligibility,
        reasons=tuple(
            {"facts": list(r.facts), "text": {language: recommender.render(r, language) for language in LANGUAGES}} for r in found.reasons
        ),
        settles=tuple(found.settles),
        not_held=tuple(found.not_held),
    )


def _basis(citizen_id: UUID, now: datetime) -> str:
    """Changes when anything that the suggestions rest on does: model, catalogue, live consents, facts."""
    parts = [recommender.model_version(), recommender.catalogue_version()]
    return Ground(citizen_id=citizen_id, now=now).digest(PURPOSE, parts)


def _kept(citizen_id: UUID) -> tuple[str, Suggestions] | None:
    row = SuggestionRun.objects.filter(citizen_id=citizen_id).first()
    if row is None:
        return None
    content = json.loads(vault.open_sealed(row.sealed, citizen_id=citizen_id, context=_CONTEXT))
    services = tuple(
        Suggested(s["service"], s["eligibility"], tuple(s["reasons"]), tuple(s["settles"]), tuple(s.get("not_held", ())))
        for s in content["services"]
    )
    categories = tuple(content["categories"])
    return row.basis, Suggestions(row.made_at, row.entry_id, content["model"], categories, services, content["sources"])


def _keep(citizen_id: UUID, basis: str, made: Suggestions) -> None:
    content = {
        "model": made.model,
        "categories": made.categories,
        "services": [vars(s) for s in made.services],
        "sources": made.sources,
    }
    sealed = vault.seal(json.dumps(content, ensure_ascii=False).encode(), citizen_id=citizen_id, context=_CONTEXT)
    SuggestionRun.objects.update_or_create(
        citizen_id=citizen_id,
        defaults={"basis": basis, "made_at": made.made_at, "entry_id": made.entry_id, "sealed": sealed},
        create_defaults={
            "id": uuid.uuid4(), "basis": basis, "made_at": made.made_at, "entry_id": made.entry_id, "sealed": sealed,
        },
    )  # fmt: skip
