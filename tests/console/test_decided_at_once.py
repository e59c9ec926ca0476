"""What takes two people, decided by two at the same instant: one decision counts, and what it does is done once.

Both wait on connections of their own behind a row that the test holds, so that both have been let in and neither has seen what the other does.
Break-glass: test_break_glass.py; a release: test_models.py; a model's step: tests/recommender/registry/test_lifecycle.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from joserfc.jwk import ECKey

from aurora.audit.models import OperatorDeed
from aurora.identity.models import Operator, OperatorRequest
from aurora.journeys import allow_delay, edit_catalogue, end_consents, manage_operators, onboard_agency, onboard_evaluator, register_agency
from aurora.sources.models import DataSource
from consent.errors import AuroraError
from consent.ledger.models import DelayPermission
from consent.models import Agency, AgencyDraft
from consent.oauth.models import Client, ClientDraft
from consent.webhooks.models import SourceEnding
from recommender.catalogue import store
from recommender.catalogue.models import CatalogueUse, ImportDraft
from recommender.models import EvaluatorOwner
from tests.console.officials import official
from tests.grants.test_lock_order import until_waiting
from tests.portal.at_once import in_thread
from tests.support import evaluators
from tests.support.cast import Cast
from tests.support.imported import ptv_channel, ptv_service

Role = Operator.Role
People = tuple[Operator, Operator, Operator]
LAW = "fi.police.5-58"


@dataclass
class Asked:
    """What one of three asked for. `agree` and `undo` as another, or the same, would by the page; `row` what each decision moves."""

    row: Any
    agree: Callable[[Operator], Any]
    undo: Callable[[Operator], Any]
    agreed: str
    done: Callable[[], int]  # how often what was asked for has been done
    field: str = "state"

    def state(self) -> Any:
        return self.row.values_list(self.field, flat=True).get()


def _agency() -> Agency:
    code = f"t-{uuid4().hex}"
    return Agency.objects.create(code=code, name=dict.fromkeys(("fi", "sv", "en"), code), roles=[])


@contextmanager
def agency(people: People) -> Iterator[Asked]:
    code, now = f"t-{uuid4().hex}", timezone.now()
    rest = {"roles": ["data_user"], "legal_name": code, "business_id": "1", "country": "FI", "contact": {"email": "a@b.example"}}
    content = {"name": dict.fromkeys(("fi", "sv", "en"), code), "since": "2026-01-01", **rest}
    made = register_agency.draft(operator=people[0], code=code, content=content, meaning=None, new=True, reason="x", now=now)
    yield Asked(
        AgencyDraft.objects.filter(pk=made.pk),
        lambda who: register_agency.decide(operator=who, draft_id=made.pk, agree=True, now=now),
        lambda who: register_agency.decide(operator=who, draft_id=made.pk, agree=False, now=now),
        "approved",
        lambda: Agency.objects.filter(code=code).count(),
    )


@contextmanager
def client(people: People) -> Iterator[Asked]:
    name, now = f"t-{uuid4().hex}", timezone.now()
    keys = {"keys": [{**ECKey.generate_key("P-256").as_dict(private=False), "kid": "k1"}]}
    content = {
        "agency": {"code": name, "name": dict.fromkeys(("fi", "sv", "en"), name)}, "name": dict.fromkeys(("fi", "sv", "en"), name),
        "redirect_uris": [f"https://{name}.example/cb"], "jwks": keys, "jwks_uri": "", "notice_uri": "", "usage_uri": "", "resource": "",
        "purposes": ["benefit-application"], "categories": ["tax.income"], "rotate_refresh": False, "dpop_nonce": False,
    }  # fmt: skip
    made = onboard_agency.draft(operator=people[0], client_id=name, content=content, reason="x", now=now)
    yield Asked(
        ClientDraft.objects.filter(pk=made.pk),
        lambda who: onboard_agency.decide(operator=who, draft_id=made.pk, agree=True, now=now),
        lambda who: onboard_agency.decide(operator=who, draft_id=made.pk, agree=False, now=now),
        "approved",
        lambda: Client.objects.filter(client_id=name).count(),
    )


@contextmanager
def operators_role(people: People) -> Iterator[Asked]:
    now = timezone.now()
    with official(Role.OPERATIONS) as subject:
        made = manage_operators.give(
            operator=people[0], subject_id=subject.operator.pk, role=Role.CATALOGUE_EDITOR, reason="x", now=now
        )  # fmt: skip
        yield Asked(
            OperatorRequest.objects.filter(pk=made.pk),
            lambda who: manage_operators.decide(operator=who, request_id=made.pk, agree=True, now=now),
            lambda who: manage_operators.decide(operator=who, request_id=made.pk, agree=False, now=now),
            "approved",
            lambda: subject.roles.count(Role.CATALOGUE_EDITOR),
        )


@contextmanager
def operators_account(people: People) -> Iterator[Asked]:
    now, username = timezone.now(), f"t-{uuid4().hex[:10]}"
    made = manage_operators.invite(
        operator=people[0], username=username, name="x", roles=[Role.OPERATIONS], reason="x", now=now
    )  # fmt: skip
    yield Asked(
        OperatorRequest.objects.filter(pk=made.pk),
        lambda who: manage_operators.decide(operator=who, request_id=made.pk, agree=True, now=now),
        lambda who: manage_operators.decide(operator=who, request_id=made.pk, agree=False, now=now),
        "approved",
        lambda: Operator.objects.filter(username=username).count(),
    )


@contextmanager
def catalogue_import(people: People) -> Iterator[Asked]:
    """One editor is enough here; two may still press at once."""
    now, before = timezone.now(), dict(store.current())
    identifier = str(uuid4())
    files = [(f"f{n}.json", json.dumps(one).encode()) for n, one in enumerate((ptv_service(id=identifier), ptv_channel()))]
    made = edit_catalogue.propose(operator=people[0], origin="ptv", files=files, whole=False, language="fi", now=now)
    uses = CatalogueUse.objects.count()
    try:
        yield Asked(
            ImportDraft.objects.filter(pk=made.pk),
            lambda who: edit_catalogue.confirm(operator=who, draft_id=made.pk, now=now),
            lambda who: edit_catalogue.withdraw(operator=who, draft_id=made.pk, now=now),
            "confirmed",
            lambda: CatalogueUse.objects.count() - uses,
        )
    finally:
        with transaction.atomic():
            store.use(before, why="a test is over", now=timezone.now())


@contextmanager
def delay(people: People) -> Iterator[Asked]:
    now, about = timezone.now(), _agency()
    made = allow_delay.ask(operator=people[0], agency_code=about.code, law=LAW, reason="x", now=now)
    yield Asked(
        DelayPermission.objects.filter(pk=made.pk),
        lambda who: allow_delay.approve(operator=who, permission_id=made.pk, now=now),
        lambda who: allow_delay.decline(operator=who, permission_id=made.pk, now=now),
        "standing",
        lambda: DelayPermission.objects.filter(agency=about.code, state="standing").count(),
    )


@contextmanager
def owners_key(people: People) -> Iterator[Asked]:
    now, about = timezone.now(), _agency()
    public = evaluators.key(uuid4().int)[1]
    made = onboard_evaluator.ask_key(operator=people[0], agency_code=about.code, public_key=public, reason="x", now=now)
    yield Asked(
        EvaluatorOwner.objects.filter(pk=made.pk),
        lambda who: onboard_evaluator.approve_key(operator=who, key_id=made.pk, now=now),
        lambda who: onboard_evaluator.decline_key(operator=who, key_id=made.pk, now=now),
        "approved",
        lambda: Agency.objects.get(pk=about.pk).roles.count("model_owner"),
    )


@contextmanager
def end_at_a_source(people: People) -> Iterator[Asked]:
    now, about = timezone.now(), _agency()
    DataSource.objects.create(agency=about, issuer="https://t.example", client_id="x", key_sealed=b"x", active=False)
    how: dict[str, Any] = {"source": about.code, "reason": "unlawful", "case": "T-1"}
    made = end_consents.order_source_ending(operator_id=people[0].pk, now=now, **how)
    try:
        yield Asked(
            SourceEnding.objects.filter(pk=made.pk),
            lambda who: end_consents.confirm_source_ending(order_id=made.pk, operator_id=who.pk, now=now),
            lambda who: end_consents.decline_source_ending(order_id=made.pk, operator_id=who.pk, now=now),
            "confirmed",
            lambda: SourceEnding.objects.filter(pk=made.pk, confirmed_at__isnull=False).count(),
            field="confirmed_by",
        )
    finally:
        SourceEnding.objects.filter(pk=made.pk, confirmed_at__isnull=False).update(finished_at=now)
        DataSource.objects.filter(pk=about.pk).delete()


OFFICER = Role.AGENCY_OFFICER
KINDS: dict[str, tuple[Any, Operator.Role]] = {
    "agency": (agency, OFFICER),
    "client": (client, OFFICER),
    "operators-role": (operators_role, Role.ADMINISTRATOR),
    "operators-account": (operators_account, Role.ADMINISTRATOR),
    "catalogue-import": (catalogue_import, Role.CATALOGUE_EDITOR),
    "delay": (delay, OFFICER),
    "owners-key": (owners_key, Role.MODEL_STEWARD),
    "end-at-a-source": (end_at_a_source, Role.PRIVACY_OFFICER),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def three(request: pytest.FixtureRequest, cast: Cast) -> Iterator[tuple[Asked, People]]:
    kind, role = request.param
    with ExitStack() as stack:
        people = tuple(stack.enter_context(official(role, name=f"Official {n}")).operator for n in range(3))
        yield stack.enter_context(kind(people)), people  # type: ignore[misc]


def _raced(asked: Asked, *acts: Callable[[], Any]) -> list[Any]:
    """Each begun once the one before waits; what each came to, in that order."""
    begun = []
    with transaction.atomic():
        assert list(asked.row.select_for_update(of=("self",)))
        for number, act in enumerate(acts, 1):
            begun.append(in_thread(act))
            until_waiting(number)
    for thread, _ in begun:
        thread.join(30)
    return [outcome[0] for _, outcome in begun]


def _decisions(people: People, since: dict[Any, int]) -> int:
    return sum(_noted(one) - since[one.pk] for one in people)


def _noted(one: Operator) -> int:
    return OperatorDeed.objects.filter(operator_id=one.pk, kind="deed").count()


def _refused(outcome: Any) -> bool:
    return isinstance(outcome, AuroraError) and 400 <= outcome.status < 500


def test_of_two_who_agree_at_once_one_does(three: tuple[Asked, People]) -> None:
    asked, people = three
    noted = {one.pk: _noted(one) for one in people}
    outcomes = _raced(asked, lambda: asked.agree(people[1]), lambda: asked.agree(people[2]))
    assert [_refused(one) for one in outcomes] == [False, True], outcomes
    assert not isinstance(outcomes[0], Exception), outcomes
    assert asked.state() in (asked.agreed, people[1].pk) and asked.done() == 1
    assert _decisions(people, noted) == 1, "and one deed stands in the operators' trail"


@pytest.mark.parametrize("agreed_first", [True, False], ids=["agreed-first", "taken-back-first"])
def test_of_one_who_agrees_and_one_who_takes_it_back_at_once_the_first_counts(three: tuple[Asked, People], agreed_first: bool) -> None:
    asked, people = three
    noted = {one.pk: _noted(one) for one in people}
    acts = [lambda: asked.agree(people[1]), lambda: asked.undo(people[0])]
    outcomes = _raced(asked, *(acts if agreed_first else reversed(acts)))
    assert [_refused(one) for one in outcomes] == [False, True], outcomes
    assert not isinstance(outcomes[0], Exception), outcomes
    assert (asked.state() in (asked.agreed, people[1].pk)) is agreed_first and asked.done() == int(agreed_first)
    assert _decisions(people, noted) == 1
