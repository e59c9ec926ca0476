"""Consents as cards and pages, and an agency's question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.urls import reverse

from aurora.journeys import act_for
from aurora.journeys.allow_training import PURPOSE as TRAINING
from aurora.journeys.request_access import AccessQuestion
from aurora.portal.present import again
from aurora.portal.present.sources import field_errors, notice_parts
from aurora.portal.present.vocabulary import Vocabulary, category_view, connect_url, purpose_view
from aurora.twin import queries as twin
from aurora.ui import formats, mandate_words, withdrawal_words, words
from aurora.ui.contexts import (
    AgencyConsentPage,
    Answering,
    Availability,
    ConsentEventView,
    ConsentState,
    ConsentView,
    FieldError,
    NoticePart,
    RequestedCategory,
    Telling,
    TickView,
    WithdrawPage,
)
from aurora.ui.renewals import renewal
from consent import acting, queries, receipts, summary
from consent.days import last_day
from consent.models import ConsentEvent, ConsentRecord, Notice
from consent.rules import AURORA, CITIZEN


def cards(
    records: Iterable[ConsentRecord], vocabulary: Vocabulary, *, now: datetime, how_far: Mapping[UUID, Telling] | None = None
) -> list[ConsentView]:
    """Decisions, with where to read and where to withdraw each, and what a change of meaning has left behind of those in force.

    `how_far`: how far the agency is with the last that ended of each.
    """
    shown = list(records)
    behind = {r.pk: queries.behind(r) for r in shown if state_of(r, now) is ConsentState.ACTIVE}
    reasons = queries.reasons_of_ends(r.pk for r in shown if state_of(r, now) is ConsentState.ENDED)
    told = how_far or {}
    return [_card(r, vocabulary, behind.get(r.pk, frozenset()) & set(r.covered), told.get(r.pk), reasons.get(r.pk, ""), now) for r in shown]


def card(record: ConsentRecord, vocabulary: Vocabulary, *, now: datetime) -> ConsentView:
    """The same of one."""
    return cards([record], vocabulary, now=now)[0]


def _card(
    record: ConsentRecord, vocabulary: Vocabulary, behind: frozenset[str], telling: Telling | None, reason: str, now: datetime
) -> ConsentView:
    state = state_of(record, now)
    return ConsentView(
        id=str(record.pk),
        recipient=words.AURORA if record.recipient.code == AURORA else record.recipient.name,
        purposes=(record.purpose_version.name,),
        categories=tuple(vocabulary.category(code) for code in (record.covered or record.categories)),
        given_at=record.decided_at,
        until=last_day(record.expires_at),
        state=state,
        url=reverse("portal:consent", args=[record.pk]),
        source=record.source.name if record.source else {},
        withdraw_url=reverse("portal:withdraw", args=[record.pk]) if state is ConsentState.ACTIVE else "",
        once=record.once,
        ended_at=record.ended_at or (record.expires_at if state is ConsentState.EXPIRED else None),
        outdated=tuple(vocabulary.category(code) for code in sorted(behind)),
        renewal=renewal(queries.changed_kind(record)) if behind else "",
        renew_url=_renew_url(record) if behind else "",
        withdrawn=tuple(vocabulary.category(code) for code in record.withdrawn),
        telling=telling,
        ended_how=str(withdrawal_words.by_another("withdrawn", _by(record.ended_by, reason, record)))
        if state is ConsentState.ENDED
        else "",
        accesses_url=accesses_url(record.pk) if state is not ConsentState.DECLINED else "",
        summary=_in_short(record, state, behind, vocabulary),
    )


_STANDINGS = {
    ConsentState.ACTIVE: summary.Standing.GIVEN,
    ConsentState.DECLINED: summary.Standing.REFUSED,
    ConsentState.REPLACED: summary.Standing.REPLACED,
}


def _in_short(record: ConsentRecord, state: ConsentState, behind: frozenset[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    language = formats.language()

    def named(codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(vocabulary.category(code)[language] for code in codes)

    said = summary.Said(
        kind=summary.kind_of(recipient=record.recipient.code, source=record.source.code if record.source else ""),
        standing=_STANDINGS.get(state, summary.Standing.OVER),
        recipient=record.recipient.name[language],
        source=record.source.name[language] if record.source else "",
        purpose=record.purpose_version.name[language],
        data=named(c for c in record.covered or record.categories or _asked_for(record) if c not in behind),
        end=last_day(record.expires_at),
        once=record.once,
        gone=named(record.withdrawn),
        outdated=named(sorted(behind)),
    )
    return summary.sentences(said, language=language)


def _asked_for(record: ConsentRecord) -> list[str]:
    """What a no was said to, as the notice has it."""
    return [category["code"] for category in record.notice.content["categories"]]


def accesses_url(consent_id: UUID) -> str:
    """What was done under one consent, in the activity."""
    return f"{reverse('portal:activity')}?{urlencode({'consent': str(consent_id)})}"


def _renew_url(record: ConsentRecord) -> str:
    """Where it is asked anew; "" where that is an agency's to begin."""
    if record.purpose_id == TRAINING:
        return reverse("portal:training")
    return connect_url(record.source.code) if record.source else ""


