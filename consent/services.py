"""Changes of consents: give, decline, end. Called by journeys, in a `citizen_scope`, beside the ledger entry that tells of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q

from consent import acting, mandates, receipts, records
from consent.days import day_of, end_of
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import Agency, ConsentEvent, ConsentEventKind, ConsentRecord, ConsentState, Notice, PurposeVersion
from consent.queries import current_categories, current_purpose, current_recipient_version
from consent.rules import AURORA, CITIZEN, latest_end
from consent.rules.mandates import Deed


def check_end(until: date, *, today: date) -> None:
    """An end date lies between tomorrow and twelve months from today, both included. Raises `InvalidInput` for the field `end`."""
    if until <= today:
        raise InvalidInput({"end": "date_past"})
    if until > latest_end(today):
        raise InvalidInput({"end": "date_too_late"})


def give(
    *,
    citizen_id: UUID,
    recipient: Agency,
    source: Agency | None,
    purpose: str,
    categories: Iterable[str],
    notice: Notice,
    until: date,
    now: datetime,
    decided_on: date | None = None,
    once: bool = False,
    by: str = "citizen",
) -> tuple[ConsentRecord, UUID | None]:
    """Record a consent. One that stood for the same recipient, purpose and source is replaced, and kept as history; its id comes back too.

    `decided_on` is the day on which the citizen chose `until`, if that was before `now`: they may come back from a source after midnight.
    Raises `InvalidInput` for an end date outside tomorrow to twelve months, no category or one that was not on the notice; `Conflict` when
    the texts have changed since, or the same consent is being given in another window at this moment.
    """
    check_end(until, today=decided_on or day_of(now))
    wording = current_purpose(purpose)
    chosen = _shown(notice, wording, categories)
    if not chosen:
        raise InvalidInput({"categories": "category_required"})
    _same_recipient(notice, recipient)
    if by == CITIZEN:
        mandates.check_give(
            citizen_id=citizen_id,
            recipient_id=recipient.pk,
            source_id=source.pk if source else None,
            purpose=purpose,
            categories=chosen,
            now=now,
        )
    replaced = _replace_standing(citizen_id=citizen_id, recipient=recipient, source=source, purpose=purpose, now=now, by=by)
    record = ConsentRecord(
        citizen_id=citizen_id,
        recipient=recipient,
        source=source,
        purpose_id=purpose,
        purpose_version=wording,
        categories=sorted(chosen),
        category_versions=chosen,
        recipient_version=notice.content.get("recipient_version", 1),
        notice=notice,
        state=ConsentState.GIVEN,
        once=once,
        decided_at=now,
        not_before=now,
        expires_at=end_of(until),
        **_attorney(by),
    )
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict() from error
    _tell(record, ConsentState.GIVEN, now, by)
    return record, replaced


def take_turn(*, citizen_id: UUID) -> None:
    """Until the transaction ends, other callers for the same citizen wait here: for decisions that must see each other."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=citizen_id)


def decline(*, citizen_id: UUID, recipient: Agency, source: Agency | None, purpose: str, notice: Notice, now: datetime) -> ConsentRecord:
    """Record a refusal: it is a decision too, and shows that nothing was given. It changes no consent that stands."""
    asked = [c["code"] for c in notice.content["categories"]]
    mandates.check_end(citizen_id=citizen_id, deed=Deed.DECLINE, categories=asked, purpose=purpose, now=now)
    record = ConsentRecord.objects.create(
        citizen_id=citizen_id,
        recipient=recipient,
        source=source,
        purpose_id=purpose,
        purpose_version=current_purpose(purpose),
        categories=[],
        category_versions={},
        recipient_version=notice.content.get("recipient_version", 1),
        notice=notice,
        state=ConsentState.DECLINED,
        decided_at=now,
        not_before=now,
        expires_at=end_of(day_of(now)),
        ended_at=now,
        ended_by="citizen",
        **_attorney(CITIZEN),
    )
    _tell(record, ConsentState.DECLINED, now, "citizen")
    return record


@dataclass(frozen=True)
class Ended:
    """What has ended now: the record as it stands, the categories that it covers no more, and whether nothing of it is left."""

    record: ConsentRecord
    categories: tuple[str, ...]
    whole: bool


def end(*, consent_id: UUID, now: datetime, by: str = "citizen", reason: str = "", categories: Iterable[str] | None = None) -> Ended:
    """End a consent that stands (GDPR art. 7(3)), or take some categories out of it; the last one taken out ends it.

    `by`: `citizen`, `operator`, an agency's code, or `aurora` for one that ran out, and only for such a one. `reason`: the code of why another did.
    Raises `NotFound`; `InvalidInput` for no category or one that is not of this consent; `Conflict` when it has ended, or these categories have.
    """
    record = ConsentRecord.objects.select_related("recipient", "source").filter(pk=consent_id).first()
    if record is None:
        raise NotFound()
    if (record.expires_at <= now) != (by == AURORA):
        raise Conflict()
    going = _going(record, categories)
    if by == CITIZEN:
        # Whoever may see a part of it only does not see it at all, and ends no part of it either.
        whole = record.categories
        mandates.check_end(citizen_id=record.citizen_id, deed=Deed.WITHDRAW, categories=whole, purpose=record.purpose_id, now=now)
    if set(going) != set(record.covered):
        return _narrow(record, going, now, by, reason)
    state = ConsentState.EXPIRED if by == AURORA else ConsentState.WITHDRAWN
    if not _end(Q(pk=consent_id, withdrawn=record.withdrawn), state, now, by):
        raise Conflict()
    record.refresh_from_db(fields=["state", "ended_at", "ended_by"])
    _tell(record, state, now, by, reason=reason)
    return Ended(record, going, whole=True)


