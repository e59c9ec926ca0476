"""A use that a law lets the citizen be told of later: hidden on every page until its day, told once then, provable since the day it came."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import allow_delay, delay, officers
from aurora.journeys.delay import DelayRefused
from aurora.messages import letters, outbox
from consent import days
from consent.errors import Conflict, InvalidInput, NotFound
from consent.ledger import delays
from consent.ledger.models import DelayPermission
from consent.ledger.queries import my_sequence_is_unbroken, open_entry
from consent.scope import citizen_scope
from consent.two_people import SamePerson
from consent.uses.models import UsageReport
from consent.uses.values import Use
from tests.support.cast import Cast, browser, services
from tests.support.copies import everything
from tests.support.days_later import days_later
from tests.support.owners import own_token

LAW, SECRET = "fi.police.5-58", "Covert look at the income"


def _officer(name: str) -> Operator:
    made, _ = Operator.objects.get_or_create(
        username=name, defaults={"name": name, "roles": ["agency_officer"], "password": "!", "is_active": True}
    )
    return made


@pytest.fixture
def allowed(cast: Cast) -> DelayPermission:
    """The office may, by two officers."""
    standing = DelayPermission.objects.filter(agency=cast.office.client_id, law=LAW, state="standing").first()
    if standing is not None:
        return standing
    now = timezone.now()
    asked = allow_delay.ask(operator=_officer("anna"), agency_code=cast.office.client_id, law=LAW, reason="The police asks", now=now)
    allow_delay.approve(operator=_officer("bo"), permission_id=asked.pk, now=now)
    asked.refresh_from_db()
    return asked


def _use(cast: Cast, **changes: Any) -> Use:
    return Use(**{
        "used_at": timezone.now() - timedelta(hours=3), "action": SECRET, "receiver_code": cast.office.client_id,
        "receiver_name": "Benefits office", "system": "Archive", "categories": ("tax.income",), "purpose": "benefit-application",
        "entry_id": None, **changes,
    })  # fmt: skip


def _keep(cast: Cast, *, in_days: int = 30, law: str = LAW, agency: str | None = None) -> UUID:
    until = days.today() + timedelta(days=in_days)
    with citizen_scope(cast.aino.id):
        return delay.keep_back(
            citizen_id=cast.aino.id, agency_code=agency or cast.office.client_id, use=_use(cast), law=law, until=until, now=timezone.now()
        )


def _pages(cast: Cast) -> str:
    face = cast.aino.browser()
    shown = [face.get(path).content.decode() for path in ("/en/activity/", "/en/home/", "/en/messages/", "/en/my-data/", "/en/concerns/")]
    export = everything(cast.aino.id)
    return "".join(shown) + json.dumps(export)


def test_nothing_shows_until_the_day_and_then_it_is_told_once(cast: Cast, allowed: DelayPermission) -> None:
    before = [(e.seq, e.event) for e in cast.aino.entries()]
    messages = {m.pk for m in cast.aino.messages()}
    kept_id = _keep(cast)
    with psycopg.connect(services().admin_url or "") as admin:
        (until,) = admin.execute("SELECT until FROM ledger_keptback WHERE id = %s", [kept_id]).fetchone()  # type: ignore[misc]
    assert until == days.start_of(days.today() + timedelta(days=31)), "through the whole day that was named"
    assert [(e.seq, e.event) for e in cast.aino.entries()] == before
    assert SECRET not in _pages(cast)
    with citizen_scope(cast.aino.id):
        assert my_sequence_is_unbroken(cast.aino.id).unbroken and not UsageReport.objects.filter(came="disclosed").exists()
    with days_later(29):
        assert delay.sweep(now=timezone.now() + timedelta(days=400)) == 0  # what a caller says of the time counts for nothing
    with days_later(32):  # in the first hour of a day, and over the change to winter time, 31 times 24 hours are too few
        assert delay.sweep(now=timezone.now()) == 1 and delay.sweep(now=timezone.now()) == 0
    entry = cast.aino.entries()[-1]
    assert (entry.event, entry.actor, entry.categories) == ("agency:use:disclosed", cast.office.client_id, ["tax.income"])
    assert [m.kind for m in cast.aino.messages() if m.pk not in messages] == ["use_disclosed"]
    with citizen_scope(cast.aino.id):
        assert UsageReport.objects.filter(came="disclosed").count() == 1
        assert my_sequence_is_unbroken(cast.aino.id).unbroken
    page = cast.aino.browser().get(f"/en/activity/{entry.pk}/").content.decode()
    assert "Police Act (872/2011)" in page and "Why are you told only now?" in page and "Somebody has changed it" not in page
    _proves(cast, entry, kept_id)


def _proves(cast: Cast, entry: Any, kept_id: UUID) -> None:
    """With nothing of ours between: the salt and the text hash to the leaf that the tree has had since the day it came."""
    from functools import partial

    from aurora.identity import vault

    with citizen_scope(cast.aino.id):
        opened = open_entry(entry, partial(vault.open_sealed, citizen_id=cast.aino.id))
    assert opened.genuine
    (told,) = opened.details["kept"]
    hashed = hashlib.sha256(bytes.fromhex(told["salt"]) + told["entry"].encode()).hexdigest()
    with psycopg.connect(services().admin_url or "") as admin:
        rows = admin.execute(
            "SELECT commitment FROM ledger_pending WHERE entry_id = %(id)s UNION SELECT commitment FROM ledger_leaf WHERE entry_id = %(id)s",
            {"id": kept_id},
        ).fetchall()
    assert told["id"] == str(kept_id) and hashed == told["commitment"] == bytes(rows[0][0]).hex()
    then = json.loads(told["entry"])
    assert then["access"]["details"]["report"]["action"] == SECRET and then["access"]["citizen"] == str(cast.aino.id)
    assert then["kept"]["law"] == LAW


def test_a_worker_that_dies_loses_nothing_and_tells_nothing_twice(
    cast: Cast, allowed: DelayPermission, monkeypatch: pytest.MonkeyPatch
) -> None:
    _keep(cast)
    before = len(cast.aino.entries())
    with days_later(32):
        with monkeypatch.context() as patched:
            patched.setattr(delay.kept, "disclosed", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                delay.sweep(now=timezone.now())
        connection.close()
        assert len(cast.aino.entries()) == before
        assert delay.sweep(now=timezone.now()) == 1
    assert len(cast.aino.entries()) == before + 1


@pytest.mark.parametrize(
    ("in_days", "code"), [(-2, "delay_over"), (-1, "delay_over"), (366, "delay_too_long"), (2_900_000, "delay_too_long")]
)
def test_a_date_in_the_past_or_beyond_the_law_is_refused(cast: Cast, allowed: DelayPermission, in_days: int, code: str) -> None:
    with pytest.raises(DelayRefused) as refused:
        _keep(cast, in_days=in_days)
    assert refused.value.code == code


def test_only_by_its_law_and_for_its_agency(cast: Cast, allowed: DelayPermission) -> None:
    for how, code in (
        ({"law": "fi.customs-crime.3-52"}, "delay_not_allowed"),
        ({"law": "x"}, "delay_law_unknown"),
        ({"agency": "tax-administration"}, "delay_not_allowed"),
    ):
        with pytest.raises(DelayRefused) as refused:
            _keep(cast, **how)  # type: ignore[arg-type]
        assert refused.value.code == code


def _extend(cast: Cast, kept_id: UUID, body: Any, scope: str = "uses") -> Any:
    path = f"/api/v1/uses/kept-back/{kept_id}/extension"
    return browser().post(
        path, json.dumps(body), content_type="application/json", **cast.office.bearing(own_token(cast, scope), path, method="POST")
    )  # type: ignore[arg-type]


def test_the_agency_has_it_kept_longer_once(cast: Cast, allowed: DelayPermission) -> None:
    kept_id = _keep(cast)
    later = {"until": (days.today() + timedelta(days=200)).isoformat(), "reference": "Helsinki District Court R 26/117"}
    for odd in (
        {}, {"until": "soon", "reference": "x"}, {**later, "reference": ""}, {**later, "reference": "x" * 201}, {**later, "law": LAW},
        {**later, "until": days.today().isoformat()}, {**later, "until": (days.today() + timedelta(days=900)).isoformat()}, [], "x",
    ):  # fmt: skip
        assert _extend(cast, kept_id, odd).status_code == 400, odd
    assert _extend(cast, uuid4(), later).status_code == 404
    assert _extend(cast, kept_id, later, scope="events").json()["code"] == "insufficient_scope"
    with pytest.raises(NotFound):
        delay.keep_longer(agency_code="tax-administration", kept_id=kept_id, until=days.today(), reference="x", now=timezone.now())
    assert _extend(cast, kept_id, later).status_code == 200
    again = _extend(cast, kept_id, {**later, "until": (days.today() + timedelta(days=300)).isoformat()})
    assert (again.status_code, again.json()["code"]) == (409, "delay_extended_already")
    with days_later(31):
        assert delay.sweep(now=timezone.now()) == 0
    with days_later(202):
        assert delay.sweep(now=timezone.now()) == 1
    page = cast.aino.browser().get(f"/en/activity/{cast.aino.entries()[-1].pk}/").content.decode()
    assert "kept back longer once" in page and "Somebody has changed it" not in page
    assert _extend(cast, kept_id, later).status_code == 404


def test_two_officers_allow_it_and_one_ends_it(cast: Cast) -> None:
    anna, bo, now = _officer("anna"), _officer("bo"), timezone.now()
    how: dict[str, Any] = {"agency_code": cast.office.client_id, "law": "fi.coercive-measures.10-60", "reason": "x", "now": now}
    asked = allow_delay.ask(operator=anna, **how)
    with pytest.raises(allow_delay.PermissionOpen):
        allow_delay.ask(operator=bo, **how)
    with pytest.raises(SamePerson):
        allow_delay.approve(operator=anna, permission_id=asked.pk, now=now)
    with pytest.raises(Conflict):
        allow_delay.end(operator=anna, permission_id=asked.pk, now=now)
    allow_delay.approve(operator=bo, permission_id=asked.pk, now=now)
    allow_delay.end(operator=anna, permission_id=asked.pk, now=now)
    for verb in (allow_delay.approve, allow_delay.decline, allow_delay.end):
        with pytest.raises(Conflict):
            verb(operator=bo, permission_id=asked.pk, now=now)
        with pytest.raises(NotFound):
            verb(operator=bo, permission_id=uuid4(), now=now)
    taken_back = allow_delay.ask(operator=anna, **how)
    allow_delay.decline(operator=anna, permission_id=taken_back.pk, now=now)
    with pytest.raises(InvalidInput) as refused:
        allow_delay.ask(operator=anna, agency_code="nobody", law="none", reason=" ", now=now)
    assert set(refused.value.fields) == {"agency", "law", "reason"}


def test_who_is_no_agency_officer_allows_nothing(cast: Cast) -> None:
    auditor, _ = Operator.objects.get_or_create(username="ari", defaults={"name": "Ari", "roles": ["auditor"], "password": "!"})
    with pytest.raises(officers.NotAnOfficer):
        allow_delay.ask(operator=auditor, agency_code=cast.office.client_id, law=LAW, reason="x", now=timezone.now())
    for verb in (allow_delay.approve, allow_delay.decline, allow_delay.end):
        with pytest.raises(officers.NotAnOfficer):
            verb(operator=auditor, permission_id=uuid4(), now=timezone.now())


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["auditor"]}], ids=["left", "another role"])
def test_what_somebody_asked_for_who_is_no_officer_any_more_nobody_agrees_to(cast: Cast, change: dict[str, Any]) -> None:
    gone, bo, now = _officer(f"gone-{uuid4().hex[:6]}"), _officer("bo"), timezone.now()
    how: dict[str, Any] = {"agency_code": cast.office.client_id, "law": "fi.coercive-measures.10-60", "reason": "x", "now": now}
    DelayPermission.objects.filter(law=how["law"], state="standing").update(state="ended", ended_by=bo.pk, ended_at=now)
    asked = allow_delay.ask(operator=gone, **how)
    Operator.objects.filter(pk=gone.pk).update(**change)
    with pytest.raises(officers.NotAnOfficer):  # whatever this request has loaded of them
        allow_delay.decline(operator=gone, permission_id=asked.pk, now=now)
    with pytest.raises(officers.AskerGone):
        allow_delay.approve(operator=bo, permission_id=asked.pk, now=now)
    allow_delay.decline(operator=bo, permission_id=asked.pk, now=now)


def test_all_that_one_sweep_tells_is_one_message(cast: Cast, allowed: DelayPermission) -> None:
    before = {m.pk for m in cast.aino.messages()}
    with days_later(31):
        delay.sweep(now=timezone.now())  # what tests before have left
        known = {m.pk for m in cast.aino.messages()}
        kept = [_keep(cast, in_days=32 + n) for n in range(7)]
    with days_later(45):
        assert delay.sweep(now=timezone.now()) == len(kept)
    told = [e.pk for e in cast.aino.entries() if e.event == "agency:use:disclosed"][-len(kept) :]
    (made,) = [m for m in cast.aino.messages() if m.pk not in known | before]
    with citizen_scope(cast.aino.id):
        opened = outbox.open_row(made)
        assert {one["entry"] for one in opened.about} == {str(entry) for entry in told}
        letter = letters.compose(opened, language="en")
    assert "7 times" in letter.sentences[0] and letter.links == (("See your activity", "/en/activity/"),)
    with days_later(45):
        one = [_keep(cast, in_days=46 + n) for n in range(2)]
    with days_later(50):
        known = {m.pk for m in cast.aino.messages()}
        assert delay.sweep(now=timezone.now()) == len(one)
    (made,) = [m for m in cast.aino.messages() if m.pk not in known]
    with citizen_scope(cast.aino.id):
        letter = letters.compose(outbox.open_row(made), language="en")
    assert len(letter.links) == 2 and all(path.startswith("/en/activity/0") for _, path in letter.links)


def test_counts_tell_how_many_by_agency_law_and_month(cast: Cast, allowed: DelayPermission) -> None:
    before = sum(c.kept for c in delays.counts())
    _keep(cast)
    assert sum(c.kept for c in delays.counts()) == before + 1
    assert {(c.agency, c.law) for c in delays.counts()} == {(cast.office.client_id, LAW)}
    assert str(cast.aino.id) not in str(delays.counts())
    with days_later(32):  # overdue is what has been due for an hour: soon after midnight 31 is not enough
        assert sum(c.overdue for c in delays.counts()) >= 1 and delay.sweep(now=timezone.now()) >= 1
        assert sum(c.overdue for c in delays.counts()) == 0


def test_what_can_never_be_told_keeps_nobody_elses_turn(cast: Cast, allowed: DelayPermission, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many such rows there are, and however long they have been due."""
    kept_id = _keep(cast, in_days=1)
    monkeypatch.setattr(delay, "MOST", 1)
    with days_later(3):
        found = delay.kept.due(most=10_000)
        monkeypatch.setattr(delay.kept, "due", lambda *, most: ([(uuid4(), cast.cecilia.id)] * 3 + found)[:most])
        assert (kept_id, cast.aino.id) in found and any(delay.sweep(now=timezone.now()) for _ in range(200))
        monkeypatch.undo()
        delay.sweep(now=timezone.now())  # whatever else is due, so that it is not counted by other tests