_PAST = {"declined": ConsentState.DECLINED, "expired": ConsentState.EXPIRED, "replaced": ConsentState.REPLACED}


def state_of(record: ConsentRecord, now: datetime) -> ConsentState:
    """What the consent is now: expiry is decided at the read, as everywhere."""
    if record.state == "given":
        return ConsentState.ACTIVE if record.expires_at > now else ConsentState.EXPIRED
    return _PAST.get(record.state, ConsentState.WITHDRAWN if record.ended_by == CITIZEN else ConsentState.ENDED)


def history(record: ConsentRecord) -> tuple[ConsentEventView, ...]:
    """What happened to it, oldest first."""
    events = list(record.events.select_related("receipt", "mandate"))
    names = act_for.names_of(e.decided_by_id for e in events if e.decided_by_id)
    return tuple(ConsentEventView(_happened(e, record, names), e.at, _receipt_url(e)) for e in events)


def _happened(event: ConsentEvent, record: ConsentRecord, names: Mapping[UUID, str]) -> str:
    by = event.by
    if by == CITIZEN and (who := _who_decided(event, names)):
        return mandate_words.decided(event.kind, who)
    return str(withdrawal_words.by_another(event.kind, _by(by, event.reason, record)) or words.consent_event(event.kind))


def _by(by: str, reason: str, record: ConsentRecord) -> str:
    """An agency by its part in what ended. A register that tells of a death has given nothing back, also where it is the recipient."""
    if by in (CITIZEN, "operator", AURORA):
        return by
    if reason == "citizen_died":
        return "register"
    return "recipient" if by == record.recipient.code else "source" if record.source else "register"


def _who_decided(event: ConsentEvent, names: Mapping[UUID, str]) -> str:
    """Who decided it, as the log names them; "" for the reader's own word, who then is told "you"."""
    if event.decided_by_id is not None:
        kind = event.mandate.kind if event.mandate else ""
        return mandate_words.attorney_as(names.get(event.decided_by_id, ""), kind)[formats.language()]
    doing = acting.current()
    return doing.principal_name if doing is not None else ""


def _receipt_url(event: ConsentEvent) -> str:
    """Events from before there were receipts have none."""
    receipt = getattr(event, "receipt", None) if receipts.may_read(event) else None
    return reverse("portal:receipt", args=[event.consent_id, receipt.pk]) if receipt else ""


def withdraw_page(
    record: ConsentRecord, vocabulary: Vocabulary, *, now: datetime, checked: Iterable[str] = (), keep: bool = False, error: str = ""
) -> WithdrawPage:
    """What can be withdrawn, and what follows. A consent with one category left has no parts to choose from."""
    shown, ticked, left = card(record, vocabulary, now=now), set(checked), record.covered
    return WithdrawPage(
        consent=shown,
        consequences=consequences(record),
        cancel_url=shown.url,
        choices=tuple(TickView(code, vocabulary.category(code), code in ticked) for code in left) if len(left) > 1 else (),
        can_keep=record.recipient.code == AURORA and record.source is not None and not _of_estimates(record) and not acting.for_estate(),
        keep=keep,
        declared=record.source is not None and record.source.code == CITIZEN,
        errors=(FieldError("categories", str(withdrawal_words.field_error(error))),) if error else (),
    )


_ERASES = 1  # which of what follows from withdrawing a connection says so, here and for another


def consequences(record: ConsentRecord, *, kept: bool = False) -> tuple[str, ...]:
    """What follows from withdrawing it. `kept`: what was fetched stays, so nothing is said of its being erased. In the citizen's scope."""
    connection, kept_earlier, access = (
        (words.WITHDRAW_CONNECTION, words.WITHDRAW_KEPT_EARLIER, words.WITHDRAW_ACCESS)
        if acting.current() is None
        else (mandate_words.WITHDRAW_CONNECTION_FOR, mandate_words.WITHDRAW_KEPT_EARLIER_FOR, mandate_words.WITHDRAW_ACCESS_FOR)
    )
    if record.recipient.code != AURORA:
        return tuple(str(s) for s in access)
    if record.purpose_id == TRAINING:
        return tuple(str(s) for s in words.WITHDRAW_TRAINING)
    if _of_estimates(record) and acting.current() is None:
        return tuple(str(s) for s in words.WITHDRAW_ESTIMATE)
    if record.source is not None and record.source.code == CITIZEN:
        return _consequences_declared(record, connection, kept=kept)
    erases = [] if kept else [kept_earlier if _keeps(record) else connection[_ERASES]]
    return tuple(str(s) for s in (*connection[:_ERASES], *erases, *connection[_ERASES + 1 :], *withdrawal_words.rested(record.purpose_id)))


