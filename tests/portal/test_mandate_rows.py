"""What the database lets an attorney write of a mandate, whatever the code does: nothing, but their name into an offer that is meant for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, ProgrammingError, transaction
from django.utils import timezone

from aurora.journeys import delegate
from consent.models import Mandate, MandateEvent
from consent.scope import citizen_scope, lookup_scope
from tests.support.cast import Cast, Person
from tests.support.mandated import attorney, mandate, offered, row, somebody, terms


def values(giver: Person, holder: Person, **changes: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        "principal_id": giver.id, "attorney_id": holder.id, "kind": "power_of_attorney", "state": "standing", "themes": ["family"],
        "meant": {"family": {"categories": [], "purposes": []}}, "not_before": now, "expires_at": now + timedelta(days=9), "created_at": now,
    } | changes  # fmt: skip


@contextmanager
def forbidden(match: str) -> Iterator[None]:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        yield


@pytest.mark.parametrize(
    "changes", [{}, {"state": "offered"}, {"kind": "guardian", "themes": [], "expires_at": None}, {"kind": "estate", "themes": []}]
)
def test_nobody_gives_themself_a_mandate_over_another(cast: Cast, changes: dict[str, Any]) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    with citizen_scope(valto.id), forbidden("row-level security"):
        Mandate.objects.create(**values(aamu, valto, **changes))
    with citizen_scope(aamu.id):
        assert not Mandate.objects.filter(principal_id=aamu.id).exists()
        Mandate.objects.create(**values(aamu, valto, **changes))  # of oneself one gives


@pytest.mark.parametrize("state", ["offered", "standing"])
def test_an_attorney_changes_no_mandate_of_anothers(cast: Cast, state: str) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = (offered if state == "offered" else mandate)(aamu, valto)
    before = row(aamu, made)
    with citizen_scope(valto.id):
        held = Mandate.objects.filter(pk=made)
        assert held.count() == 1, "they see it"
        for changes in ({"state": "standing"}, {"evidence": {}}, {"state": "ended", "ended_at": timezone.now()}, {"freezes_at": None}):
            assert held.update(**changes) == 0, changes
        assert list(held.select_for_update()) == [], "nor lock it against its giver"
        assert held._raw_delete(held.db) == 0
    assert {f: getattr(row(aamu, made), f) for f in vars(before) if f != "_state"} == {
        f: v for f, v in vars(before).items() if f != "_state"
    }


def test_who_is_named_puts_themself_in_and_changes_nothing_else(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = delegate.offer(principal_id=aamu.id, identifier=valto.national_id, terms=terms(), now=timezone.now())
    digest = bytes(row(aamu, made).attorney_digest or b"")
    with citizen_scope(valto.id), lookup_scope(digest):
        waiting = Mandate.objects.filter(pk=made)
        for changes in ({"state": "standing"}, {"evidence": {"from": "me"}}, {"freezes_at": timezone.now()}, {"invited_sealed": b""}):
            with forbidden("changes nothing else"):
                waiting.update(attorney_id=valto.id, **changes)
            with forbidden("row-level security|stands_by_a_person"):
                waiting.update(**changes)
        with forbidden("row-level security"):
            waiting.update(attorney_id=cast.cecilia.id)
        assert waiting.update(attorney_id=valto.id) == 1


def test_history_is_written_by_whose_mandate_it_is(cast: Cast) -> None:
    aamu, valto = somebody("Aamu Päämies"), attorney()
    made = mandate(aamu, valto)
    now = timezone.now()
    with citizen_scope(valto.id):
        assert MandateEvent.objects.filter(mandate_id=made).count() == 3, "both read it"
        for kind, by in (("confirmed", aamu.id), ("accepted", valto.id), ("addressed", aamu.id)):
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                MandateEvent.objects.create(mandate_id=made, at=now, kind=kind, by_id=by)
    with citizen_scope(cast.cecilia.id):
        assert not MandateEvent.objects.filter(mandate_id=made).exists()
