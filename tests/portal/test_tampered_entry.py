"""Somebody with all rights on the database changes an entry: the citizen's pages stay up, and its own page says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from aurora.identity import entries
from aurora.ui import words
from aurora.ui.contexts.chain import ChainPart, ChainState
from tests.support.cast import REGISTER, TAX, Cast, services
from tests.support.mandated import somebody

CHANGED = str(words.error("entry_changed"))


@contextmanager
def tampered(entry_id: object, deed: str) -> Iterator[None]:
    """Changed past triggers and privileges, as a superuser can; and put back."""
    with psycopg.connect(services().admin_url or "", autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("CREATE TEMP TABLE kept AS SELECT * FROM ledger_ledgerentry WHERE id = %s", [entry_id])
        admin.execute(f"UPDATE ledger_ledgerentry SET {deed} WHERE id = %s", [entry_id])  # type: ignore[arg-type]
        try:
            yield
        finally:
            admin.execute("DELETE FROM ledger_ledgerentry WHERE id = %s", [entry_id])
            admin.execute("INSERT INTO ledger_ledgerentry SELECT * FROM kept")


@pytest.mark.parametrize(
    "deed",
    [
        "sealed = sealed || 'x'::bytea",
        "sealed = ''",
        "event = 'agency:twin:read'",
        "event = 'nobody:knows:this'",
        "event = 'x'",
        "actor = 'nobody'",
        "purpose = 'nothing'",
        "source = 'nowhere'",
        "categories = '{made.up}'",
        "consent_ids = '{00000000-0000-0000-0000-000000000000}'",
        "decision = 'made_up'",
        "at = at - interval '1 day'",
        "commitment = sha256('x')",
        "prev = sha256('x')",
    ],
)
def test_an_entry_that_was_changed_is_shown_and_said_to_be(cast: Cast, deed: str) -> None:
    entry, face = cast.aino.entries()[0], cast.aino.browser()
    address = f"/en/activity/{entry.id}/"
    assert CHANGED not in face.get(address).content.decode()
    with tampered(entry.id, deed):
        for page in ("/en/home/", "/en/activity/"):
            assert face.get(page).status_code == 200, page
        answer = face.get(address)
    assert answer.status_code == 200 and CHANGED in answer.content.decode()


@pytest.mark.parametrize(("deed", "state"), [("prev = sha256('x')", ChainState.CHANGED), ("seq = seq + 1000", ChainState.MISSING)])
def test_the_activity_page_says_what_of_the_chain_does_not_hold(cast: Cast, deed: str, state: ChainState) -> None:
    """On the page of the entries themselves, on one of others, and where all links are looked at."""
    person = somebody("Tarkka Testinen")  # of whom there is less than a page
    person.connect(REGISTER)
    person.connect(TAX)
    face, third = person.browser(), person.entries()[2]

    def chain(query: str) -> ChainPart:
        answer = face.get(f"/en/activity/?{query}")
        assert answer.status_code == 200
        found: ChainPart = answer.context["page"].chain  # type: ignore[attr-defined]
        shown = answer.content.decode()
        assert ("Do not rely on this page" in shown) == (found.state is not ChainState.WHOLE)
        assert ("each entry on this page follows" in shown) == (found.state is ChainState.WHOLE and not found.walked)
        assert ("all entries follow" in shown) == (found.state is ChainState.WHOLE and found.walked)
        assert face.get(found.walk_url).context["page"].chain.walked  # type: ignore[attr-defined]
        return found

    assert chain("").state is chain("before=3").state is ChainState.WHOLE
    walked = chain("before=3&kind=&entries=all")
    assert (walked.state, walked.broken_at) == (ChainState.WHOLE, None) and walked.walk_url.endswith("?before=3&entries=all")
    with tampered(third.id, deed):
        assert chain("").state is state
        assert chain("before=3").state is (ChainState.WHOLE if state is ChainState.CHANGED else state), "the third is not on this page"
        walked = chain("before=3&entries=all")
        assert walked.state is state and walked.broken_at == (3 if state is ChainState.CHANGED else 4)
    assert chain("entries=all").state is ChainState.WHOLE


def test_the_page_of_an_entry_opens_it_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its rooms say of it, the citizen's own deeds too."""
    opened: list[object] = []
    really = entries.ledger.open_entry
    monkeypatch.setattr(entries.ledger, "open_entry", lambda entry, *rest: opened.append(entry.id) or really(entry, *rest))
    cast.office.read(cast.office.granted(cast.aino)["access_token"], "population.household")
    every, face = cast.aino.entries(), cast.aino.browser()
    assert {entry.actor == "citizen" for entry in every} == {True, False}
    for entry in every:
        opened.clear()
        assert face.get(f"/en/activity/{entry.id}/").status_code == 200
        assert opened.count(entry.id) == 1, entry.event
