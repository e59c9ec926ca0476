"""Questions about mandates, and the check under a lock that every decision for another goes through. In the scope of one of the two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone

from consent import acting, themes
from consent.acting import Acting, MandateRefused
from consent.days import day_of
from consent.models import ConsentEvent, ConsentEventKind, ConsentRecord, Mandate
from consent.rules import AURORA, CITIZEN, CITIZEN_ASKED
from consent.rules import mandates as rules
from consent.rules.mandates import Deed, LastWord, MandateFault, MandateKind, MandateScope, MandateState, MandateView
from consent.scope import citizen_scope
from consent.turns import one_at_a_time

CORRECTED = "corrected"  # in an estate's evidence: the register was wrong about the death, with the number of the case
SUGGESTIONS = "service-suggestions"
OPEN = (Mandate.State.OFFERED, Mandate.State.STANDING, Mandate.State.FROZEN)
# The purpose of the consent without which Aurora may not ask the register any longer.
BASIS = {Mandate.Kind.GUARDIAN: "acting-for-child", Mandate.Kind.ESTATE: "administering-estate"}
_NOES = (ConsentEventKind.DECLINED, ConsentEventKind.WITHDRAWN, ConsentEventKind.NARROWED)


class OutsideMandate(RuntimeError):
    """A programming error: a request that acts for one citizen decided or logged for another."""


def view_of(row: Mandate, parent: Mandate | None = None) -> MandateView:
    """A row as the rules want it. `parent` is its parent's row, if it has one and we may see it."""
    return MandateView(
        id=row.pk,
        principal=row.principal_id,
        attorney=row.attorney_id,
        kind=MandateKind(row.kind),
        state=MandateState(row.state),
        themes=frozenset(row.themes),
        not_before=row.not_before,
        expires_at=row.expires_at,
        freezes_at=row.freezes_at,
        may_delegate=row.may_delegate,
        parent=view_of(parent) if parent is not None else None,
        meant=themes.of_kept(row.meant),
    )


def load(*, mandate_id: UUID, viewer: UUID, lock: bool = False) -> tuple[Mandate, MandateView] | None:
    """A mandate that `viewer` is a party to, with its parent, which the principal sees. None: there is none that they may see."""
    with citizen_scope(viewer):
        row = Mandate.objects.filter(Q(principal_id=viewer) | Q(attorney_id=viewer), pk=mandate_id).first()
    if row is None:
        return None
    with citizen_scope(row.principal_id):
        rows = Mandate.objects.select_for_update(no_key=True, of=("self",)) if lock else Mandate.objects
        # The parent first, as whoever revokes it and what came of it locks them.
        parent = rows.get(pk=row.parent_id) if row.parent_id else None
        row = rows.get(pk=mandate_id)
    return row, view_of(row, parent)


def of_party(*, citizen_id: UUID) -> QuerySet[Mandate]:
    """Every mandate that a citizen gave or holds, newest first. In their scope."""
    return Mandate.objects.filter(Q(principal_id=citizen_id) | Q(attorney_id=citizen_id)).order_by("-created_at", "pk")


def estates_of(citizen_id: UUID | OuterRef) -> QuerySet[Mandate]:
    """The estates that a register has told of, standing or over: who has one is dead, unless that was corrected. In the citizen's scope."""
    return Mandate.objects.filter(principal_id=citizen_id, kind=Mandate.Kind.ESTATE).exclude(evidence__has_key=CORRECTED)


def told_dead(*, citizen_id: UUID) -> Mandate | None:
    """The estate by which Aurora first heard that a citizen is dead, or None; a correction waits until this transaction ends. In their scope.

    FOR SHARE, as whoever acts for the estate locks it: the two do not wait for each other.
    """
    ids = list(estates_of(citizen_id).order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM consent_mandate WHERE id = ANY (%s) ORDER BY id FOR SHARE", [ids])
    return estates_of(citizen_id).filter(pk__in=ids).order_by("created_at").first()


def acts_for_others(*, citizen_id: UUID, now: datetime) -> bool:
    """Whether a citizen holds a mandate by which answers are given, as far as dates tell: for a page that says so. In their scope."""
    mine = Mandate.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), Q(freezes_at__isnull=True) | Q(freezes_at__gt=now),
        attorney_id=citizen_id, state=Mandate.State.STANDING, not_before__lte=now,
    )  # fmt: skip
    return mine.exclude(kind=Mandate.Kind.ESTATE).exists()


def scope_of(view: MandateView) -> MandateScope:
    return rules.scope_of(view, themes.themes())


def suggested_from(principal: UUID, *, now: datetime) -> frozenset[str]:
    """The categories that a citizen's live consents let suggestions be made from: what a mandate must reach that opens them."""
    with citizen_scope(principal):
        # Not by `queries`, which show whoever acts in this request the consents of their themes only.
        given = ConsentRecord.objects.filter(
            citizen_id=principal, recipient__code=AURORA, purpose_id=SUGGESTIONS, state="given", not_before__lte=now, expires_at__gt=now
        )
        return frozenset(code for record in given for code in record.covered)


