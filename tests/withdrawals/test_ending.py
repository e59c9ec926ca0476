"""A consent ends, wholly or by parts, by whoever may end it: what dies, what goes, what stays, and what the log says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from aurora.identity.models import Operator
from aurora.journeys import end_consents, officers, own_data, suggest, withdraw
from aurora.journeys._door import AccessRefused
from aurora.journeys.withdraw import end
from aurora.sources import connections
from aurora.twin.models import Fact
from consent.errors import Conflict, InvalidInput, NotFound
from consent.models import Agency, ConsentEvent, ConsentRecord, ConsentState
from consent.oauth import tokens
from consent.oauth.models import AccessToken, RefreshToken
from consent.scope import citizen_scope
from consent.two_people import SamePerson
from consent.webhooks.models import SourceEnding
from tests.support.cast import REGISTER, TAX, Cast, Person
from tests.withdrawals.told import HOUSEHOLD, INCOME, asked_for, deliveries, delivery, entries, granted, withdrawn

NOW = timezone.now()


def facts(person: Person, category: str | None = None) -> int:
    with citizen_scope(person.id):
        found = Fact.objects.filter(citizen_id=person.id, superseded_at__isnull=True)
        return (found.filter(category=category) if category else found).count()


def refreshed(cast: Cast, token: dict[str, Any], **form: str) -> Any:
    return cast.office.post("/oauth/token", grant_type="refresh_token", refresh_token=token["refresh_token"], **form)


def events(person: Person, consent: ConsentRecord) -> list[tuple[str, str, list[str]]]:
    with citizen_scope(person.id):
        return list(ConsentEvent.objects.filter(consent=consent).values_list("kind", "by", "categories"))


# Everything that rests on it is refused


def test_a_withdrawn_consents_next_read_refresh_pull_and_suggestion_are_all_refused(cast: Cast) -> None:
    """The line of the issue: one walk through all of them. A pull is an access of Aurora's own: decided anew before it asks."""
    from aurora.journeys import pull as pull_journey
    from aurora.sources import pulls
    from aurora.sources.models import Pull

    cecilia = cast.cecilia
    token, consent = granted(cast)
    withdrawn(cecilia, consent)
    answer = cast.office.read(token["access_token"], HOUSEHOLD)
    assert answer.status_code == 403 and answer.json()["code"] == "consent_withdrawn"
    again = refreshed(cast, token)
    assert again.status_code == 400 and again.json()["error"] == "invalid_grant"

    cecilia.connect(TAX)
    assert suggest.suggest(citizen_id=cecilia.id, now=timezone.now()).services is not None
    with citizen_scope(cecilia.id):
        connection = connections.standing(citizen_id=cecilia.id).get(source__agency__code=TAX)
        run = pulls.enqueue(connection=connection, categories=[INCOME], now=timezone.now())
    for mine in [c for c in cecilia.consents(state="given") if c.recipient_id and c.source_id]:
        withdrawn(cecilia, mine)
    pull_journey.run(pull_id=run.pk)
    with citizen_scope(cecilia.id):
        assert Pull.objects.get(pk=run.pk).state == Pull.State.CANCELLED
        assert suggest.last_made(citizen_id=cecilia.id, now=timezone.now()) is None
    with pytest.raises(AccessRefused) as refused:
        suggest.suggest(citizen_id=cecilia.id, now=timezone.now())
    assert refused.value.code == "consent_withdrawn"
    assert facts(cecilia) == 0
    cecilia.connect(REGISTER)


def test_tokens_are_dead_in_themselves_and_not_only_for_want_of_a_consent(cast: Cast) -> None:
    """Whoever asks about one, by whatever way, must not hear that it is in use."""
    token, consent = granted(cast)
    bound = (("access_token", AccessToken), ("refresh_token", RefreshToken))
    assert not any(tokens.held(model, token[name]).is_revoked() for name, model in bound)
    withdrawn(cast.cecilia, consent)
    assert all(tokens.held(model, token[name]).is_revoked() for name, model in bound)


