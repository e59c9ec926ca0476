"""What the page of an entry says of concerns about it."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from aurora.journeys import raise_concern
from aurora.portal.present.concerns import standing
from aurora.ui import concern_words
from aurora.ui.contexts import ConcernPart
from consent.concerns.models import Concern
from consent.ledger.models import LedgerEntry


def part(entry: LedgerEntry) -> ConcernPart | None:
    """None for entries that nobody answers for, and for who acts for another, unless as a guardian."""
    if not raise_concern.may_ask() or not raise_concern.answers_for(entry):
        return None
    case = raise_concern.about_entry(citizen_id=entry.citizen_id, entry_id=entry.pk)
    is_open = case is not None and case.state != Concern.State.CLOSED
    return ConcernPart(
        report_url="" if is_open else reverse("portal:concern_new", args=[entry.pk]),
        list_url=reverse("portal:concerns"),
        case_url=reverse("portal:concern", args=[case.pk]) if case else "",
        state=concern_words.state(standing(case, timezone.now())) if case else "",
    )
