"""While somebody acts: whose grant a request names, and whose data a button downloads, are asked of the page that they came from."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from uuid import UUID

from django.test import Client

from aurora.journeys import export
from tests.portal.test_estates import administered
from tests.support.cast import Cast
from tests.support.copies import opened
from tests.support.grant_holder import ask, page_of, sent_back
from tests.support.mandated import acting, attorney, mandate, post, principal


def test_a_grant_of_ones_own_is_not_told_gone_while_one_acts(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    grant = cast.office.granted(valto)["grant_id"]
    face = acting(valto, made)
    uri = ask(cast.office, action="merge", grant_id=grant).json()["request_uri"]
    got = page_of(cast.office, face, uri)
    assert got.status_code == 200 and b"It has not been answered" in got.content and aamu.name.encode() in got.content
    pressed = {"client_id": cast.office.client_id, "request_uri": uri}
    assert post(face, "/oauth/authorize", **pressed).status_code == 200, "nor by a form of before"
    back = face.get(post(face, "/en/mandates/stop/")["Location"]).context["page"]  # type: ignore[attr-defined]
    again: Any = page_of(cast.office, face, uri)
    assert back.request is not None and again.status_code == 200 and again.context["page"].hidden


def test_who_may_answer_for_others_is_asked_before_an_agency_is_told(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    made = mandate(aamu, valto)
    grant = cast.office.granted(aamu)["grant_id"]
    uri = ask(cast.office, action="merge", grant_id=grant).json()["request_uri"]
    face = valto.browser()
    asked = page_of(cast.office, face, uri)
    assert asked.status_code == 200 and b"Choose for whom you answer" in asked.content
    begun = post(face, f"/en/mandates/{made}/", decision="act")
    assert "request_uri" in begun["Location"] and b"It has not been answered" not in face.get(begun["Location"]).content
    post(face, "/en/mandates/stop/")
    told = post(face, "/oauth/authorize", client_id=cast.office.client_id, request_uri=uri)
    assert told.status_code == 303 and sent_back(told)["error"] == "invalid_grant_id"


def test_a_button_of_ones_own_page_does_not_copy_anothers_data(cast: Cast) -> None:
    dead, heir, made = administered()
    face = heir.browser()
    page: Any = face.get("/en/my-data/copy/").context["page"]  # type: ignore[attr-defined]
    mine = {"for": page.whom}
    post(face, f"/en/mandates/{made}/", decision="act")
    before = len(dead.entries())
    got = post(face, "/en/my-data/copy/", **mine)
    assert got.status_code == 409 and b"Nothing was downloaded" in got.content and "Content-Disposition" not in got
    fresh: Any = got.context["page"]  # type: ignore[attr-defined]
    assert dead.entries()[before:] == [] and fresh.state.value == "none" and not fresh.passphrase
    document = fetched(face, fresh.whom)
    assert (document["profile"][0]["name"], document["made_by"], document["made_for"]) == (dead.name, heir.name, "estate")
    assert "national_id" not in document["profile"][0], "whom it is about, and no more"
    post(face, "/en/mandates/stop/")
    assert post(face, "/en/my-data/copy/", **{"for": fresh.whom}).status_code == 409
    own = fetched(face, "")
    assert (own["profile"][0]["name"], own["made_for"]) == (heir.name, "citizen") and "made_by" not in own


def fetched(face: Client, whom: str) -> dict[str, Any]:
    """Asked for, made and downloaded by the buttons of the page."""
    asked: Any = post(face, "/en/my-data/copy/", **{"for": whom}).context["page"]  # type: ignore[attr-defined]
    export.run(export_id=UUID(asked.fragment_url.split("/")[-3]))
    ready: Any = face.get("/en/my-data/copy/").context["page"]  # type: ignore[attr-defined]
    answer: Any = post(face, ready.download_url, **{"for": whom})
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    packed = zipfile.ZipFile(io.BytesIO(opened(b"".join(answer.streaming_content), asked.passphrase)))
    return dict(json.loads(packed.read("export.jsonld")))
