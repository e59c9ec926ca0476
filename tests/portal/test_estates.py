"""Estates: from the register's answer to its end; what an administrator sees and ends, what nobody does for the dead, and what a death ends."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone
from jsonschema import Draft202012Validator

from aurora.exports import forgetting
from aurora.identity import citizens, eid
from aurora.identity.backends import CitizenBackend
from aurora.identity.eid import Identified
from aurora.identity.models import Citizen
from aurora.journeys import act_for, delegate, estates, registers, sign_in
from aurora.journeys import pull as pull_journey
from aurora.journeys._fetch import Fetched
from aurora.journeys._keep import keep
from aurora.journeys.end_consents import end_of_the_dead
from aurora.journeys.estates import Estate
from aurora.journeys.registers import Told
from aurora.journeys.withdraw import end
from aurora.messages import address
from aurora.sandbox import estates as sandbox_estates
from aurora.sandbox import vocabulary
from aurora.sandbox.config import Persona
from aurora.sources.connectors import Answer
from aurora.twin import queries as twin
from aurora.twin import write
from aurora.twin.models import Fact
from aurora.twin.values import NewFact
from consent import acting as acting_on
from consent import days
from consent.acting import MandateRefused
from consent.models import Mandate
from consent.queries import current_categories
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.portal.test_mandates import events, messages
from tests.support.cast import REGISTER, Cast, Person, version_of
from tests.support.copies import copied
from tests.support.mandated import acting, consented, mandate, offered, post, principal, row, somebody, stands

TODAY = days.today()
DIED = TODAY - timedelta(days=20)


def administrator(name: str = "Hoitaja Henkilö") -> Person:
    person = somebody(name)
    consented(person, REGISTER, purpose=estates.PURPOSE)
    return person


def estate(dead: Person, **changes: Any) -> Estate:
    values = {"died": DIED, "role": "shareholder", "begins": DIED, "ends": None}
    return Estate(dead.national_id, dead.name, **(values | changes))


def told(person: Person, *found: Estate) -> None:
    """The register answers."""
    with citizen_scope(person.id):
        registers.keep(holder_id=person.id, told=Told(estates=list(found)), source=REGISTER, pull_id=uuid4(), now=timezone.now())


def held(person: Person) -> list[Mandate]:
    with citizen_scope(person.id):
        return list(Mandate.objects.filter(attorney_id=person.id, kind="estate").order_by("created_at"))


def administered(name: str = "Vainaja Vanha") -> tuple[Person, Person, UUID]:
    """Somebody who has died, who administers what they left, and the mandate."""
    dead, heir = principal(name), administrator()
    told(heir, estate(dead))
    return dead, heir, held(heir)[0].pk


def test_an_administrator_sees_takes_along_and_ends(cast: Cast) -> None:
    dead, heir, made = administered()
    (consent,) = [c for c in dead.consents(state="given") if c.source and c.source.code == REGISTER]
    face = acting(heir, made)
    page = face.get("/en/my-data/")
    assert dead.name.encode() in page.content and page.context["page"].groups  # type: ignore[attr-defined]
    assert b"You are handling the estate of" in page.content and b"They see everything" not in page.content
    for path in ("consents/", "activity/", f"consents/{consent.pk}/"):
        assert face.get(f"/en/{path}").status_code == 200, path
    assert post(face, "/en/my-data/copy/", **{"for": str(made)}).status_code == 200
    with citizen_scope(dead.id):
        forgetting.forget(citizen_id=dead.id)  # the one just asked for, whose passphrase the page has
    with acting_on.use(act_for.acting_for(actor=heir.id, mandate_id=made, now=timezone.now())):
        copy = copied(dead.id)
    assert len(copy.document["consents"]) == 2 and "log/aurora-log.json" not in copy.packed.namelist()
    assert b'name="keep"' not in face.get(f"/en/consents/{consent.pk}/withdraw/").content
    assert post(face, f"/en/consents/{consent.pk}/withdraw/", decision="withdraw", keep="yes").status_code == 200
    assert [c.state for c in dead.consents(pk=consent.pk)] == ["withdrawn"]
    with citizen_scope(dead.id):
        assert not any(c.startswith("population.") for c in twin.categories_held(citizen_id=dead.id)), "nobody could delete what was kept"
    assert events(dead) == ["registered", "used"] and events(heir) == ["registered"] and "mandate_changed" not in messages(dead)
    shown = face.get("/en/activity/").content.decode()
    assert "An administrator of the estate ended a consent" in shown and f"{heir.name}, as administrator of the estate" in shown


def test_what_the_dead_had_kept_goes_with_what_the_administrator_ends(cast: Cast) -> None:
    dead = principal("Vainaja Vanha")
    (consent,) = [c for c in dead.consents(state="given") if c.source and c.source.code == REGISTER]
    with citizen_scope(dead.id):
        now, household = timezone.now(), "population.household"
        # From a source at which no consent stands.
        away = NewFact(household, version_of(household), "household_size", 1, "reported", "another-source", now, uuid4())
        write.write(citizen_id=dead.id, facts=[away], now=now, whole=set())
        held_before = Fact.objects.filter(citizen_id=dead.id, superseded_at__isnull=True)
        assert held_before.filter(source=REGISTER).exists() and held_before.update(kept_at=now) > 1
    heir = administrator()
    told(heir, estate(dead))
    face = acting(heir, held(heir)[0].pk)
    assert post(face, f"/en/consents/{consent.pk}/withdraw/", decision="withdraw").status_code == 200
    with citizen_scope(dead.id):
        assert not Fact.objects.filter(citizen_id=dead.id, source=REGISTER).exists()
    for other in [c for c in dead.consents(state="given") if c.recipient_id == consent.recipient_id]:
        post(face, f"/en/consents/{other.pk}/withdraw/", decision="withdraw")
    with citizen_scope(dead.id):
        assert not Fact.objects.filter(citizen_id=dead.id).exists(), "the last end takes all of it"


def test_nobody_gives_answers_or_asks_for_suggestions_for_the_dead(cast: Cast) -> None:
    dead, heir, made = administered()
    face, before = acting(heir, made), [(c.pk, c.state) for c in dead.consents()]
    query = {"client_id": cast.office.client_id, "request_uri": cast.office.push()}
    for path, sent in (
        ("/oauth/authorize", query),
        ("/en/suggestions/", {}),
        (f"/en/sources/{REGISTER}/connect/", {}),
        ("/en/mandates/offer/", {}),
    ):
        answer = face.get(path, sent)
        assert answer.status_code == 403 and b"for the dead" in answer.content, path
    assert post(face, "/oauth/authorize", **query, decision="allow", categories=["tax.income"]).status_code == 403
    assert [(c.pk, c.state) for c in dead.consents()] == before


def test_the_news_of_a_death_ends_what_agencies_were_allowed_and_nothing_that_aurora_was(cast: Cast) -> None:
    dead, heir = principal("Vainaja Vanha"), administrator()
    token = cast.office.granted(dead)["access_token"]
    assert cast.office.read(token, "tax.income").status_code == 200
    told(heir, estate(dead))
    assert end_of_the_dead(now=timezone.now()) == 1 and end_of_the_dead(now=timezone.now()) == 0
    refused = cast.office.read(token, "tax.income")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_withdrawn")
    assert {c.recipient.code: c.state for c in dead.consents()} == {"aurora": "given", cast.office.client_id: "withdrawn"}
    (entry,) = [e for e in dead.entries() if e.event == "aurora:consent:ended"]
    page = acting(heir, held(heir)[0].pk).get(f"/en/consents/{entry.consent_ids[0]}/").content
    assert b"told that the person has died" in page
    with citizen_scope(dead.id):
        said = [(d.kind, d.payload["data"]["ended_by"]) for d in Delivery.objects.filter(citizen_id=dead.id)]
    assert said == [("consent.withdrawn", "aurora")] and cast.aino.consents(recipient__code=cast.office.client_id, state="given"), (
        "nobody else's"
    )


def test_the_dead_sign_in_no_more_and_their_sessions_are_over(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, heir = principal("Vainaja Vanha"), administrator()
    face = dead.browser()
    assert face.get("/en/home/").status_code == 200
    told(heir, estate(dead))
    assert face.get("/en/home/").status_code == 302 and CitizenBackend().get_user(dead.id) is None

    def come(person: Person) -> Citizen:
        named = Identified(citizens.national_issuer(), person.national_id, person.name)
        monkeypatch.setattr(eid, "identify", lambda **_: named)
        errand = {"state": "s", "verifier": "v", "nonce": "n", "next": ""}
        return sign_in.finish(remembered=errand, answer={}, language="en", now=timezone.now())[0]

    with pytest.raises(sign_in.SignInRefused):
        come(dead)
    assert come(heir).pk == heir.id
    told(heir)
    with pytest.raises(sign_in.SignInRefused):
        come(dead)


def test_no_mail_and_no_other_mandate_outlives_the_dead(cast: Cast) -> None:
    dead, heir, valto, aamu = principal("Vainaja Vanha"), administrator(), somebody("Valto Valtuutettu"), somebody("Aamu Päämies")
    given, held_by_them, open_offer = mandate(dead, valto), mandate(aamu, dead), offered(dead, valto)
    face = acting(valto, given)
    with citizen_scope(dead.id):
        address.give(citizen_id=dead.id, typed="vainaja@example.com", whole=True, now=timezone.now())
    told(heir, estate(dead))
    assert {row(valto, m).state for m in (given, open_offer)} == {"ended"} == {row(aamu, held_by_them).state}
    assert face.get("/en/consents/").status_code == 403 and dead.name.encode() not in face.get("/en/my-data/").content
    assert events(valto)[-1] == events(aamu)[-1] == "ended" and messages(aamu)[-1] == "mandate_changed"
    with citizen_scope(dead.id):
        assert address.held(citizen_id=dead.id).address == ""


def test_of_two_administrators_each_sees_and_each_ends_and_the_other_reads_of_it(cast: Cast) -> None:
    dead, first, made = administered()
    second = administrator("Toinen Hoitaja")
    told(second, estate(dead, role="administrator"))
    others = held(second)[0]
    assert others.evidence["role"] == "administrator" and stands(first, made) and stands(second, others.pk)
    consent = dead.consents(state="given")[0]
    assert post(acting(first, made), f"/en/consents/{consent.pk}/withdraw/", decision="withdraw").status_code == 200
    shown = acting(second, others.pk).get("/en/activity/").content.decode()
    assert "Somebody else, as administrator of the estate" in shown and first.name not in shown


def test_it_ends_by_the_register_by_its_date_and_without_the_consent_to_ask(cast: Cast) -> None:
    dead, heir, made = administered()
    told(heir, estate(dead))
    assert len(held(heir)) == 1 and stands(heir, made)
    told(heir)
    assert row(heir, made).state == "ended" and not stands(heir, made) and messages(heir)[-1] == "mandate_changed"
    told(heir, estate(dead, ends=days.today()))
    newest = held(heir)[-1]
    assert stands(heir, newest.pk) and delegate.sweep(now=timezone.now() + timedelta(days=2)) >= 1
    assert row(heir, newest.pk).state == "ended"
    told(heir, estate(dead))
    last = held(heir)[-1].pk
    (basis,) = [c for c in heir.consents(state="given") if c.purpose_id == estates.PURPOSE]
    end(citizen_id=heir.id, consent_id=basis.pk, now=timezone.now())
    with pytest.raises(MandateRefused, match="no_basis"):
        act_for.acting_for(actor=heir.id, mandate_id=last, now=timezone.now())


@pytest.mark.parametrize(
    "changes", [{"died": TODAY + timedelta(days=2)}, {"ends": TODAY - timedelta(days=1)}, {"ends": DIED - timedelta(days=1)}]
)
def test_who_lives_or_whose_estate_is_settled_is_administered_by_nobody(cast: Cast, changes: dict[str, date]) -> None:
    alive, heir = somebody("Elävä Henkilö"), administrator()
    told(heir, estate(alive, **changes))
    assert held(heir) == [] and CitizenBackend().get_user(alive.id) is not None


def test_of_the_dead_nothing_is_made_here_and_nobody_administers_themself(cast: Cast) -> None:
    heir, before = administrator(), _citizens()
    unknown = Person(heir.citizen, "Outo Vainaja", f"T-{uuid4().hex.upper()}")
    told(heir, estate(unknown), estate(heir))
    assert held(heir) == [] and _citizens() == before and CitizenBackend().get_user(heir.id) is not None


def _citizens() -> int:
    from tests.support.cast import snapshot

    return snapshot()["identity_citizen"][0]


def test_an_operator_undoes_a_death_that_was_none(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    alive, heir, made = administered("Elävä Henkilö")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{alive.national_id}\n"))
    call_command("correct_death", case="2026/17", stdout=io.StringIO())
    assert row(heir, made).state == "ended" and alive.browser().get("/en/home/").status_code == 200
    assert end_of_the_dead(now=timezone.now()) == 0 and events(alive)[-1] == "ended"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{alive.national_id}\n"))
    with pytest.raises(CommandError, match="No register"):
        call_command("correct_death", case="2026/17")
    with pytest.raises(CommandError, match="case"):
        call_command("correct_death", case="a story about somebody")


def test_the_sandboxs_answer_is_handed_over_and_only_a_number_is_kept(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole pull of what the register says of Frans, but for the wire: consent, schema, twin, mandate, log."""
    (left,) = sandbox_estates.estates()
    frans = Persona("frans", 4_711, "Frans Viljelijä", {})
    facts: dict[str, Any] = dict(sandbox_estates.facts_of(frans.index, [frans]))
    Draft202012Validator(vocabulary.categories()[estates.CATEGORY].schema).validate(facts)
    (found,), kept = estates.read(facts)
    assert kept == {"number_of_estates": 1} and found.died == left.died and found.role == "shareholder"
    assert found.name not in repr(found) and found.national_id not in repr(found)
    named = Identified(citizens.national_issuer(), found.national_id, found.name)
    dead = Person(citizens.find_or_create(identified=named, language="en", now=timezone.now()), found.name, found.national_id)
    heir = somebody(frans.name)
    monkeypatch.setattr(Person, "_pulled", lambda *_: None)
    begun = pull_journey._begin(heir.connect(REGISTER))
    assert isinstance(begun, pull_journey.Begun) and estates.CATEGORY in begun.lease.categories
    versions = {c.category_id: c for c in current_categories([estates.CATEGORY])}
    keep(begun.lease, begun.found, Fetched(versions, [Answer(estates.CATEGORY, 1, heir.national_id, timezone.now(), None, None, facts)]))
    assert [(m.principal_id, m.state) for m in held(heir)] == [(dead.id, "standing")]
    with citizen_scope(heir.id):
        assert (twin.categories_held(citizen_id=heir.id), twin.fact_count(citizen_id=heir.id)) == ({estates.CATEGORY}, 1)
    assert [e.event for e in heir.entries()][-2:] == ["aurora:pull:completed", "aurora:mandate:registered"]
    assert sandbox_estates.facts_of(1, [frans]) == {"estates": []}


def test_the_function_over_all_citizens_is_the_services_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_function_privilege('public', 'consents_of_the_dead(timestamptz, integer)', 'EXECUTE')")
        assert cursor.fetchone() == (False,)
