"""A use that a law had kept back, in the bundle of a real log: its leaf is proved since the day it came, and what is done to it meanwhile shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import allow_delay, delay, prove
from consent import days
from consent.ledger import queries as ledger
from consent.ledger.events import Event
from consent.scope import citizen_scope
from consent.uses.values import Use
from tests.support.cast import Cast, Person, services
from tests.support.days_later import days_later
from tests.uses.telling import newcomer

Seal = Callable[[], None]
CHECK = Callable[[str, list[Any]], list[Any]]
LAW = "fi.police.5-58"


@pytest.fixture(scope="module")
def permitted(committed_cast: Cast, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        first, second = (Operator.objects.create(username=n, name=n, roles=["agency_officer"], password="!") for n in ("astrid", "berit"))
        asked = allow_delay.ask(
            operator=first, agency_code=committed_cast.office.client_id, law=LAW, reason="Investigations", now=timezone.now()
        )
        allow_delay.approve(operator=second, permission_id=asked.pk, now=timezone.now())


def _keep(cast: Cast, person: Person) -> UUID:
    told = Use(
        used_at=timezone.now() - timedelta(hours=3), action="Looked up", receiver_code=cast.office.client_id,
        receiver_name="Benefits office", system="Archive", categories=("tax.income",), purpose="benefit-application", entry_id=None,
    )  # fmt: skip
    with citizen_scope(person.id):
        return delay.keep_back(
            citizen_id=person.id, agency_code=cast.office.client_id, use=told, law=LAW, until=days.today() + timedelta(days=30),
            now=timezone.now(),
        )  # fmt: skip


def _longer(cast: Cast, kept_id: UUID) -> UUID:
    until = days.today() + timedelta(days=60)
    return delay.keep_longer(agency_code=cast.office.client_id, kept_id=kept_id, until=until, reference="R 26/1", now=timezone.now())


def _told(person: Person, number: int) -> dict[str, Any]:
    """The bundle after it was told, and sealed."""
    with days_later(number):
        assert delay.sweep(now=timezone.now()) == 1
    return prove.bundle(citizen_id=person.id, now=timezone.now())


def _both(program: ModuleType, in_node: CHECK, bundle: dict[str, Any]) -> tuple[str, list[str]]:
    said = program.check_bundle(bundle)
    assert in_node("check", [(bundle, {})]) == [said]
    return said["verdict"], [found["code"] for found in said["findings"]]


@pytest.mark.usefixtures("permitted")
def test_its_leaves_are_proved_in_the_bundle(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    dora = newcomer(cast)
    kept_id = _keep(cast, dora)
    longer_id = _longer(cast, kept_id)
    seal()
    before = prove.bundle(citizen_id=dora.id, now=timezone.now())
    assert "kept" not in str(before) and str(kept_id) not in str(before), "nothing tells that it is there"
    bundle = _told(dora, 61)
    (entry,) = [one for one in bundle["entries"] if one["access"]["event"] == Event.USE_DISCLOSED]
    named = entry["access"]["details"]["kept"]
    assert [one["id"] for one in named] == [str(kept_id), str(longer_id)]
    assert [one["commitment"] for one in entry["kept"]] == [one["commitment"] for one in named]
    assert all(one["proof"] for one in entry["kept"]) and entry["proof"] is None, "the older leaves are proved before the entry itself"
    assert _both(program, in_node, bundle) == ("verified", [])
    seal()
    head = ledger.newest_checkpoint()
    bundle = prove.bundle(citizen_id=dora.id, now=timezone.now())
    (entry,) = [one for one in bundle["entries"] if one["access"]["event"] == Event.USE_DISCLOSED]
    assert head and all(one["index"] < entry["index"] < head.size for one in entry["kept"])
    assert _both(program, in_node, bundle) == ("verified", [])
    assert all(
        list(one) == ["seq", "prev", "commitment", "salt", "access", "index", "proof"] for one in bundle["entries"] if one is not entry
    )


@pytest.mark.usefixtures("permitted")
def test_what_was_done_to_it_while_it_was_kept_shows(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    dora = newcomer(cast)
    kept_id = _keep(cast, dora)
    seal()
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE ledger_keptback SET kept_at = kept_at - interval '1 day' WHERE id = %s", [kept_id])
    assert _both(program, in_node, _told(dora, 31)) == ("failed", ["kept_changed"])


@pytest.mark.usefixtures("permitted")
def test_what_was_never_sealed_is_said_to_be_unproven(cast: Cast, seal: Seal, program: ModuleType, in_node: CHECK) -> None:
    dora = newcomer(cast)
    seal()
    _keep(cast, dora)
    bundle = _told(dora, 31)
    (carried,) = next(one["kept"] for one in bundle["entries"] if "kept" in one)
    assert (carried["index"], carried["proof"]) == (None, None)
    assert _both(program, in_node, bundle) == ("incomplete", ["kept_unproven"])
    seal()
    assert _both(program, in_node, prove.bundle(citizen_id=dora.id, now=timezone.now())) == ("verified", [])
