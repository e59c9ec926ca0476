"""An agency asks somebody who may answer for others: the page says for whom the answer counts, and the way to another and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from aurora.portal import waiting
from consent.oauth.models import PushedRequest
from tests.support.cast import Cast, Person
from tests.support.mandated import acting, attorney, mandate, post, principal, somebody

AUTHORIZE = "/oauth/authorize"


def asked(cast: Cast, face: Client, **changes: Any) -> Any:
    """The page of a request that the office has pushed."""
    answer = face.get(AUTHORIZE, {"client_id": cast.office.client_id, "request_uri": cast.office.push(**changes)})
    assert answer.status_code == 200, answer.content
    return answer


def consents(cast: Cast, person: Person) -> list[str]:
    return [c.state for c in person.consents(recipient__code=cast.office.client_id)]


def test_from_the_request_to_another_person_and_back_in_the_same_browser(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made, face = mandate(aamu, valto), valto.browser()
    shown = asked(cast, face)
    mine = shown.context["page"].answering
    assert mine.name == valto.name and b"Your answer counts for yourself: Valto" in shown.content
    chosen = face.get(mine.mandates_url)
    request = chosen.context["page"].request  # type: ignore[attr-defined]
    assert request.until == mine.until and b"waits for an answer in this browser" in chosen.content
    back = post(face, f"/en/mandates/{made}/", decision="act")["Location"]
    assert back == request.url
    there = face.get(back)
    assert f"asks for data about {aamu.name}" in there.content.decode() and b"and not for yourself" in there.content
    answer = post(face, AUTHORIZE, **dict(there.context["page"].hidden), decision="allow", categories=["tax.income"])  # type: ignore[attr-defined]
    assert answer.status_code == 303 and (consents(cast, aamu), consents(cast, valto)) == (["given"], [])
    assert post(face, "/en/mandates/stop/").status_code == 302
    assert face.get("/en/mandates/").context["page"].request is None and waiting.SESSION not in face.session  # type: ignore[attr-defined]


def test_whoever_acts_is_told_how_to_answer_for_themself(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    assert b"To answer for yourself, stop acting" in asked(cast, face).content
    post(face, "/en/mandates/stop/")
    request = face.get("/en/mandates/").context["page"].request  # type: ignore[attr-defined]
    page = face.get(request.url).context["page"]  # type: ignore[attr-defined]
    assert post(face, AUTHORIZE, **dict(page.hidden), decision="decline").status_code == 303
    assert (consents(cast, aamu), consents(cast, valto)) == ([], ["declined"])


def test_who_can_answer_for_nobody_else_reads_nothing_of_it(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    mandate(aamu, valto)
    face = aamu.browser()
    assert asked(cast, face).context["page"].answering is None and waiting.SESSION not in face.session
    assert face.get("/en/mandates/").context["page"].request is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["too_old", "another_browser"])
def test_a_request_that_waits_no_longer_is_forgotten(cast: Cast, how: str) -> None:
    aamu, valto = principal(), attorney()
    mandate(aamu, valto)
    face = valto.browser()
    asked(cast, face)
    if how == "too_old":
        PushedRequest.objects.filter(used_at__isnull=True).update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        session = face.session
        session[waiting.INTERACTION] = "somebody-elses"
        session.save()
    assert face.get("/en/mandates/").context["page"].request is None and waiting.SESSION not in face.session  # type: ignore[attr-defined]


def test_an_attorney_learns_nothing_of_an_earlier_consent_beyond_their_themes(cast: Cast) -> None:
    aamu, narrow, wide = principal(), attorney(), somebody("Laaja Valtuutettu")
    grant = cast.office.granted(aamu)["grant_id"]
    few, many = acting(narrow, mandate(aamu, narrow, "taxation")), acting(wide, mandate(aamu, wide))
    assert asked(cast, many).context["page"].again is not None, "who may see the consent sees what is different"
    page = asked(cast, few)
    assert page.context["page"].again is None and not any(c.marks or c.same for c in page.context["page"].categories)
    assert b"already consented" not in page.content and b"consented for this purpose before" not in page.content
    pushed = cast.office.post("/oauth/par", **cast.office.request(), grant_management_action="merge", grant_id=grant).json()  # type: ignore[attr-defined]
    answer = few.get(AUTHORIZE, {"client_id": cast.office.client_id, "request_uri": pushed["request_uri"]})
    assert answer.status_code == 403 and b"outside the themes" in answer.content
