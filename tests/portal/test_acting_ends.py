"""The right to act ends while a request of who acts is under way: by a withdrawal, by its date, by either one's leaving.

The guard has let the request in by then. What begins after the end writes nothing, and what is being sent goes no further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from aurora.exports import seal
from aurora.exports.models import Export
from aurora.journeys import act_for, erase, export, export_activity, own_data, withdraw
from aurora.portal.present import activity_file
from consent import acting as acts
from consent import mandate_changes
from consent.acting import Acting, MandateRefused
from consent.models import Mandate
from consent.scope import citizen_scope
from tests.portal.at_once import in_thread, until_waiting
from tests.portal.test_activity_copy import EXPORT
from tests.portal.test_guardians import as_child, child, guardian, mandates_of, told
from tests.support.cast import Cast, Person
from tests.support.mandated import acting, post


@dataclass
class Family:
    """A guardian, the child, and the mandate between them."""

    hanna: Person
    lilli: Person
    mandate: UUID

    def doing(self) -> Acting:
        return act_for.acting_for(actor=self.hanna.id, mandate_id=self.mandate, now=timezone.now())


@pytest.fixture
def family(cast: Cast) -> Family:
    hanna, ward = guardian(), child()
    told(hanna, ward)
    (made,) = mandates_of(hanna)
    return Family(hanna, as_child(hanna, ward), made.pk)


def lets_aurora_ask_no_more(family: Family) -> None:
    (basis,) = family.hanna.consents(state="given", purpose="acting-for-child")
    withdraw.end(citizen_id=family.hanna.id, consent_id=basis.pk, now=timezone.now())


def register_names_no_child(family: Family) -> None:
    told(family.hanna)


def day_comes(family: Family) -> None:
    """Its last moment passes; no sweep has written that down."""
    now = timezone.now()
    with citizen_scope(family.lilli.id):
        moved = {"not_before": now - timedelta(days=2), "expires_at": now}
        assert Mandate.objects.filter(pk=family.mandate).update(**moved) == 1


def guardian_leaves(family: Family) -> None:
    erase.everything(citizen_id=family.hanna.id, language="en", now=timezone.now())


def child_leaves(family: Family) -> None:
    """Closed, as whoever leaves for good is at once; a child with a guardian here does not do it alone."""
    with citizen_scope(family.lilli.id):
        assert erase.rows.close(citizen_id=family.lilli.id, now=timezone.now())


ENDS: dict[str, tuple[Callable[[Family], None], str]] = {
    "basis-withdrawn": (lets_aurora_ask_no_more, "mandate_no_basis"),
    "register-names-no-child": (register_names_no_child, "mandate_ended"),
    "day-comes": (day_comes, "mandate_ended"),
    "guardian-leaves": (guardian_leaves, "mandate_ended"),
    "child-leaves": (child_leaves, "mandate_ended"),
}


@pytest.fixture(params=ENDS.values(), ids=ENDS.keys())
def end(request: pytest.FixtureRequest) -> tuple[Callable[[Family], None], str]:
    return request.param  # type: ignore[no-any-return]


def copies(family: Family) -> int:
    return sum(e.event == "citizen:twin:exported" for e in family.lilli.entries())


def test_what_begins_after_the_end_is_not_noted_whenever_the_request_came(
    family: Family, end: tuple[Callable[[Family], None], str]
) -> None:
    """The request's own time is from before: it has waited since."""
    ended, code = end
    came, doing = timezone.now(), family.doing()
    ended(family)
    with acts.use(doing), pytest.raises(MandateRefused) as refused:
        export_activity.begin(citizen_id=family.lilli.id, as_format="csv", chosen={}, now=came)
    assert refused.value.code == code and copies(family) == 0


def test_a_look_that_begins_after_the_end_shows_nothing(family: Family, end: tuple[Callable[[Family], None], str]) -> None:
    ended, code = end
    came, doing = timezone.now(), family.doing()
    ended(family)
    before = len(family.lilli.entries())
    with acts.use(doing), pytest.raises(MandateRefused) as refused:
        own_data.view(citizen_id=family.lilli.id, now=came)
    assert refused.value.code == code and len(family.lilli.entries()) == before