def replace(*, consent_ids: Iterable[UUID], now: datetime, by: str = "citizen") -> list[UUID]:
    """End consents to other purposes in whose place one is given in this transaction, at this `now`; the ids of those that still stood.

    Their rows are locked already, with all others to the recipient (`queries.for_decision`).
    """
    standing = ConsentRecord.objects.select_related("recipient", "source").filter(
        pk__in=list(consent_ids), state=ConsentState.GIVEN, expires_at__gt=now
    )
    ended = []
    for record in standing.order_by("pk"):
        if by == CITIZEN:
            doing: dict[str, Any] = {"deed": Deed.WITHDRAW, "categories": record.categories, "purpose": record.purpose_id}
            mandates.check_end(citizen_id=record.citizen_id, now=now, **doing)
        if _end(Q(pk=record.pk), ConsentState.REPLACED, now, by):
            record.refresh_from_db(fields=["state", "ended_at", "ended_by"])
            _tell(record, ConsentState.REPLACED, now, by)
            ended.append(record.pk)
    return ended


def spend(*, consent_ids: Iterable[UUID], categories: Iterable[str]) -> None:
    """Note that consents for one use have opened these categories. Consents for a time are left alone."""
    for record in ConsentRecord.objects.filter(pk__in=list(consent_ids), once=True):
        opened = sorted(set(record.spent) | (set(categories) & set(record.categories)))
        ConsentRecord.objects.filter(pk=record.pk).update(spent=opened)


def _going(record: ConsentRecord, categories: Iterable[str] | None) -> tuple[str, ...]:
    if categories is None:
        return tuple(record.covered)
    wanted = set(categories)
    if not wanted:
        raise InvalidInput({"categories": "category_required"})
    if not wanted <= set(record.categories):
        raise InvalidInput({"categories": "category_unknown"})
    if record.state != ConsentState.GIVEN or not (going := wanted - set(record.withdrawn)):
        raise Conflict()
    return tuple(sorted(going))


def _narrow(record: ConsentRecord, going: tuple[str, ...], now: datetime, by: str, reason: str) -> Ended:
    same = ConsentRecord.objects.filter(pk=record.pk, state=ConsentState.GIVEN, withdrawn=record.withdrawn)
    record.withdrawn = sorted({*record.withdrawn, *going})
    if same.update(withdrawn=record.withdrawn) != 1:
        raise Conflict()
    _tell(record, ConsentEventKind.NARROWED, now, by, going, reason)
    return Ended(record, going, whole=False)


def _end(which: Q, state: ConsentState, now: datetime, by: str) -> int:
    standing = ConsentRecord.objects.filter(which, state=ConsentState.GIVEN)
    return standing.update(state=state, ended_at=now, ended_by=by)


def _replace_standing(*, citizen_id: UUID, recipient: Agency, source: Agency | None, purpose: str, now: datetime, by: str) -> UUID | None:
    same = Q(citizen_id=citizen_id, recipient=recipient, purpose_id=purpose)
    same &= Q(source=source) if source else Q(source__isnull=True)
    standing = ConsentRecord.objects.filter(same, state=ConsentState.GIVEN).select_for_update().first()
    if standing is None or not _end(Q(pk=standing.pk), ConsentState.REPLACED, now, by):
        return None
    _tell(standing, ConsentState.REPLACED, now, by)
    return standing.pk


def _tell(
    record: ConsentRecord, kind: ConsentState | ConsentEventKind, now: datetime, by: str, categories: Iterable[str] = (), reason: str = ""
) -> None:
    event = ConsentEvent.objects.create(
        consent=record,
        citizen_id=record.citizen_id,
        at=now,
        kind=kind,
        by=by,
        reason=reason,
        categories=sorted(categories),
        **_attorney(by),
    )
    receipts.issue(record=record, event=event, now=now, acting=_named(by))


def _attorney(by: str) -> dict[str, UUID]:
    """Who decides for the citizen in this request, as columns of a record or an event; `mandates` has just been asked."""
    doing = acting.current()
    return {"mandate_id": doing.mandate.id, "decided_by_id": doing.attorney} if doing is not None and by == CITIZEN else {}


def _named(by: str) -> records.Acting | None:
    """The same for the receipt, which names both: it is sealed for the citizen."""
    doing = acting.current()
    if doing is None or by != CITIZEN:
        return None
    return records.Acting(actor=doing.attorney_name, citizen=doing.principal_name, kind=doing.mandate.kind.value)


def _same_recipient(notice: Notice, recipient: Agency) -> None:
    if notice.content.get("recipient_version", 1) != current_recipient_version(recipient):
        raise Conflict("The description of the recipient has changed. Read it again before you decide.")


def _shown(notice: Notice, wording: PurposeVersion, categories: Iterable[str]) -> dict[str, int]:
    """The chosen categories with the version that the notice showed; what was not shown cannot be consented to."""
    shown = notice.content["purpose"]
    if (shown["code"], shown["version"]) != (wording.purpose_id, wording.version):
        raise Conflict("The description of the purpose has changed. Read it again before you decide.")
    on_notice = {c["code"]: c["version"] for c in notice.content["categories"]}
    chosen = set(categories)
    if not chosen <= set(on_notice):
        raise InvalidInput({"categories": "category_unknown"})
    current = {c.category_id: c.version for c in current_categories(chosen)}
    if any(current[code] != on_notice[code] for code in chosen):
        raise Conflict("The description of the data has changed. Read it again before you decide.")
    return {code: on_notice[code] for code in chosen}