# By parts


def test_a_category_that_is_taken_out_is_refused_and_the_rest_is_read_with_a_narrower_token(cast: Cast) -> None:
    token, consent = granted(cast)
    done = withdrawn(cast.cecilia, consent, categories=[INCOME])
    assert (done.whole, done.categories, done.record.state) == (False, (INCOME,), ConsentState.GIVEN)
    assert cast.office.read(token["access_token"], HOUSEHOLD).status_code == 401, "tokens that bear it die, whatever they ask for"
    fresh = refreshed(cast, token).json()
    assert [d["categories"] for d in fresh["authorization_details"]] == [[HOUSEHOLD]]
    assert cast.office.read(fresh["access_token"], HOUSEHOLD).status_code == 200
    refused = cast.office.read(fresh["access_token"], INCOME)
    assert refused.status_code == 403 and refused.json()["code"] == "consent_withdrawn"
    wider = [{**fresh["authorization_details"][0], "categories": [HOUSEHOLD, INCOME]}]
    assert refreshed(cast, token, authorization_details=json.dumps(wider)).json()["error"] == "invalid_authorization_details"
    [entry] = entries(cast.cecilia, "citizen:consent:narrowed", consent=consent.pk)
    assert entry.categories == [INCOME]
    assert events(cast.cecilia, consent)[-1] == ("narrowed", "citizen", [INCOME])
    assert delivery(cast.cecilia, consent).kind == "consent.narrowed"


def test_the_last_category_taken_out_ends_the_whole(cast: Cast) -> None:
    token, consent = granted(cast)
    withdrawn(cast.cecilia, consent, categories=[INCOME])
    done = withdrawn(cast.cecilia, consent, categories=[HOUSEHOLD, INCOME])
    assert (done.whole, done.categories, done.record.state) == (True, (HOUSEHOLD,), ConsentState.WITHDRAWN)
    assert refreshed(cast, token).status_code == 400
    assert [(d.kind, d.categories) for d in deliveries(cast.cecilia, consent)] == [
        ("consent.narrowed", [INCOME]),
        ("consent.withdrawn", [HOUSEHOLD]),
    ]
    assert [kind for kind, _, _ in events(cast.cecilia, consent)] == ["given", "narrowed", "withdrawn"]


@pytest.mark.parametrize(
    ("categories", "error"), [([], InvalidInput), (["no.such"], InvalidInput), ([INCOME, "no.such"], InvalidInput), ([INCOME], Conflict)]
)
def test_what_cannot_be_taken_out_changes_nothing(cast: Cast, categories: list[str], error: type[Exception]) -> None:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent, categories=[INCOME])
    before = events(cast.cecilia, consent)
    with pytest.raises(error):
        withdrawn(cast.cecilia, consent, categories=categories)
    assert events(cast.cecilia, consent) == before and len(deliveries(cast.cecilia, consent)) == 1


def test_another_citizens_consent_is_not_there(cast: Cast) -> None:
    consent = asked_for(cast.aino)
    with pytest.raises(NotFound):
        end(citizen_id=cast.cecilia.id, consent_id=consent.pk, now=timezone.now())


# What was fetched


def connected(person: Person, source: str) -> tuple[ConsentRecord, ConsentRecord]:
    """The consents for suggestions and for looking at it oneself; there is no other at this source."""
    person.connect(source)
    mine = {c.purpose_id: c for c in person.consents(state="given") if c.source and c.source.code == source}
    two = mine.pop("service-suggestions"), mine.pop("own-overview")
    for other in mine.values():
        withdrawn(person, other)
    return two


def test_facts_go_with_the_last_consent_that_covers_them_category_by_category(cast: Cast) -> None:
    cecilia = cast.cecilia
    suggestions, overview = connected(cecilia, REGISTER)
    held = facts(cecilia, HOUSEHOLD)
    assert held
    assert withdrawn(cecilia, suggestions, categories=[HOUSEHOLD]).facts_erased == 0 and facts(cecilia, HOUSEHOLD) == held
    assert withdrawn(cecilia, overview, categories=[HOUSEHOLD]).facts_erased >= held and facts(cecilia, HOUSEHOLD) == 0
    assert facts(cecilia, "population.person"), "the rest stands, and so does the connection"
    with citizen_scope(cecilia.id):
        assert connections.standing(citizen_id=cecilia.id).filter(source__agency__code=REGISTER).exists()


