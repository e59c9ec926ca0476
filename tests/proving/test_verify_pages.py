"""The page that verifies a log: what leads there, who may, what is noted, and that nothing of it works for another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import ModuleType
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from aurora.journeys import act_for, prove
from consent import acting as acting_now
from consent.errors import NotFound
from consent.ledger.events import Event
from tests.support.cast import HOST, Cast
from tests.support.mandated import acting, attorney, mandate, principal

Seal = Callable[[], None]
BUNDLE = "/en/activity/verify/bundle/"


def test_looking_at_the_page_notes_nothing_and_the_bundle_is_noted_once(cast: Cast, seal: Seal, program: ModuleType) -> None:
    seal()
    face, before = cast.aino.browser(), len(cast.aino.entries())
    page = face.get("/en/activity/verify/")
    assert page.status_code == 200 and b"<noscript>" in page.content and len(cast.aino.entries()) == before
    assert face.get(BUNDLE).status_code == 405 and face.head(BUNDLE).status_code == 405 and len(cast.aino.entries()) == before
    answer = face.post(BUNDLE)
    bundle = json.loads(b"".join(answer))
    noted = cast.aino.entries()[before:]
    assert [entry.event for entry in noted] == [Event.OWN_DATA_EXPORTED] and bundle["entries"][-1]["access"]["id"] == str(noted[0].id)
    assert program.check_bundle(bundle)["verdict"] == "verified"
    assert answer["Content-Disposition"].startswith('attachment; filename="aurora-log-20') and "no-store" in answer["Cache-Control"]


def test_a_page_of_another_site_cannot_ask_for_it(cast: Cast) -> None:
    before = len(cast.aino.entries())
    assert cast.aino.browser(enforce_csrf_checks=True).post(BUNDLE).status_code == 403
    assert len(cast.aino.entries()) == before


@pytest.mark.parametrize("entry", ["", "x", "0" * 400, "\x00", "<script>", "0d4c8e0a-6f3b-4c53-9b1e-2f7a4d0c9e11"])
def test_what_entry_it_is_asked_for_is_a_name_alone(cast: Cast, entry: str) -> None:
    answer = cast.aino.browser().get("/en/activity/verify/", {"entry": entry})
    assert answer.status_code == 200 and b"<script>" not in answer.content
    assert answer.context["page"].data["entry"] in (None, entry)


def test_an_entry_leads_to_its_proof(cast: Cast, seal: Seal, program: ModuleType) -> None:
    seal()
    entry, face = cast.aino.entries()[0], cast.aino.browser()
    page = face.get(f"/en/activity/{entry.id}/").content.decode()
    assert f"/en/activity/verify/?entry={entry.id}" in page
    answer = face.get(f"/en/activity/{entry.id}/proof.tlog-proof")
    key = face.get("/ledger/key").content.decode().split("\n")[0]
    assert answer.status_code == 200 and program.check_proof(answer.content.decode(), [key])["code"] == "proved"
    assert cast.cecilia.browser().get(f"/en/activity/{entry.id}/proof.tlog-proof").status_code == 404
    assert Client(HTTP_HOST=HOST).get(f"/en/activity/{entry.id}/proof.tlog-proof").status_code == 302  # to sign in
    assert face.get(f"/en/activity/{uuid4()}/proof.tlog-proof").status_code == 404


def test_what_waits_has_no_proof_yet(cast: Cast, seal: Seal) -> None:
    seal()
    face = cast.aino.browser()
    face.get("/en/my-data/")
    entry = cast.aino.entries()[-1]
    page = face.get(f"/en/activity/{entry.id}/").content.decode()
    assert "Waiting to be sealed" in page and "proof.tlog-proof" not in page
    answer = face.get(f"/en/activity/{entry.id}/proof.tlog-proof")
    assert (answer.status_code, answer["Location"]) == (302, f"/en/activity/{entry.id}/")


def test_none_of_it_is_for_another(cast: Cast) -> None:
    """It names those who acted before, and what a mandate does not reach."""
    giver, holder = principal(), attorney()
    face = acting(holder, mandate(giver, holder))
    entry = giver.entries()[-1]
    before = len(giver.entries())
    for answer in (face.get("/en/activity/verify/"), face.post(BUNDLE), face.get(f"/en/activity/{entry.id}/proof.tlog-proof")):
        assert answer.status_code == 403
    assert len(giver.entries()) == before
    for path in ("/en/activity/", f"/en/activity/{entry.id}/"):
        page = face.get(path).content
        assert b"activity/verify" not in page and b"tlog-proof" not in page


def test_the_journey_itself_refuses_whoever_acts(cast: Cast) -> None:
    giver, holder = principal(), attorney()
    doing = act_for.acting_for(actor=holder.id, mandate_id=mandate(giver, holder), now=timezone.now())
    before = len(giver.entries())
    with acting_now.use(doing):
        with pytest.raises(NotFound):
            prove.bundle(citizen_id=giver.id, now=timezone.now())
        with pytest.raises(NotFound):
            prove.tlog_proof(citizen_id=giver.id, entry_id=giver.entries()[0].id)
    assert len(giver.entries()) == before


def test_the_page_to_keep_is_for_anybody_and_about_nobody() -> None:
    answers = [Client(HTTP_HOST=HOST).get(f"/{language}/activity/verify/aurora-verify.html") for language in ("fi", "sv", "en")]
    assert {answer.status_code for answer in answers} == {200}
    pages = [answer.content.decode() for answer in answers]
    # The same but for the language in which it begins: that of the page that led there.
    assert [page.partition('<html lang="')[2][:2] for page in pages] == ["fi", "sv", "en"]
    assert len({re.sub('<html lang="..">', "", page, count=1) for page in pages}) == 1
    assert all(not answer.cookies and answer["Content-Disposition"].startswith("attachment") for answer in answers)
    assert answers[0]["Cache-Control"] == "public, max-age=300"