def allowed(
    view: MandateView, deed: Deed, *, now: datetime, categories: Iterable[str] = (), purpose: str | None = None
) -> MandateFault | None:
    """The rules' answer for a mandate as it was read; a decision asks again by `confirm`."""
    used: frozenset[str] = frozenset()
    if deed is Deed.SUGGEST:
        used, purpose = suggested_from(view.principal, now=now), SUGGESTIONS
    return rules.may_act(view, deed, scope=scope_of(view), now=now, categories=categories, purpose=purpose, all_categories=used)


def confirm(
    *, citizen_id: UUID, now: datetime, deed: Deed | None = None, categories: Iterable[str] = (), purpose: str | None = None
) -> Acting | None:
    """While somebody acts: lock the mandate against its end until this transaction ends, and ask the rules again. None: nobody acts.

    So nothing that an attorney decides commits after the mandate was revoked, nor begins after its day or after the consent that it rests on has
    ended: a request that has waited is judged by when its wait was over, not by when it came. In the principal's scope; without `deed` it is asked
    only whether the mandate stands. Raises `MandateRefused`, and `OutsideMandate` when the request acts for somebody else.
    """
    doing = acting.current()
    if doing is None:
        return None
    if doing.principal != citizen_id:
        raise OutsideMandate("This request acts for another citizen.")
    found = _locked(doing.mandate.id)
    if found is None:
        raise MandateRefused(MandateFault.ENDED)
    row, view = found
    at = max(now, timezone.now())  # the lock may have been waited for
    fault = rules.fault_of(view, now=at) if deed is None else allowed(view, deed, now=at, categories=categories, purpose=purpose)
    if fault is None and view.attorney != doing.attorney:
        fault = MandateFault.NOT_YOURS
    # Read, not locked: whoever ends that consent holds it, and then wants the mandates that it is for.
    if fault is None and not has_basis(row, now=at):
        fault = MandateFault.NO_BASIS
    if fault is not None:
        raise MandateRefused(fault)
    return doing


def _locked(mandate_id: UUID) -> tuple[Mandate, MandateView] | None:
    """FOR SHARE: those who act do not wait for each other, who revokes waits for them and they for who revokes. The parent's row first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT parent_id FROM consent_mandate WHERE id = %s", [mandate_id])
        found = cursor.fetchone()
        if found is None:
            return None
        wanted = [i for i in (found[0], mandate_id) if i is not None]
        for one in wanted:
            cursor.execute("SELECT 1 FROM consent_mandate WHERE id = %s FOR SHARE", [one])
    rows = {row.pk: row for row in Mandate.objects.filter(pk__in=wanted)}
    if len(rows) != len(wanted):
        return None
    row = rows[mandate_id]
    return row, view_of(row, rows.get(found[0]))


def own_fault(*, citizen_id: UUID, deed: Deed, now: datetime) -> MandateFault | None:
    """Why a child who has a guardian here does not do this alone, whoever acts in this request. In the child's scope.

    A guardian who lets Aurora ask the register no longer is none here: they may not act, and Aurora may know no more of it.
    """
    standing = Mandate.objects.filter(
        principal_id=citizen_id, kind=Mandate.Kind.GUARDIAN, state=Mandate.State.STANDING, freezes_at__gt=now
    ).order_by("freezes_at")
    turns = next((row.freezes_at for row in standing if has_basis(row, now=now)), None)
    return None if turns is None else rules.minor_may(deed, age=rules.age_on(day_of(now), eighteenth=day_of(turns)))


def check_own(*, citizen_id: UUID, deed: Deed, now: datetime) -> None:
    """A child who has a guardian here does not do everything alone. In their scope. Raises `MandateRefused`."""
    if acting.current() is None and (fault := own_fault(citizen_id=citizen_id, deed=deed, now=now)):
        raise MandateRefused(fault)


def check_give(
    *, citizen_id: UUID, recipient_id: UUID, source_id: UUID | None, purpose: str, categories: Iterable[str], now: datetime
) -> Acting | None:
    """Before a consent is given: by the citizen, or for them. Locks the mandate; see `rules.may_give` for whose word counts. Raises `MandateRefused`."""
    chosen = frozenset(categories)
    doing = confirm(citizen_id=citizen_id, now=now, deed=Deed.GIVE, categories=chosen, purpose=purpose)
    if doing is None:
        check_own(citizen_id=citizen_id, deed=Deed.GIVE, now=now)
        return None
    # What a child may not do alone, nobody does on the child's word: such a power of attorney is from before the guardian was known.
    alone = own_fault(citizen_id=citizen_id, deed=Deed.GIVE, now=now) if doing.mandate.kind is MandateKind.POWER_OF_ATTORNEY else None
    if estates_of(citizen_id).exists():
        alone = MandateFault.FOR_THE_DEAD
    if alone:
        raise MandateRefused(alone)
    same = {"consent__recipient_id": recipient_id, "consent__purpose_id": purpose, "consent__source_id": source_id}
    # Nobody else may decide the same thing while we look at what was decided last.
    one_at_a_time(f"consent-matter:{citizen_id}:{recipient_id}:{purpose}:{source_id}")
    standing = ConsentRecord.objects.filter(
        citizen_id=citizen_id, recipient_id=recipient_id, purpose_id=purpose, source_id=source_id, state="given", expires_at__gt=now
    ).first()
    happened = ConsentEvent.objects.filter(citizen_id=citizen_id, kind__in=(ConsentEventKind.GIVEN, *_NOES), **same)
    words = _words(happened.select_related("consent").order_by("-at", "-pk"), citizen_id, chosen, now)
    covered = frozenset(standing.categories) if standing is not None else frozenset[str]()
    asked: list[LastWord | None] = [*words] or [None]
    for word in asked:
        if fault := rules.may_give(word, who=doing.attorney, categories=chosen, scope=doing.scope, standing=covered):
            raise MandateRefused(fault)
    return doing


def check_end(*, citizen_id: UUID, deed: Deed, categories: Iterable[str], purpose: str, now: datetime) -> Acting | None:
    """Before a citizen's consent is declined or withdrawn, by themself or for them. Raises `MandateRefused`."""
    doing = confirm(citizen_id=citizen_id, now=now, deed=deed, categories=categories, purpose=purpose)
    if doing is None:
        check_own(citizen_id=citizen_id, deed=deed, now=now)
    return doing