def test_what_the_citizen_keeps_stays_and_no_suggestion_uses_it_without_a_consent(cast: Cast) -> None:
    cecilia = cast.cecilia
    suggestions, overview = connected(cecilia, REGISTER)
    withdrawn(cecilia, suggestions)
    done = withdrawn(cecilia, overview, keep=True)
    assert done.facts_kept > 0 and facts(cecilia, HOUSEHOLD) > 0
    with pytest.raises(AccessRefused):
        suggest.suggest(citizen_id=cecilia.id, now=timezone.now())
    with citizen_scope(cecilia.id):
        assert not connections.standing(citizen_id=cecilia.id).filter(source__agency__code=REGISTER).exists(), "it is not fetched again"

    _, again = connected(cecilia, TAX)
    for mine in [c for c in cecilia.consents(state="given") if c.source and c.source.code == TAX]:
        withdrawn(cecilia, mine)
    assert facts(cecilia, HOUSEHOLD) > 0, "a later release of another source leaves it alone"
    assert again.pk

    shown = own_data.view(citizen_id=cecilia.id, now=timezone.now())
    assert all(f.kept_at for f in shown.facts if f.category == HOUSEHOLD)
    own_data.forget_kept(citizen_id=cecilia.id, category=HOUSEHOLD, source=REGISTER, now=timezone.now())
    assert facts(cecilia, HOUSEHOLD) == 0
    with pytest.raises(NotFound):
        own_data.forget_kept(citizen_id=cecilia.id, category=HOUSEHOLD, source=REGISTER, now=timezone.now())


def test_what_was_kept_is_an_old_version_once_it_is_fetched_anew_and_goes_with_that(cast: Cast) -> None:
    cecilia = cast.cecilia
    suggestions, overview = connected(cecilia, REGISTER)
    withdrawn(cecilia, suggestions)
    withdrawn(cecilia, overview, keep=True)
    suggestions, overview = connected(cecilia, REGISTER)
    withdrawn(cecilia, suggestions)
    withdrawn(cecilia, overview)
    with citizen_scope(cecilia.id):
        assert not Fact.objects.filter(citizen_id=cecilia.id, category=HOUSEHOLD).exists(), "past versions too"


def test_only_the_citizen_keeps(cast: Cast) -> None:
    suggestions, overview = connected(cast.cecilia, REGISTER)
    for consent in (suggestions, overview):
        done = withdrawn(cast.cecilia, consent, by=REGISTER, keep=True)
        assert done.facts_kept == 0
    assert facts(cast.cecilia, HOUSEHOLD) == 0
    assert events(cast.cecilia, overview)[-1][:2] == ("withdrawn", REGISTER)
    assert len(entries(cast.cecilia, "aurora:consent:ended", consent=overview.pk)) == 1


# By others


def test_the_recipient_gives_a_consent_back(cast: Cast) -> None:
    token, consent = granted(cast)
    which: Any = {"client_id": cast.office.client_id, "agency_code": cast.office.client_id, "now": timezone.now()}
    with pytest.raises(NotFound):
        end_consents.by_recipient(grant_id=UUID(token["grant_id"]), **{**which, "client_id": "another"})
    with pytest.raises(NotFound):
        end_consents.by_recipient(grant_id=consent.pk, **which)
    [done] = end_consents.by_recipient(grant_id=UUID(token["grant_id"]), **which)
    assert done.record.ended_by == cast.office.client_id
    assert len(entries(cast.cecilia, "agency:consent:returned", consent=consent.pk)) == 1
    assert delivery(cast.cecilia, consent).payload["data"]["ended_by"] == "recipient"
    with pytest.raises(NotFound):
        end_consents.by_recipient(grant_id=UUID(token["grant_id"]), **which)


