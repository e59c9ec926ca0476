"""News of a death and its correction, at the same moment as somebody acts or a sweep ends consents."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from aurora.journeys import delegate, end_consents, estates
from consent import mandates
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread, until_waiting
from tests.portal.test_estates import administered, administrator, estate, told
from tests.support.cast import Cast
from tests.support.mandated import mandate, principal, row, somebody, terms


def passed_on() -> tuple[Any, Any, Any]:
    """Somebody, their mandate, and what was passed on from it with a smaller id, accepted."""
    dead, attorney, sub = principal("Vainaja Vanha"), somebody("Valto Valtuutettu"), somebody("Sijo Sijainen")
    while True:
        above = mandate(dead, attorney, may_delegate=True)
        below = delegate.pass_on(attorney_id=attorney.id, mandate_id=above, identifier=sub.national_id, terms=terms(), now=timezone.now())
        if below < above:
            break
        delegate.revoke(citizen_id=dead.id, mandate_id=above, now=timezone.now())
        dead, attorney, sub = principal("Vainaja Vanha"), somebody("Valto Valtuutettu"), somebody("Sijo Sijainen")
    delegate.collect(citizen_id=sub.id, now=timezone.now())
    delegate.answer(citizen_id=sub.id, mandate_id=below, accept=True, now=timezone.now())
    return dead, above, below


def test_a_death_and_who_acts_on_what_was_passed_on_do_not_wait_for_each_other(cast: Cast) -> None:
    heir = administrator()
    dead, above, below = passed_on()
    with citizen_scope(dead.id), connection.cursor() as cursor:  # as `mandates._locked`, between its two statements
        cursor.execute("SELECT 1 FROM consent_mandate WHERE id = %s FOR SHARE", [above])
        telling, outcome = in_thread(lambda: told(heir, estate(dead)))
        until_waiting(1)
        cursor.execute("SELECT 1 FROM consent_mandate WHERE id = %s FOR SHARE", [below])
    telling.join(120)
    assert outcome == [None] and {row(dead, one).state for one in (above, below)} == {"ended"}


def test_what_ends_for_the_dead_waits_for_a_correction_and_a_correction_for_it(cast: Cast, monkeypatch: Any) -> None:
    dead, _, _ = administered()
    consent = dead.consents(state="given")[0]
    begun: list[Any] = []

    def ends(consent_id: Any, *args: Any, **how: Any) -> bool:
        begun.extend(in_thread(lambda: estates.correct(national_id=dead.national_id, case="C-1", now=timezone.now())))
        until_waiting(1)
        return True

    monkeypatch.setattr(end_consents, "_ended", ends)
    assert end_consents._ended_for_dead(consent.pk, dead.id, timezone.now())
    begun[0].join(120)
    assert begun[1] == [1], "after it"
    with citizen_scope(dead.id):
        assert mandates.told_dead(citizen_id=dead.id) is None
    assert not end_consents._ended_for_dead(consent.pk, dead.id, timezone.now())
