"""The console's pages for breaking the glass: who may open them, what they show, and that what was read shows once and nowhere else."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.utils import timezone

from aurora.console.auth import FACTOR_AT, RECENT, THEN
from aurora.identity.keys import pairwise
from aurora.identity.models import Operator
from aurora.portal.present.activity import PAGE
from consent.breakglass.models import Alarm, Read, Request
from consent.rules.glass import REVIEW_WITHIN, Standing
from tests.console.glass import HOUSEHOLD, PERSON, TEXT, Officer, Role, actions, age, approved, ask, clear, officer, read, signed_in
from tests.support.cast import FORM, Cast, browser

LIST, NEW = "/en/console/break-glass/", "/en/console/break-glass/new/"
FIELDS = {"reason": "citizen_asked", "text": TEXT, "case": "2026/4711", "categories": [HOUSEHOLD], "minutes": "10"}


@pytest.fixture
def three(cast: Cast) -> Iterator[tuple[Officer, Officer, Officer]]:
    made = officer(Role.PRIVACY_OFFICER), officer(Role.PRIVACY_OFFICER), officer(Role.AUDITOR)
    yield made
    clear()
    for one in made:
        one.operator.delete()


def post(officer: Officer, path: str, /, **form: Any) -> Any:
    return officer.face.post(path, urlencode(form, doseq=True), content_type=FORM)


def at(row: Request) -> str:
    return f"{LIST}{row.pk}/"


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.status_code
    return {e.field: e.message for e in answer.context["page"].errors}


def test_the_whole_way_by_pages_without_a_script(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = three
    form = asker.face.get(NEW)
    assert "checked" not in form.content.decode(), "nothing is ticked before"
    made = post(asker, NEW, form=form.context["page"].form, who=cast.aino.national_id, **FIELDS)
    assert made.status_code == 302
    row = Request.objects.get(asked_by=asker.operator.pk)
    assert made["Location"] == at(row) and cast.aino.national_id not in made["Location"]
    assert [b for b in ("approve", "decline", "read", "end", "review") if f'value="{b}"' in asker.face.get(at(row)).content.decode()] == [
        "decline"
    ]
    page = decider.face.get(at(row))
    assert TEXT in page.content.decode() and asker.operator.name in page.content.decode()
    assert post(decider, at(row), decision="approve", who=cast.aino.national_id).status_code == 302

    look = asker.face.get(at(row)).context["page"]
    assert look.may_read and [c.code for c in look.choices] == [HOUSEHOLD] and not look.choices[0].checked
    shown = post(asker, at(row), decision="read", form=look.form, read=[HOUSEHOLD])
    text = shown.content.decode()
    assert shown.status_code == 200 and "Household size" in text and ">3<" in text.replace(" persons", "")
    assert "no-store" in shown["Cache-Control"]
    assert actions(cast.aino, row)[-1] == "read" and str(Read.objects.get(request=row).entry_id) in text
    for who in three:
        again = who.face.get(at(row)).content.decode()
        assert "Household size" not in again and "Household" in again

    assert post(decider, at(row), decision="end").status_code == 302
    judge = auditor.face.get(at(row)).context["page"]
    assert judge.may_review and len(judge.reads) == 1 and not (judge.may_read or judge.may_end or judge.may_decide)
    assert post(auditor, at(row), decision="review", verdict="not_justified", review="There was no call at all.").status_code == 302
    assert errors(post(auditor, at(row), decision="review", verdict="justified", review="On second thoughts, fine.")) == {
        "decision": "This has already been decided, or its time is over."
    }
    assert actions(cast.aino, row) == ["requested", "approved", "read", "reviewed"]
    seen = officer(Role.OPERATIONS)
    listed = seen.face.get(LIST).context["page"]
    assert listed.condemned == 1 and listed.rows[0].condemned
    opened = seen.face.get(at(row)).content.decode()
    assert "Not justified" in opened and TEXT not in opened and "no call at all" not in opened, (
        "operations see the judgement, not the words"
    )
    assert "<form" not in opened.partition("<main")[2].partition("</main")[0]
    seen.operator.delete()


@pytest.mark.parametrize("form", ["", "0", "x" * 500, "a-form-of-mine", None])
def test_what_no_form_of_ours_sent_reads_nothing_however_often_it_comes(
    cast: Cast, three: tuple[Officer, Officer, Officer], form: str | None
) -> None:
    """Made by hand within the time of an approval: without a form's id it would count each time."""
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    sent = {"decision": "read", "read": [HOUSEHOLD], **({} if form is None else {"form": form})}
    for _ in range(2):
        assert set(errors(post(asker, at(row), **sent))) == {"read"}
    assert not Read.objects.exists() and actions(cast.aino, row) == ["requested", "approved"]
    made = {"who": cast.aino.national_id, **FIELDS, **({} if form is None else {"form": form})}
    assert set(errors(post(asker, NEW, **made))) == {"who"} and Request.objects.count() == 1