def test_an_operator_ends_a_consent_by_an_id_with_reason_and_case(cast: Cast) -> None:
    operator = uuid4()
    token, consent = granted(cast)
    why: Any = {"reason": "unlawful", "case": "2026/1140", "operator_id": operator, "now": timezone.now()}
    for wrong in ({"reason": "because"}, {"case": ""}, {"case": "Cecilia Cedervall wanted it"}):
        with pytest.raises(InvalidInput):
            end_consents.by_operator(wanted=consent.pk, **{**why, **wrong})
    with pytest.raises(NotFound):
        end_consents.by_operator(wanted=uuid4(), **why)
    end_consents.by_operator(wanted=UUID(token["grant_id"]), **why)
    [entry] = entries(cast.cecilia, "aurora:consent:ended", consent=consent.pk)
    assert cast.office.read(token["access_token"], HOUSEHOLD).json()["code"] == "consent_withdrawn"
    assert entry.actor == "aurora" and delivery(cast.cecilia, consent).payload["data"]["ended_by"] == "operator"


def test_an_order_ends_every_consent_at_a_source_and_no_other(cast: Cast) -> None:
    cast.cecilia.connect(REGISTER)
    cast.cecilia.connect(TAX)
    first, second = (Operator.objects.create(username=f"p-{uuid4().hex[:8]}", name="P", roles=["privacy_officer"]) for _ in range(2))
    why: Any = {"reason": "source_ended", "case": "2026/7", "operator_id": first.pk, "now": timezone.now()}
    order = end_consents.order_source_ending(source=TAX, **why)
    with pytest.raises(Conflict):
        end_consents.order_source_ending(source=TAX, **why)
    with pytest.raises(NotFound):
        end_consents.order_source_ending(source="aurora", **why)
    assert end_consents.end_sources(now=timezone.now()) == 0, "one person's word is not enough"
    with pytest.raises(SamePerson):
        end_consents.confirm_source_ending(order_id=order.pk, operator_id=why["operator_id"], now=timezone.now())
    confirm: Any = {"order_id": order.pk, "operator_id": second.pk, "now": timezone.now()}
    for gone, refusal in ((first, officers.AskerGone), (second, end_consents.NotAPrivacyOfficer)):
        for change in ({"is_active": False}, {"roles": ["auditor"]}):
            Operator.objects.filter(pk=gone.pk).update(**change)
            with pytest.raises(refusal):
                end_consents.confirm_source_ending(**confirm)
            with pytest.raises(end_consents.NotAPrivacyOfficer):
                end_consents.decline_source_ending(order_id=order.pk, operator_id=gone.pk, now=timezone.now())
            Operator.objects.filter(pk=gone.pk).update(is_active=True, roles=["privacy_officer"])
    end_consents.confirm_source_ending(**confirm)
    with pytest.raises(Conflict):
        end_consents.confirm_source_ending(**confirm)
    with pytest.raises(Conflict):
        end_consents.decline_source_ending(order_id=order.pk, operator_id=second.pk, now=timezone.now())
    with pytest.raises(NotFound):
        end_consents.confirm_source_ending(order_id=0, operator_id=uuid4(), now=timezone.now())
    assert end_consents.end_sources(now=timezone.now()) >= 2 and end_consents.end_sources(now=timezone.now()) == 0
    order.refresh_from_db()
    assert order.finished_at is not None
    left = {c.source.code for c in cast.cecilia.consents(state="given") if c.source}
    assert TAX not in left and REGISTER in left