def streaming(family: Family, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """A download of which the first rows have left."""
    monkeypatch.setattr(activity_file, "CHUNK", 3)
    for _ in range(7):
        own_data.view(citizen_id=family.lilli.id, now=timezone.now())
    face = acting(family.hanna, family.mandate)
    answer: Any = post(face, EXPORT, **{"for": str(family.mandate), "format": "csv"})
    pieces = iter(answer.streaming_content)
    sent = next(pieces) + next(pieces)
    assert sent.count(b"\r\n") == 4, "the heading and three rows"
    return pieces


def test_a_download_under_way_breaks_off_at_the_end(
    family: Family, end: tuple[Callable[[Family], None], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It breaks off rather than ends: who receives half of it does not take it for the whole."""
    ended, code = end
    pieces = streaming(family, monkeypatch)
    ended(family)
    with pytest.raises(MandateRefused) as refused:
        next(pieces)
    assert refused.value.code == code and list(pieces) == [], "and nothing comes after that"


def test_a_download_that_nothing_ended_goes_on_to_its_last_row(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = b"".join(streaming(family, monkeypatch))
    assert rest.count(b"\r\n") == len(family.lilli.entries()) - 3


def test_a_piece_that_meets_the_end_under_way_waits_and_is_not_sent(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = streaming(family, monkeypatch)
    with citizen_scope(family.lilli.id):
        mandate_changes.end_without_answer(mandate_id=family.mandate, now=timezone.now())
        sending, outcome = in_thread(lambda: next(pieces))
        until_waiting(1)
    sending.join(20)
    assert isinstance(outcome[0], MandateRefused) and outcome[0].code == "mandate_ended"


def asked_for(family: Family) -> Export:
    """A copy that the guardian has asked for, and no worker has begun."""
    with acts.use(family.doing()):
        made = export.ask(citizen_id=family.lilli.id, language="en", now=timezone.now())
    with citizen_scope(family.lilli.id):
        return Export.objects.get(pk=made.export_id)


def during(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object]) -> None:
    """While a key is made of the passphrase, which takes a third of a second and holds no transaction."""
    real = seal.locked

    def locked(**given: Any) -> Any:
        made = real(**given)
        with acts.use(None):  # elsewhere
            deed()
        return made

    monkeypatch.setattr(export.seal, "locked", locked)


def test_no_passphrase_is_made_by_who_may_act_no_longer_once_its_key_is_made(
    family: Family, end: tuple[Callable[[Family], None], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, _ = end
    row, doing, came = asked_for(family), family.doing(), timezone.now()
    during(monkeypatch, lambda: ended(family))
    with acts.use(doing), pytest.raises(MandateRefused):
        export.new_passphrase(citizen_id=family.lilli.id, export_id=row.pk, now=came)
    with citizen_scope(family.lilli.id):
        assert Export.objects.get(pk=row.pk).lock == row.lock


def test_no_copy_is_asked_for_nor_deleted_by_who_may_act_no_longer(
    family: Family, end: tuple[Callable[[Family], None], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, _ = end
    row, doing, came = asked_for(family), family.doing(), timezone.now()
    ended(family)
    with acts.use(doing):
        with pytest.raises(MandateRefused):
            export.delete(citizen_id=family.lilli.id, export_id=row.pk, now=came)
        with pytest.raises(MandateRefused):
            export.ask(citizen_id=family.lilli.id, language="en", now=came)
    with citizen_scope(family.lilli.id):
        assert Export.objects.get(pk=row.pk).state == row.state


def test_no_worker_makes_a_copy_for_who_leaves(family: Family) -> None:
    row = asked_for(family)
    guardian_leaves(family)
    export.run(export_id=row.pk)
    with citizen_scope(family.lilli.id):
        found = Export.objects.get(pk=row.pk)
    assert (found.state, found.code) == ("failed", "mandate_over") and copies(family) == 0
