"""Who has a role at this moment, whatever a request has loaded of them: what takes two people is asked of both, under a lock."""

from __future__ import annotations

from uuid import UUID

from aurora.identity.models import Operator
from consent.errors import AuroraError, Conflict

Role = Operator.Role
GONE = "Whoever asked for this may no longer ask for it. Decline it, and ask anew."


class NotAnOfficer(AuroraError):
    """Least privilege: agencies and their clients are the agency officers' business."""

    code = "not_an_officer"
    sentence = "This is for agency officers."
    status = 403


class AskerGone(Conflict):
    """Of two people one is no officer any more: whoever took over an account would else leave behind what another agrees to in good faith."""

    code = "asker_gone"
    sentence = "Whoever asked for this is no agency officer any more. Decline it, and ask anew."


def check(
    operator: UUID, *, asked_by: UUID | None = None, role: Operator.Role = Role.AGENCY_OFFICER, refusal: type[AuroraError] = NotAnOfficer
) -> None:
    """That this one has the role, else `refusal`; and whoever asked for what they agree to, else `AskerGone`. In a transaction, until whose end both keep it."""
    # Both locked at once, in one order: two who agree to each other's request wait, and do not deadlock.
    people = Operator.objects.select_for_update(no_key=True).filter(pk__in=(operator, asked_by or operator), is_active=True).order_by("pk")
    found = {one.pk for one in people if role in one.roles}
    if operator not in found:
        raise refusal()
    if asked_by is not None and asked_by not in found:
        raise AskerGone(None if role == Role.AGENCY_OFFICER else GONE)