@pytest.mark.parametrize(
    "changes",
    [
        {"confirmed_by": "own", "confirmed_at": NOW},
        {"confirmed_by": "other"},
        {"confirmed_at": NOW},
        {"confirmed_by": "other", "confirmed_at": NOW, "case": "2026/8"},
        {"confirmed_by": "other", "confirmed_at": NOW, "ordered_by": "other"},
        {"confirmed_by": "other", "confirmed_at": NOW, "declined_by": "own"},
    ],
)
def test_the_database_wants_two_people_for_the_end_of_a_source(cast: Cast, changes: dict[str, Any]) -> None:
    people = {"own": uuid4(), "other": uuid4()}
    to = {field: people.get(value, value) for field, value in changes.items()}
    source = Agency.objects.get(code=TAX)
    order: dict[str, Any] = {"source": source, "reason": "unlawful", "case": "2026/7", "ordered_by": people["own"], "ordered_at": NOW}
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            SourceEnding.objects.create(**order | to | {"confirmed_by": people["other"], "confirmed_at": NOW})
        made = SourceEnding.objects.filter(pk=SourceEnding.objects.create(**order).pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            made.update(**to)
        assert made.update(confirmed_by=people["other"], confirmed_at=NOW) == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            made.update(confirmed_by=uuid4())
        transaction.set_rollback(True)


# By time


def test_what_cannot_be_ended_keeps_nothing_else_from_its_end(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _, poisoned = granted(cast)
    _, sound = granted(cast, cast.aino)
    late = max(poisoned.expires_at, sound.expires_at) + timedelta(seconds=1)
    with citizen_scope(cast.cecilia.id):
        ConsentRecord.objects.filter(pk=poisoned.pk).update(expires_at=late - timedelta(days=3000), not_before=late - timedelta(days=3001))
    whole, stuck = withdraw.end, set[UUID]()

    def not_hers(*, citizen_id: UUID, **how: Any) -> withdraw.Withdrawn:
        if citizen_id == cast.cecilia.id:
            stuck.add(how["consent_id"])
            raise ValueError("broken")
        return whole(citizen_id=citizen_id, **how)

    monkeypatch.setattr(end_consents, "MOST", 1)
    monkeypatch.setattr(withdraw, "end", not_hers)
    while end_consents.end_expired(now=late):
        pass
    assert poisoned.pk in stuck and poisoned.pk in {c.pk for c in cast.cecilia.consents(state="given")}
    assert [c.state for c in cast.aino.consents(pk=sound.pk)] == ["expired"]
    monkeypatch.undo()
    while end_consents.end_expired(now=late):
        pass
    assert [c.state for c in cast.cecilia.consents(pk=poisoned.pk)] == ["expired"]
    cast.cecilia.connect(REGISTER)
    cast.aino.connect(REGISTER)


def test_a_register_that_receives_and_tells_of_a_death_has_given_nothing_back(cast: Cast) -> None:
    _, consent = granted(cast)
    withdrawn(cast.cecilia, consent, by=cast.office.client_id, of_death=True)
    assert len(entries(cast.cecilia, "aurora:consent:ended", consent=consent.pk)) == 1
    assert not entries(cast.cecilia, "agency:consent:returned", consent=consent.pk)
    assert delivery(cast.cecilia, consent).payload["data"]["ended_by"] == "aurora"


def test_what_ran_out_is_refused_at_once_and_ended_by_the_sweep_once(cast: Cast) -> None:
    token, consent = granted(cast)
    late = consent.expires_at + timedelta(seconds=1)
    with pytest.raises(Conflict):
        withdrawn(cast.cecilia, consent, by="aurora")  # not before its time
    with pytest.raises(Conflict):
        withdrawn(cast.cecilia, consent, now=late)  # and by nobody else after it
    assert end_consents.end_expired(now=late) >= 1 and end_consents.end_expired(now=late) == 0
    record = next(c for c in cast.cecilia.consents() if c.pk == consent.pk)
    assert (record.state, record.ended_by, record.ended_at) == ("expired", "aurora", late)
    assert len(entries(cast.cecilia, "aurora:consent:expired", consent=consent.pk)) == 1
    assert delivery(cast.cecilia, consent).kind == "consent.expired"
    refused = cast.office.read(token["access_token"], HOUSEHOLD)
    assert refused.status_code in (401, 403)
    cast.cecilia.connect(REGISTER)