def test_a_form_reads_once_and_each_look_within_the_time_is_an_entry_of_its_own(
    cast: Cast, three: tuple[Officer, Officer, Officer]
) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    forms = [asker.face.get(at(row)).context["page"].form for _ in range(2)]
    for form in forms:
        assert post(asker, at(row), decision="read", read=[HOUSEHOLD], form=form).status_code == 200
    for odd in (forms[0], forms[0].upper(), "{" + forms[0] + "}", forms[0].replace("-", "")):
        assert post(asker, at(row), decision="read", read=[HOUSEHOLD], form=odd).status_code == 400, odd
    assert Read.objects.filter(request=row).count() == 2
    assert actions(cast.aino, row) == ["requested", "approved", "read", "read", *["refused"] * 4]
    shown = cast.aino.browser().get("/en/activity/", {"kind": "break_glass"}).content.decode()
    assert all(str(entry) in shown for entry in Read.objects.values_list("entry_id", flat=True)), "the citizen sees each"


def test_who_may_open_what(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    row = ask(three[0], cast.aino)
    wanted = {
        Role.PRIVACY_OFFICER: (200, 200, 200), Role.AUDITOR: (200, 403, 200), Role.OPERATIONS: (200, 403, 200),
        Role.AGENCY_OFFICER: (403, 403, 403), Role.MODEL_STEWARD: (403, 403, 403),
    }  # fmt: skip
    for role, codes in wanted.items():
        who = officer(role)
        assert tuple(who.face.get(path).status_code for path in (LIST, NEW, at(row))) == codes, role
        # Among the pages of its group it is for those whom it opens for; others find it nowhere.
        pages = [who.face.get(path).content.decode() for path in (LIST, "/en/console/")]
        assert any(f'href="{LIST}"' in page for page in pages) == (codes[0] == 200), role
        if codes[1] == 403:
            assert post(who, NEW, who=cast.aino.national_id, **FIELDS).status_code == 403
            for decision in ("approve", "decline", "read", "end"):
                assert post(who, at(row), decision=decision, who=cast.aino.national_id, read=[HOUSEHOLD]).status_code == 403, (
                    role,
                    decision,
                )
        who.operator.delete()
    for face in (browser(), cast.aino.browser()):
        assert [face.get(path).status_code for path in (LIST, NEW, at(row))] == [302, 302, 302]
        assert face.post(at(row), {"decision": "approve"}).status_code == 302
    assert Request.objects.count() == 1 and actions(cast.aino, row) == ["requested"]


@pytest.mark.parametrize("given", ["long ago", "in time to come", "never"])
def test_without_a_recent_second_factor_nothing_is_done_and_the_page_comes_back_after_it(
    cast: Cast, three: tuple[Officer, Officer, Officer], given: str
) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    when = timezone.now() - RECENT if given == "long ago" else timezone.now() + timedelta(minutes=1)
    asker.face = signed_in(asker.operator, at=when)
    if given == "never":
        session = asker.face.session
        del session[FACTOR_AT]
        session.save()
    answer = post(asker, at(row), decision="read", read=[HOUSEHOLD], form=str(uuid4()))
    assert (answer.status_code, answer["Location"]) == (302, "/en/console/second-factor/")
    assert not Read.objects.exists() and actions(cast.aino, row) == ["requested", "approved"]
    assert asker.face.get(at(row)).status_code == 200, "what was asked can be looked at"


def test_the_second_factor_leads_back_to_the_page_that_asked_for_it_once(cast: Cast) -> None:
    Operator.objects.filter(username="olavi").update(totp_last_step=-1)  # the code of this half minute may have been used by another test
    face = cast.operator_browser()
    session = face.session
    session[THEN] = f"{LIST}{uuid4()}/"
    wanted = session[THEN]
    session.save()
    back = face.post("/en/console/second-factor/", {"code": cast.code_now()})
    assert (back.status_code, back["Location"]) == (302, wanted)
    assert abs(face.session[FACTOR_AT] - timezone.now().timestamp()) < RECENT.total_seconds() and THEN not in face.session


def test_what_was_typed_for_whose_data_never_comes_back(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    named = cast.aino.national_id
    wrong = post(asker, NEW, who=named, **{**FIELDS, "text": "short"})
    assert set(errors(wrong)) == {"text"} and named not in wrong.content.decode()
    assert set(errors(post(asker, NEW))) == {"who", "reason", "text", "case", "categories", "minutes"}
    kept = wrong.context["page"]
    assert (kept.case, [c.code for c in kept.categories if c.checked]) == ("2026/4711", [HOUSEHOLD])
    row = ask(asker, cast.aino)
    differs = post(decider, at(row), decision="approve", who=cast.cecilia.national_id)
    assert set(errors(differs)) == {"who"} and cast.cecilia.national_id not in differs.content.decode()


def test_known_and_unknown_answer_the_same_until_another_officer_agreed(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = three
    shown = []
    for named in (cast.aino.national_id, "S000000-9"):
        answer = post(asker, NEW, form=str(uuid4()), who=named, **FIELDS)
        row = Request.objects.latest("asked_at")
        for who in (asker, decider, auditor):
            page = who.face.get(at(row)).content.decode()
            page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]+"|[0-9a-f-]{36}|\d{1,2}:\d\d', "", page)
            shown.append((answer.status_code, who.operator.username, page))
    half = len(shown) // 2
    assert shown[:half] == shown[half:]


def test_no_page_and_no_line_of_the_log_says_whose_data_it_is_or_what_it_says(
    cast: Cast, three: tuple[Officer, Officer, Officer], caplog: pytest.LogCaptureFixture
) -> None:
    asker, decider, auditor = three
    caplog.set_level(logging.DEBUG)
    form = str(uuid4())
    post(asker, NEW, form=form, who=cast.aino.national_id, **FIELDS)
    row = Request.objects.get(pk=form)
    post(decider, at(row), decision="approve", who=cast.aino.national_id)
    shown = post(asker, at(row), decision="read", form=str(uuid4()), read=[HOUSEHOLD]).content.decode()
    post(asker, at(row), decision="end")
    post(auditor, at(row), decision="review", verdict="justified", review="It is all in the case.")
    pages = [who.face.get(path).content.decode() for who in three for path in (LIST, at(row))]
    whose = [cast.aino.national_id, cast.aino.name, str(cast.aino.id), pairwise(citizen_id=cast.aino.id, agency=cast.office.client_id)]
    for text in (*pages, shown, caplog.text):
        assert not [w for w in whose if w in text]
    assert TEXT not in caplog.text and "all in the case" not in caplog.text and "household_size" not in caplog.text


def test_a_form_sent_twice_reads_once_and_an_approval_once(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, _ = three
    row = ask(asker, cast.aino)
    approve = {"decision": "approve", "who": cast.aino.national_id}
    assert post(decider, at(row), **approve).status_code == 302
    until = Request.objects.get(pk=row.pk).expires_at
    assert set(errors(post(decider, at(row), **approve))) == {"decision"} and Request.objects.get(pk=row.pk).expires_at == until
    look = {"decision": "read", "read": [HOUSEHOLD], "form": str(uuid4())}
    assert post(asker, at(row), **look).status_code == 200
    again = post(asker, at(row), **look)
    assert "a second time" in errors(again)["read"] and "Household size" not in again.content.decode()
    assert actions(cast.aino, row) == ["requested", "approved", "read", "refused"]


def test_curious_operators_get_nothing_and_are_seen(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = three
    row = ask(asker, cast.aino)
    own = post(asker, at(row), decision="approve", who=cast.aino.national_id)
    assert "Somebody else must decide" in errors(own)["decision"] and Request.objects.get(pk=row.pk).state == "asked"
    assert post(decider, at(row), decision="approve", who=cast.aino.national_id).status_code == 302
    for who, categories, said in ((decider, [HOUSEHOLD], "somebody else"), (asker, [HOUSEHOLD, PERSON], "other data")):
        answer = post(who, at(row), decision="read", read=categories, form=str(uuid4()))
        assert said in errors(answer)["read"] and "Household size" not in answer.content.decode()
    assert set(errors(post(asker, at(row), decision="read", form=str(uuid4())))) == {"read"}
    assert post(auditor, at(row), decision="read", read=[HOUSEHOLD]).status_code == 403
    assert set(errors(post(asker, at(row), decision="open sesame"))) == {"decision"}
    age(row, timedelta(minutes=10))
    assert "time" in errors(post(asker, at(row), decision="read", read=[HOUSEHOLD], form=str(uuid4())))["read"]
    assert not Read.objects.exists()
    seen = auditor.face.get(LIST).context["page"]
    assert {a.who for a in seen.alarms} == {asker.operator.name, decider.operator.name} and len(seen.alarms) == Alarm.objects.count() == 4
    for role in ("operations", "agency_officer"):
        type(asker.operator).objects.filter(pk=asker.operator.pk).update(roles=[role])
        assert post(asker, at(row), decision="read", read=[HOUSEHOLD], form=str(uuid4())).status_code == 403, "in the same session"
    assert asker.face.get(at(row)).status_code == 403


def test_the_list_is_filtered_and_says_what_is_overdue(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = three
    over = approved(asker, decider, cast.aino)
    age(over, REVIEW_WITHIN + timedelta(hours=1))
    waits, open_ = ask(asker, cast.aino, reason="data_fault"), approved(asker, decider, cast.cecilia)
    mine = ask(decider, cast.aino)

    def rows(**query: str) -> set[str]:
        return {r.id for r in auditor.face.get(LIST, query).context["page"].rows}

    page = auditor.face.get(LIST).context["page"]
    assert [r.id for r in page.rows] == [str(r.pk) for r in (mine, open_, waits, over)], "newest first"
    assert (page.waiting, page.open, page.overdue) == (2, 1, 1) and page.rows[-1].overdue
    assert (
        rows(state="waits") == {str(waits.pk), str(mine.pk)}
        and rows(state="open") == {str(open_.pk)}
        and rows(state="over") == {str(over.pk)}
    )
    assert rows(state="declined") == rows(state="nobody") == set()
    assert rows(reason="data_fault") == {str(waits.pk)} and rows(operator=decider.operator.username) == {str(mine.pk)}
    assert rows(operator="x" * 500) == rows(operator="\x00'") == set()
    assert len(rows(state="no such", reason="")) == 4
    assert rows(after=str(open_.pk)) == {str(waits.pk), str(over.pk)}
    assert auditor.face.get(LIST, {"after": "x"}).status_code == auditor.face.get(LIST, {"after": str(uuid4())}).status_code == 404
    assert "access without a consent is overdue" in auditor.face.get("/en/console/").content.decode()
    assert {s.value for s in Standing} >= {o.code for o in page.states}


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_citizen_reads_it_in_their_language(cast: Cast, three: tuple[Officer, Officer, Officer], language: str) -> None:
    asker, decider, _ = three
    row = approved(asker, decider, cast.aino)
    found = read(asker, row)
    face = cast.aino.browser()
    page = face.get(f"/{language}/activity/{found.entry_id}/")
    text = page.content.decode()
    words = {"fi": "Auroran tietosuojavastaava", "sv": "en dataskyddshandläggare hos Aurora", "en": "a privacy officer of Aurora"}
    assert words[language] in text and "2026/4711" in text and str(asker.operator.pk)[:8] in text and str(decider.operator.pk)[:8] in text
    assert asker.operator.name not in text and asker.operator.username not in text and "consent of yours covered" not in text
    assert page.context["page"].entry.allowed is True and page.context["page"].concern.report_url
    days = face.get(f"/{language}/activity/", {"kind": "break_glass"}).context["page"].days
    newest = [str(e.pk) for e in reversed(cast.aino.entries()) if ":break_glass:" in e.event][:PAGE]
    assert [row.id for day in days for row in day.entries] == newest and newest[0] == str(found.entry_id)
    assert face.get(f"/{language}/messages/").status_code == 200
    message = face.get(f"/{language}/messages/{cast.aino.messages()[0].pk}/").content.decode()
    assert TEXT in message and "2026/4711" in message


def test_what_the_citizen_is_told_of_each_step(cast: Cast, three: tuple[Officer, Officer, Officer]) -> None:
    asker, decider, auditor = three
    row = approved(asker, decider, cast.aino)
    read(asker, row)
    post(decider, at(row), decision="read", read=[HOUSEHOLD], form=str(uuid4()))
    post(asker, at(row), decision="end")
    post(auditor, at(row), decision="review", verdict="justified", review="It is all in the case.")
    face = cast.aino.browser()
    said = {}
    for entry in cast.aino.entries()[-5:]:
        page = face.get(f"/en/activity/{entry.pk}/").context["page"]
        said[entry.event.split(":")[2]] = (page.decision, page.entry.allowed, page.glass)
    assert list(said) == ["requested", "approved", "read", "refused", "reviewed"]
    assert "Nothing has been shown" in said["requested"][0] and said["requested"][2].text == TEXT
    assert said["read"][1] is True and said["refused"][1] is False and "somebody else" in said["refused"][0]
    assert "justified" in said["reviewed"][0] and said["reviewed"][2].review == "It is all in the case."
    assert face.get(f"/en/activity/{entry.pk}/").status_code == 200
    stranger = cast.cecilia.browser()
    assert stranger.get(f"/en/activity/{entry.pk}/").status_code == 404