def _words(events: Iterable[ConsentEvent], citizen_id: UUID, chosen: frozenset[str], now: datetime) -> list[LastWord]:
    """What the citizen gave last on the matter, while its time lasts, even if it was ended since; and every no after it. Newest first.

    An attorney's yes takes back their own no for what they gave, and nobody else's: else they would give a part, and then what was refused.
    """
    noes: list[tuple[UUID | None, frozenset[str]]] = []
    given: list[LastWord] = []
    yes: dict[UUID, frozenset[str]] = {}
    for event in events:
        who = event.decided_by_id
        if event.kind != ConsentEventKind.GIVEN:
            # A no that names nothing is one to all that is asked for now.
            left = (frozenset(event.categories) or chosen) - (yes.get(who, frozenset()) if who else frozenset())
            said_no = event.by == CITIZEN or event.reason == CITIZEN_ASKED
            noes += [(who, left)] if left and said_no else []
        elif who is None:
            given = [LastWord(None, no=False, stands=True)] if event.consent.expires_at > now else []
            break
        else:
            yes[who] = yes.get(who, frozenset()) | frozenset(event.consent.categories)
    bound = _still_act({who for who, _ in noes if who}, citizen_id, now)
    return given + [LastWord(who, no=True, stands=False, categories=left, bound=who in bound) for who, left in dict.fromkeys(noes)]


def _still_act(attorneys: set[UUID], citizen_id: UUID, now: datetime) -> set[UUID]:
    rows = {r.pk: r for r in Mandate.objects.filter(principal_id=citizen_id, state=Mandate.State.STANDING)}
    views = {r.pk: view_of(r, rows.get(r.parent_id) if r.parent_id else None) for r in rows.values() if r.attorney_id in attorneys}
    stands = {pk: v.attorney for pk, v in views.items() if v.attorney and rules.fault_of(v, now=now) is None}
    return {attorney for pk, attorney in stands.items() if has_basis(rows[pk], now=now)}


def has_basis(row: Mandate, *, now: datetime) -> bool:
    """Whether a guardian, or who administers an estate, lets Aurora ask the register by whose word they act. Others need none."""
    purpose = BASIS.get(Mandate.Kind(row.kind))
    if purpose is None or row.attorney_id is None:
        return True
    with citizen_scope(row.attorney_id):
        # Not by `queries`, which show whoever acts in this request the consents of their themes only.
        given = ConsentRecord.objects.filter(citizen_id=row.attorney_id, state="given", not_before__lte=now, expires_at__gt=now)
        return given.filter(purpose_id=purpose, source__code=row.evidence.get("source")).exists()


def of_the_dead(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(consent, citizen): what stands of agencies' consents of people who have died, over all citizens, by a function that gives ids only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_id, citizen_id FROM consents_of_the_dead(%s, %s)", [now, most])
        return [(consent, citizen) for consent, citizen in cursor.fetchall()]


def due(*, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(mandate, principal) of what a date has frozen or ended and no row says yet, over all citizens, by a function that gives ids only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mandate_id, principal_id FROM consent_mandates_due(%s, %s)", [now, most])
        return [(mandate, principal) for mandate, principal in cursor.fetchall()]
