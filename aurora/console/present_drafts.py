"""Drafts of clients and of agencies as rows of one list, with the names of who asked and who decided."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse

from aurora.identity.models import Operator
from aurora.ui import agency_words, client_words
from aurora.ui.contexts import DraftRow, DraftState
from consent.models import AgencyDraft
from consent.oauth.models import ClientDraft


def waiting() -> tuple[DraftRow, ...]:
    """All that waits for a second officer, the oldest first. Three queries."""
    found: list[AgencyDraft | ClientDraft] = [*AgencyDraft.objects.filter(state="open"), *ClientDraft.objects.filter(state="open")]
    return rows(sorted(found, key=lambda one: one.requested_at))


def history(code: str, *, most: int) -> tuple[DraftRow, ...]:
    """What was asked for an agency and its clients, the newest first. Three queries."""
    found: list[AgencyDraft | ClientDraft] = [
        *AgencyDraft.objects.filter(code=code).order_by("-requested_at")[:most],
        *ClientDraft.objects.filter(agency_code=code).order_by("-requested_at")[:most],
    ]
    return rows(sorted(found, key=lambda one: one.requested_at, reverse=True)[:most])


def rows(found: Iterable[AgencyDraft | ClientDraft]) -> tuple[DraftRow, ...]:
    """One query for all names."""
    drafts = list(found)
    ids = {i for d in drafts for i in (d.requested_by, d.decided_by) if i}
    names = dict(Operator.objects.filter(pk__in=ids).values_list("pk", "name"))
    return tuple(_row(one, names) for one in drafts)


def _row(one: AgencyDraft | ClientDraft, names: dict[UUID, str]) -> DraftRow:
    of_agency = isinstance(one, AgencyDraft)
    title = agency_words.kind(one.kind) if of_agency else client_words.kind(one.kind)
    asked = names.get(one.requested_by, str(one.requested_by)) if one.requested_by else str(client_words.BY_COMMAND)
    return DraftRow(
        title=str(title),
        client_id=one.code if isinstance(one, AgencyDraft) else one.client_id,
        state=DraftState(one.state),
        asked_by=asked,
        asked_at=one.requested_at,
        url=reverse("console:agency_draft" if of_agency else "console:draft", args=[one.pk]),
        decided_by=names.get(one.decided_by, str(one.decided_by)) if one.decided_by else "",
        decided_at=one.decided_at,
    )
