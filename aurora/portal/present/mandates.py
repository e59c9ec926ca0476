"""Mandates as cards and pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.http import QueryDict
from django.urls import reverse

from aurora.journeys.act_for import Seen, SeenPage, SeenWhole
from aurora.ui import contexts, mandate_words
from aurora.ui.contexts import (
    FieldError,
    MandateCard,
    MandateEventView,
    MandateOfferPage,
    MandatePage,
    MandateRevokePage,
    MandatesPage,
    Pagination,
    ThemeChoice,
    WaitingRequest,
)
from consent import themes
from consent.days import day_of, last_day
from consent.rules.mandates import MandateFault, MandateKind, MandateState

PAST = (MandateState.DECLINED, MandateState.REVOKED, MandateState.ENDED)


def card(seen: Seen) -> MandateCard:
    """One mandate: who, for what, until when, and what its reader can do with it."""
    row, url = seen.row, reverse("portal:mandate", args=[seen.row.pk])
    of_will = seen.view.kind is MandateKind.POWER_OF_ATTORNEY
    ends = min((at for at in (row.expires_at, row.freezes_at) if at), default=None)  # whichever comes first
    may_end = of_will and seen.state in (MandateState.OFFERED, MandateState.STANDING)
    offered_to_me = seen.is_attorney and seen.state is MandateState.OFFERED
    return MandateCard(
        id=str(row.pk),
        kind=str(mandate_words.kind(row.kind)),
        state=contexts.MandateState(seen.state.value),
        other=seen.other,
        url=url,
        themes=tuple(w.name for w in themes.words() if w.code in row.themes),
        start=day_of(row.not_before),
        until=last_day(ends) if ends else None,
        may_delegate=row.may_delegate,
        substitute=row.parent_id is not None,
        note=_note(seen),
        act_url=url if seen.is_attorney and seen.fault is None else "",
        revoke_url=reverse("portal:mandate_revoke", args=[row.pk]) if may_end and not offered_to_me else "",
    )


def _note(seen: Seen) -> str:
    if seen.state is MandateState.FROZEN:
        return str(mandate_words.note("frozen_attorney" if seen.is_attorney else "frozen_principal"))
    if seen.state is MandateState.OFFERED and not seen.is_attorney:
        return str(mandate_words.note("waiting"))
    return str(mandate_words.fault(seen.fault.value)) if seen.fault is MandateFault.NOT_YET else ""


def page(found: SeenPage, *, banner: str = "", request: WaitingRequest | None = None) -> MandatesPage:
    """Offers and what waits for the reader first; what is over last, and kept."""
    offers, reconfirm, i_act, for_me, past = [], [], [], [], []  # type: ignore[var-annotated]
    for seen in found.seen:
        if seen.state in PAST:
            past.append(card(seen))
        elif seen.is_attorney:
            (offers if seen.state is MandateState.OFFERED else i_act).append(card(seen))
        else:
            (reconfirm if seen.state is MandateState.FROZEN else for_me).append(card(seen))
    return MandatesPage(
        tuple(offers), tuple(reconfirm), tuple(i_act), tuple(for_me), tuple(past), reverse("portal:mandate_offer"),
        mandate_words.banner(banner), request, _pagination(found),
    )  # fmt: skip


def _pagination(found: SeenPage) -> Pagination:
    url, number = reverse("portal:mandates"), found.number
    return Pagination(number, 1, previous_url=url if number > 1 else "", next_url=f"{url}?page={number + 1}" if found.more else "")


def mandate_page(whole: SeenWhole, *, errors: Mapping[str, str] | None = None) -> MandatePage:
    """One mandate with its history."""
    seen, offer = whole.seen, reverse("portal:mandate_offer")
    passes_on = seen.is_attorney and seen.row.may_delegate and seen.fault is None
    return MandatePage(
        mandate=card(seen),
        i_am_attorney=seen.is_attorney,
        history=tuple(MandateEventView(str(mandate_words.event(e.kind)), e.at) for e in whole.events),
        mandates_url=reverse("portal:mandates"),
        answer=seen.is_attorney and seen.state is MandateState.OFFERED,
        substitute_url=f"{offer}?from={seen.row.pk}" if passes_on else "",
        reconfirm_url=f"{offer}?instead={seen.row.pk}" if seen.state is MandateState.FROZEN and not seen.is_attorney else "",
        passed_on=tuple(_passed_on(child, seen) for child in whole.passed_on),
        errors=_errors(errors),
    )


def _passed_on(child: Seen, parent: Seen) -> MandateCard:
    """To the principal it is a mandate like any other; the attorney ends it from their own."""
    made = card(child)
    if not parent.is_attorney:
        return made
    ends = child.state in (MandateState.OFFERED, MandateState.STANDING)
    url = f"{reverse('portal:mandate_revoke', args=[parent.row.pk])}?child={child.row.pk}" if ends else ""
    return MandateCard(
        id=made.id, kind=made.kind, state=made.state, other=made.other, url="", themes=made.themes, start=made.start, until=made.until,
        substitute=True, note=made.note, revoke_url=url,
    )  # fmt: skip


def offer_page(
    *, latest: date, form: QueryDict | None = None, errors: Mapping[str, str] | None = None, parent: Seen | None = None, guardian: Seen | None = None
) -> MandateOfferPage:  # fmt: skip
    """The form, as it was sent if there was a mistake; nothing is ticked that nobody ticked."""
    sent = form if form is not None else QueryDict()
    ticked = set(sent.getlist("themes"))
    offered = [w for w in themes.words() if parent is None or w.code in parent.row.themes]
    back = parent or guardian
    return MandateOfferPage(
        themes=tuple(ThemeChoice(w.code, w.name, w.description, w.code in ticked) for w in offered),
        latest=latest,
        back_url=reverse("portal:mandate", args=[back.row.pk]) if back else reverse("portal:mandates"),
        identifier=sent.get("identifier", "")[:64],
        until_day=sent.get("until_day", "")[:4],
        until_month=sent.get("until_month", "")[:4],
        until_year=sent.get("until_year", "")[:6],
        may_delegate="may_delegate" in sent,
        passing_on=parent.other if parent else "",
        guardian=guardian.other if guardian else "",
        errors=_errors(errors),
    )


def revoke_page(whole: SeenWhole, child: Seen | None) -> MandateRevokePage:
    """Say what follows before it is done."""
    shown = child or whole.seen
    return MandateRevokePage(
        card(shown),
        i_am_attorney=child is None and whole.seen.is_attorney,
        cancel_url=reverse("portal:mandate", args=[whole.seen.row.pk]),
        child=str(child.row.pk) if child else "",
        offer=shown.state is MandateState.OFFERED,
    )


def _errors(errors: Mapping[str, str] | None) -> tuple[FieldError, ...]:
    return tuple(FieldError(name, str(mandate_words.form_error(code))) for name, code in (errors or {}).items())
