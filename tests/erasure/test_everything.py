"""A citizen leaves: closed and emptied at once, gone after the thirty days, and a certificate stays that names nobody."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from django.db import DatabaseError
from django.utils import timezone

from aurora.erasures import certificate
from aurora.erasures.models import Erasure
from aurora.identity import citizens, vault
from aurora.identity.eid import Identified
from aurora.identity.models import Citizen
from aurora.journeys import erase, suggest
from aurora.journeys._erase_parts import EVERYTHING, Scope
from aurora.twin import declared
from aurora.twin.models import SuggestionRun
from consent import acting, signing
from consent.errors import NotFound
from consent.ledger.queries import my_sequence_is_unbroken
from consent.scope import citizen_scope
from tests.erasure.going import admin, go_on, held_by, let_days_pass, make_due, stands, tables_naming
from tests.support.cast import Cast, Person, version_of
from tests.support.mandated import mandate as power_of_attorney
from tests.support.stack import wait_for


def leave(person: Person) -> erase.Asked:
    return erase.everything(citizen_id=person.id, language="fi", now=timezone.now())


def ended(erasure_id: UUID) -> Erasure:
    """The row once it is done: files are written anew when nobody sees what was deleted any more, be it PostgreSQL itself for its statistics."""

    def is_done() -> bool:
        row = go_on(erasure_id)
        if row.state != "done":
            make_due(erasure_id)
        return row.state == "done"

    wait_for(is_done, "the erasure to end", within=240)
    return stands(erasure_id)


def gone(person: Person) -> tuple[UUID, str]:
    asked = leave(person)
    assert go_on(asked.erasure_id).state == "waiting"
    let_days_pass(person.id)
    ended(asked.erasure_id)
    return asked.erasure_id, asked.secret


def say(person: Person) -> None:
    with citizen_scope(person.id):
        declared.state(
            citizen_id=person.id,
            said={"life.home": {"municipality": "091"}},
            version={"life.home": version_of("life.home")},
            now=timezone.now(),
        )


def test_at_once_the_data_go_and_after_thirty_days_the_rest(cast: Cast, leaver: Person) -> None:
    cast.office.granted(leaver)
    token = cast.office.granted(leaver)["access_token"]
    assert cast.office.read(token, "tax.income").status_code == 200
    before = erase.preview(citizen_id=leaver.id, scope=Scope(EVERYTHING), now=timezone.now())
    assert before.counts["facts"] > 0 and before.counts["suggestions"] == 1 and [a.agency for a in before.agencies]

    asked = leave(leaver)
    row = go_on(asked.erasure_id)
    assert row.state == "waiting" and row.counts["facts"] == before.counts["facts"]
    for table in ("twin_fact", "twin_suggestionrun", "twin_evaluation", "twin_feedback", "twin_trainingrow"):
        assert held_by(leaver.id, table) == 0, table
    assert cast.office.read(token, "tax.income").status_code == 403
    assert not leaver.consents(state="given")
    with citizen_scope(leaver.id):
        assert my_sequence_is_unbroken(leaver.id).unbroken
        assert vault.has_key(citizen_id=leaver.id)
    assert go_on(asked.erasure_id).state == "waiting", "not a day before"

    let_days_pass(leaver.id)
    row = ended(asked.erasure_id)
    assert row.citizen_id is None, row.steps
    left = tables_naming(leaver.id)
    assert set(left) <= {"public.erasures_leaver"}, left

    claims = signing.verify(row.certificate, typ=certificate.TYP)
    text = json.dumps(claims, ensure_ascii=False)
    for personal in (leaver.name, leaver.national_id, str(leaver.id)):
        assert personal not in text
    assert not re.search(r"(?<![\w.-])23457(?![\w-])", text), "the wages: digits of ids and of moments may be these by chance"
    document = claims["certificate"]
    deleted = {one["aurora:part"]: one["aurora:number"] for one in document["aurora:deleted"]}
    assert deleted["facts"] == before.counts["facts"] and deleted["log"] > 10 and deleted["account"] == 1 and deleted["key"] == 1
    assert document["aurora:keyDestroyed"]["aurora:keys"][0]["aurora:version"] == 1
    [office] = document["aurora:agencies"]
    assert office["aurora:categories"] == ["tax.income"] and office["aurora:state"] == "asked" and office["aurora:confirmBy"]
    assert document["dct:language"] == "fi" and "Tiedot" in text


def test_earlier_erasures_leave_no_row_behind_either(leaver: Person) -> None:
    """One that was done, and one that was called off: each bears the number, and the first says what there had been."""
    now = timezone.now()
    first = erase.category(citizen_id=leaver.id, code="tax.income", language="en", now=now)
    assert go_on(first.erasure_id).state == "done"
    go_on(leave(leaver).erasure_id)
    assert erase.call_off(citizen_id=leaver.id, now=now) and held_by(leaver.id, "erasures_erasure") == 2
    _, secret = gone(leaver)
    left = tables_naming(leaver.id)
    assert set(left) <= {"public.erasures_leaver"}, left
    assert erase.at_secret_address(secret=secret).certificate


def test_it_is_called_off_and_the_citizen_goes_on(leaver: Person) -> None:
    asked = leave(leaver)
    go_on(asked.erasure_id)
    with pytest.raises(DatabaseError):
        say(leaver)
    assert erase.call_off(citizen_id=leaver.id, now=timezone.now()) and not erase.call_off(citizen_id=leaver.id, now=timezone.now())
    assert stands(asked.erasure_id).state == "cancelled"
    assert [e.event for e in leaver.entries()][-1] == "citizen:erasure:cancelled"
    say(leaver)
    let_days_pass(leaver.id)
    assert go_on(asked.erasure_id).state == "cancelled"
    again = leave(leaver)
    assert again.erasure_id != asked.erasure_id and again.secret


def test_asked_twice_it_is_one_and_tells_no_secret(leaver: Person) -> None:
    first, second = leave(leaver), leave(leaver)
    assert first.erasure_id == second.erasure_id and first.secret and not second.secret
    go_on(first.erasure_id)
    assert [e.event for e in leaver.entries()].count("citizen:erasure:asked") == 1


def test_nobody_does_it_for_another(leaver: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "current", lambda: object())
    now = timezone.now()
    for deed in (
        lambda: erase.everything(citizen_id=leaver.id, language="en", now=now),
        lambda: erase.source(citizen_id=leaver.id, code="tax-administration", language="en", now=now),
        lambda: erase.category(citizen_id=leaver.id, code="tax.income", language="en", now=now),
        lambda: erase.call_off(citizen_id=leaver.id, now=now),
        lambda: erase.preview(citizen_id=leaver.id, scope=Scope(EVERYTHING), now=now),
    ):
        with pytest.raises(NotFound):
            deed()
    monkeypatch.undo()
    assert held_by(leaver.id, "erasures_erasure") == 0 and held_by(leaver.id, "twin_fact") > 0


def test_who_acted_for_another_leaves_only_a_number_behind(cast: Cast, leaver: Person) -> None:
    """Aino had given the leaver a power of attorney: her history goes on saying that somebody had one, and not who."""
    mandate = power_of_attorney(cast.aino, leaver)
    gone(leaver)
    with admin() as database:
        citizen = database.execute(
            "SELECT length(name_sealed), length(national_id_sealed), last_login FROM identity_citizen WHERE id = %s", [leaver.id]
        ).fetchone()
        assert citizen == (0, 0, None)
        state, digest = database.execute("SELECT state, attorney_digest FROM consent_mandate WHERE id = %s", [mandate]).fetchone()  # type: ignore[misc]
    assert state == "revoked" and digest != bytes(leaver.citizen.subject_hmac)
    assert cast.aino.browser().get(f"/en/mandates/{mandate}/").status_code == 200
    # The number can be nobody's again: no message, no key, no fact.
    with pytest.raises(DatabaseError), citizen_scope(leaver.id):
        vault.create_key(citizen_id=leaver.id)


def test_the_same_person_may_come_again_as_somebody_new(leaver: Person) -> None:
    gone(leaver)
    again = citizens.find_or_create(
        identified=Identified(citizens.national_issuer(), leaver.national_id, leaver.name), language="en", now=timezone.now()
    )
    assert again.pk != leaver.id
    with citizen_scope(again.pk):
        assert Citizen.objects.filter(pk=again.pk).exists()


def test_suggestions_of_who_is_closed_are_refused_however_they_come(leaver: Person) -> None:
    asked = leave(leaver)
    with pytest.raises((DatabaseError, suggest.NothingAllowed)):
        with citizen_scope(leaver.id):
            SuggestionRun.objects.filter(citizen_id=leaver.id).delete()
        suggest.suggest(citizen_id=leaver.id, now=timezone.now())
    go_on(asked.erasure_id)
    assert held_by(leaver.id, "twin_suggestionrun") == 0
