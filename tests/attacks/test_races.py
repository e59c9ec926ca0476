"""Two at once where only one may win: real threads, real commits (RFC 9700, 4.5; FAPI 2.0, 5.3.2.1, 5.3.2.2).

Two redemptions of a code beside each other, and a redemption beside a withdrawal: tests/consent/oauth/test_oauth_token.py. A proof used twice at
once: test_dpop.py; an assertion: test_assertion_replay.py.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import connection, connections, transaction
from django.utils import timezone

from consent import agency_drafts, names
from consent.errors import Conflict
from consent.models import Agency
from tests.support.cast import FORM, Cast, browser
from tests.support.relying import Relying


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _again(client: Relying) -> Relying:
    """The same client from another of its machines: the test client of Django is no two threads'."""
    return Relying(client.client_id, client.key, client.redirect_uri, client.purpose, client.categories, client.verifier, http=browser())


def test_of_two_redemptions_over_http_one_wins_and_then_nothing_is_left(cast: Cast, first: Relying) -> None:
    """The loser's is a second use of the code, which ends what the winner got."""
    code = first.code(cast.cecilia)
    one, other = _again(first), _again(first)
    answers = at_once(lambda: one.redeem(code), lambda: other.redeem(code))
    assert sorted(a.status_code for a in answers) == [200, 400]
    won = next(a.json() for a in answers if a.status_code == 200)
    for token in (won["access_token"], won["refresh_token"]):
        assert first.send("/oauth/introspect", {"token": token}).json() == {"active": False}


def test_of_two_answers_to_one_request_one_counts(cast: Cast, first: Relying) -> None:
    """Allow and allow, allow and decline: one goes back to the client, and one consent at most is made."""
    for second_answer in ("allow", "decline"):
        face, uri = cast.cecilia.browser(), first.pushed()
        page = first.opened(face, uri)
        form = {**dict(page.context["page"].hidden), "categories": first.categories}
        known = {c.pk for c in cast.cecilia.consents()}

        def answer(decision: str, form: dict[str, Any] = form, cookies: Any = face.cookies) -> Any:
            mine = browser()
            mine.cookies = cookies
            body = urlencode({**form, "decision": decision}, doseq=True)
            return mine.post("/oauth/authorize", body, content_type=FORM)

        answers = at_once(lambda: answer("allow"), lambda other=second_answer: answer(other))  # type: ignore[misc]
        assert sorted(a.status_code for a in answers) == [303, 400], [a.content[:200] for a in answers]
        assert len({c.pk for c in cast.cecilia.consents()} - known) == 1


def test_of_two_browsers_one_opens_the_request(cast: Cast, first: Relying) -> None:
    """RFC 9700, 4.7: it is bound to whoever came first, also when both come at once."""
    uri, faces = first.pushed(), [cast.cecilia.browser(), cast.aino.browser()]
    answers = at_once(*(lambda face=face: first.opened(face, uri) for face in faces))  # type: ignore[misc]
    assert sorted(a.status_code for a in answers) == [200, 400]


def test_of_two_agreements_that_give_one_name_the_second_is_refused(cast: Cast) -> None:
    """Neither sees the other's agency before it is committed, so one waits for the other."""
    codes = [f"race-{uuid4().hex[:10]}" for _ in range(2)]
    rest = {"roles": ["data_user"], "legal_name": "By law", "business_id": "1", "country": "FI", "contact": {"email": "a@b.example"}}
    content = {"name": dict.fromkeys(("fi", "sv", "en"), f"Race {codes[0]}"), "since": "2026-01-01", **rest}
    now, asking, agreeing = timezone.now(), uuid4(), uuid4()
    asked = [
        agency_drafts.draft(code=code, content=content, meaning=None, new=True, reason="Both", by=asking, now=now).pk for code in codes
    ]
    seen = Barrier(2)

    def agree(draft: UUID) -> str:
        try:
            with transaction.atomic():
                seen.wait(120)
                agency_drafts.approve(draft_id=draft, by=agreeing, now=now)
                # Held open: a second one that does not wait here would look before this is committed.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.3)")
        except Conflict as error:
            return error.sentence
        return "agreed"

    assert sorted(at_once(*(partial(agree, draft) for draft in asked))) == sorted(["agreed", names.TAKEN])
    assert Agency.objects.filter(code__in=codes).count() == 1
