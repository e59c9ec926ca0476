"""Two agencies that lay everything that they got of a citizen side by side find nothing by which they could tell that it is the same person."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from aurora.identity import keys
from aurora.journeys import withdraw
from aurora.sandbox import jose
from consent.models import Agency
from consent.oauth.models import Client
from consent.scope import citizen_scope
from consent.webhooks.models import Delivery
from tests.support.cast import Cast, Office, Person

RIVAL = "rival-office"


@pytest.fixture
def rival(cast: Cast) -> Iterator[Office]:
    """Another agency, that may ask for the same."""
    key = jose.new_key()
    theirs = Client.objects.get(client_id=cast.office.client_id)
    model = Agency.objects.get(pk=theirs.agency_id)
    fields = {field.name: getattr(model, field.name) for field in model._meta.concrete_fields if not field.primary_key}
    agency = Agency.objects.create(**{**fields, "code": RIVAL})
    same = {f.name: getattr(theirs, f.name) for f in theirs._meta.concrete_fields if not f.primary_key}
    public = {name: value for name, value in key.items() if name != "d"}
    changes: dict[str, Any] = {"client_id": RIVAL, "agency": agency, "jwks": {"keys": [public]}, "jwks_uri": "", "resource": ""}
    Client.objects.create(**{**same, **changes})
    yield Office(RIVAL, key, cast.office.redirect_uri, cast.office.purpose, cast.office.categories)


def told(office: Office, person: Person) -> set[str]:
    """Everything that an agency gets in a journey: the grant, tokens, what is read, what is refused, the notice of the end; each scalar in it."""
    grant = office.granted(person)
    got: list[Any] = [grant, _opened(grant)]
    for category in office.categories:
        answer = office.read(grant["access_token"], category)
        got += [answer.json(), dict(answer.headers)]
    status = office.post("/oauth/introspect", token=grant["access_token"])
    got.append(json.loads(status.content))
    consents = [one for one in person.consents(recipient__code=office.client_id) if one.ended_at is None]
    for consent in consents:
        withdraw.end(citizen_id=person.id, consent_id=consent.pk, now=timezone.now())
    got += [office.read(grant["access_token"], office.categories[0]).json()]
    with citizen_scope(person.id):
        notices = Delivery.objects.filter(client__client_id=office.client_id)
        got += [[notice.payload, str(notice.pk)] for notice in notices]
    assert consents and len(got) > 5
    return set(_scalars(got))


def _opened(grant: dict[str, Any]) -> list[Any]:
    """What is readable in the tokens that are signed."""
    parts = [token.split(".") for token in grant.values() if isinstance(token, str) and token.count(".") == 2]
    return [json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) for _, body, _ in parts]


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _scalars(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _scalars(inner)
    elif isinstance(value, str) and len(value) > 5:
        yield value


def test_two_agencies_cannot_tell_that_it_is_the_same_person(cast: Cast, rival: Office) -> None:
    ours, theirs, of_another = told(cast.office, cast.aino), told(rival, cast.aino), told(cast.office, cast.cecilia)
    mine, their = (keys.pairwise(citizen_id=cast.aino.id, agency=code) for code in (cast.office.client_id, RIVAL))
    assert mine in ours and their in theirs and mine != their, "the test looks where the names are"
    assert not {str(cast.aino.id), cast.aino.national_id, cast.aino.name} & (ours | theirs)
    # What is said of everybody alike: addresses, codes, words, days on which sources were asked. Of times nothing finer than a day.
    assert ours & theirs - of_another == set()
    assert any(value.endswith("T00:00:00Z") for value in ours & theirs), "the test looks at when facts were observed"
    whole = json.dumps(sorted(ours | theirs))
    assert cast.aino.id.hex not in whole and str(cast.aino.id) not in whole