def _of_estimates(record: ConsentRecord) -> bool:
    """Whether it lets Aurora use what models worked out: nothing was fetched, and the estimates stay whatever becomes of it."""
    return record.recipient.code == AURORA and record.source is not None and record.source.code == AURORA


def _consequences_declared(record: ConsentRecord, connection: Sequence[Any], *, kept: bool) -> tuple[str, ...]:
    """The same of what the citizen said of themselves: nothing was fetched, and nothing is connected again."""
    mine = acting.current() is None
    erases = [] if kept else [words.WITHDRAW_DECLARED if mine else mandate_words.WITHDRAW_DECLARED_FOR]
    again = [words.WITHDRAW_DECLARED_AGAIN] if mine else []
    stays = connection[_ERASES + 1 : _ERASES + 2]
    return tuple(str(s) for s in (*connection[:_ERASES], *erases, *stays, *again, *withdrawal_words.rested(record.purpose_id)))


def _keeps(record: ConsentRecord) -> bool:
    """Whether something stays that was kept at an earlier end: for the dead nothing does, and an attorney is told of this consent's data only."""
    if record.source is None or acting.for_estate():
        return False
    categories = None if acting.current() is None else record.categories
    return twin.keeps(citizen_id=record.citizen_id, source=record.source.code, categories=categories)


def notice(kept: Notice) -> tuple[NoticePart, ...]:
    """The text exactly as it was shown, in the order of the page. The first notices kept no terms."""
    return notice_of(kept.content)


def notice_of(content: Mapping[str, Any]) -> tuple[NoticePart, ...]:
    """The same of a notice's content, as a receipt holds it too."""
    purpose = content["purpose"]
    said = {t["code"]: NoticePart(t["heading"], tuple(t["sentences"])) for t in content.get("terms", ())}
    asks = said.pop("asks", NoticePart("", (content["recipient"],)))
    onward = [said.pop(code) for code in ("identity", "onward") if code in said]
    short = [said.pop("summary")] if "summary" in said else []
    marks = content.get("again", {}).get("marks", {})
    data = [
        NoticePart(", ".join([c["name"], *marks.get(c["code"], ())]), (c["description"],), tuple(c["facts"])) for c in content["categories"]
    ]
    why = NoticePart(purpose["name"], (purpose["description"],))
    shown_again = _again(content["again"]) if "again" in content else ()
    return (asks, *short, *shown_again, why, *onward, *data, *said.values(), NoticePart("", (purpose["on_refusal"],)))


def _again(kept: Mapping[str, Any]) -> tuple[NoticePart, ...]:
    """What was said of the difference from an earlier consent, with its marks beside the names of the data."""
    was, now = kept["labels"]
    changes = [NoticePart(c["heading"], (*_labelled(was, c["was"]), *_labelled(now, c["now"]))) for c in kept["changes"]]
    return (NoticePart("", tuple(kept["sentences"])), *([NoticePart(kept["heading"], ())] if changes else []), *changes)


def _labelled(label: str, said: Sequence[str]) -> tuple[str, ...]:
    return (f"{label}: {said[0]}", *said[1:]) if said else ()


def access_page(
    asked: AccessQuestion, *, name: str, checked: Iterable[str] = (), errors: Mapping[str, str] | None = None, hidden: Mapping[str, str],
    language_urls: Mapping[str, str],
) -> AgencyConsentPage:  # fmt: skip
    """An agency's question: who, why, what, until when; nothing ticked that the citizen did not tick. `name`: of who sits there."""
    ticked = set(checked)
    return AgencyConsentPage(
        agency_name=asked.agency.name,
        purpose=purpose_view(asked.purpose),
        categories=tuple(
            RequestedCategory(
                category=category_view(c),
                availability=_availability(asked, c.category_id, c.category.source.code),
                source_name=c.category.source.name,
                connect_url="" if acting.current() else connect_url(c.category.source.code),
                checked=c.category_id in ticked,
                marks=again.marks([asked.text], c.category_id),
                same=again.same([asked.text], c.category_id),
                declared=c.category.source.code == CITIZEN,
            )
            for c in asked.categories
        ),
        terms=notice_parts(asked.terms),
        return_host=urlsplit(asked.request.redirect_uri).netloc,
        hidden=tuple(hidden.items()),
        language_urls=language_urls,
        errors=field_errors(errors or {}),
        again=again.view([asked.text]),
        answering=Answering(name, reverse("portal:mandates"), asked.request.expires_at) if asked.for_others else None,
    )


def _availability(asked: AccessQuestion, category: str, source: str) -> Availability | None:
    """Whether Aurora holds it. Of what lies outside an attorney's themes they are told neither."""
    doing = acting.current()
    if doing is not None and not doing.scope.covers([category]):
        return None
    if category in asked.held:
        return Availability.HAVE
    return Availability.EMPTY if source in asked.connected else Availability.NOT_CONNECTED
