"""What becomes of a case is written to its citizen; and, of one that a guardian reported for a child, to the guardians who may act, with the child's name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aurora.identity import citizens
from aurora.identity.models import Citizen
from aurora.journeys._mandate_told import guardians_of
from aurora.messages import outbox
from aurora.messages.models import MessageKind
from consent.concerns.models import Concern
from consent.scope import citizen_scope


def write(case: Concern, kind: MessageKind, about: Mapping[str, Any], *, now: datetime) -> None:
    """In the citizen's scope, in the transaction of what it tells. Guardians' boxes come after, in the order of their ids."""
    told = {"concern": case.pk, **about}
    outbox.queue(citizen_id=case.citizen_id, kind=kind, about=told, now=now)
    if case.mandate_id is None:
        return
    guardians = sorted(guardians_of(case.citizen_id, now=now))
    name = citizens.name_of(Citizen.objects.get(pk=case.citizen_id)) if guardians else ""
    for guardian, mandate in guardians:
        with citizen_scope(guardian):
            outbox.queue(citizen_id=guardian, kind=kind, about={**told, "ward": name, "path": f"mandates/{mandate}/"}, now=now)
