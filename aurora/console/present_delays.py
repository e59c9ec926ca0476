"""What was kept back by a law, as counts; and who may have it kept back."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from aurora.console.paging import Turns
from aurora.portal.present.concerns import field_errors
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import concern_words
from aurora.ui.contexts import ConcernChoice, DelayCount, DelaysPage, LawRow, PermissionRow
from aurora.ui.templatetags.aurora import localized
from consent.agencies import NO_ORGANISATION
from consent.ledger import delays as kept
from consent.ledger.models import DelayPermission
from consent.models import Agency

SHOWN = 200
# Of each table at once: with both full, and a country's agencies to choose from, the page is within its 40 kB.
MONTHS, PERMISSIONS = 8, 6
State = DelayPermission.State


def delays(asked: Mapping[str, str], sent: QueryDict, *, operator: UUID, may_write: bool, errors: Mapping[str, str]) -> DelaysPage:
    """The whole page."""
    vocabulary, counts, turns = Vocabulary(), kept.counts(), Turns(asked, "months", "permissions")
    agencies = Agency.objects.exclude(code__in=NO_ORGANISATION) if may_write else Agency.objects.none()
    return DelaysPage(
        counts=tuple(DelayCount(vocabulary.agency(c.agency), _law(c.law), *c[2:]) for c in turns.cut("months", counts, most=MONTHS)),
        overdue=sum(c.overdue for c in counts),
        ahead=sum(c.ahead for c in counts),
        permissions=tuple(
            _permission(row, vocabulary, operator, may_write=may_write)
            for row in turns.cut("permissions", list(kept.permissions()[:SHOWN]), most=PERMISSIONS)
        ),
        laws=tuple(LawRow(law.name, law.longest_days, law.extension_days) for law in kept.laws()),
        agencies=tuple(
            sorted(
                (ConcernChoice(a.code, localized(a.name), a.code == sent.get("agency")) for a in agencies),
                key=lambda one: one.label.casefold(),
            )
        ),
        law_choices=tuple(ConcernChoice(law.code, localized(law.name), law.code == sent.get("law")) for law in kept.laws())
        if may_write
        else (),
        reason=sent.get("reason", "")[:400],
        errors=field_errors(errors),
        turns=turns.ways,
    )


def _law(code: str) -> dict[str, str]:
    law = kept.law(code)
    return law.name if law else dict.fromkeys(("fi", "sv", "en"), code)


def _permission(row: DelayPermission, vocabulary: Vocabulary, operator: UUID, *, may_write: bool) -> PermissionRow:
    waits, standing = row.state == State.ASKED, row.state == State.STANDING
    return PermissionRow(
        id=str(row.pk),
        agency=vocabulary.agency(row.agency),
        law=_law(row.law),
        reason=row.reason,
        state=concern_words.permission(row.state),
        asked_at=row.asked_at,
        waits=waits,
        standing=standing,
        own=row.asked_by == operator,
        decide_url=reverse("console:decide_delay", args=[row.pk]) if may_write and (waits or standing) else "",
    )
