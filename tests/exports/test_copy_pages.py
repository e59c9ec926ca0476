"""The pages of a copy: what they show once, what they show nobody else, and that they work without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.utils import timezone

from aurora.exports import forgetting, seal
from aurora.journeys import export
from aurora.portal.views.exports import PASSPHRASES_A_MINUTE
from consent.scope import citizen_scope
from tests.support.cast import FORM, Cast, Person
from tests.support.copies import opened
from tests.support.mandated import acting, attorney, mandate, principal

COPY = "/en/my-data/copy/"
GROUPS = r"(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}"


@pytest.fixture
def aino(cast: Cast) -> Iterator[Person]:
    yield cast.aino
    with citizen_scope(cast.aino.id):
        forgetting.forget(citizen_id=cast.aino.id)


def post(face: Any, address: str, **form: str) -> Any:
    from urllib.parse import urlencode

    return face.post(address, urlencode({"for": "", **form}), content_type=FORM)


def ready(person: Person, face: Any) -> tuple[Any, str]:
    asked = post(face, COPY).context["page"]
    export.run(export_id=export.newest(citizen_id=person.id).id)  # type: ignore[union-attr]
    return face.get(COPY).context["page"], asked.passphrase


def test_the_passphrase_is_shown_once_and_by_no_page_after(aino: Person) -> None:
    face = aino.browser()
    assert re.search(GROUPS, face.get(COPY).content.decode()) is None
    asked = post(face, COPY)
    [shown] = re.findall(GROUPS, asked.content.decode())
    assert asked.status_code == 200 and "no-store" in asked["Cache-Control"] and shown == asked.context["page"].passphrase
    again = post(face, COPY)
    assert again.context["page"].passphrase == "" and again.context["page"].state.value == "waiting", "sent twice, there is one"
    for address in (COPY, again.context["page"].fragment_url, "/en/my-data/", "/en/activity/", "/en/messages/"):
        assert re.search(GROUPS, face.get(address).content.decode()) is None, address


def test_it_is_fetched_by_a_button_without_javascript(aino: Person) -> None:
    face = aino.browser()
    page, passphrase = ready(aino, face)
    text = face.get(COPY).content.decode()
    assert "Download the encrypted file" in text and "It can be downloaded 3 times." in text and page.size.endswith("MB")
    answer = post(face, page.download_url)
    assert answer["Content-Type"].startswith("text/html") and re.fullmatch(
        r'attachment; filename="aurora-[\d-]+\.html"', answer["Content-Disposition"]
    )
    assert answer["X-Content-Type-Options"] == "nosniff" and "no-store" in answer["Cache-Control"]
    assert opened(b"".join(answer.streaming_content), passphrase)[:2] == b"PK"
    renewed = post(face, page.passphrase_url).context["page"]
    assert renewed.renewed and re.fullmatch(GROUPS, renewed.passphrase) and renewed.passphrase != passphrase
    assert post(face, page.delete_url).status_code == 302 and "deleted by your wish" in face.get(COPY).content.decode()
    for gone in (page.download_url, page.delete_url, page.passphrase_url):
        assert post(face, gone).status_code == 404


def test_another_citizens_copy_is_not_there(aino: Person, cast: Cast) -> None:
    page, _ = ready(aino, aino.browser())
    stranger = cast.cecilia.browser()
    entries = len(aino.entries())
    for address in (page.download_url, page.delete_url, page.passphrase_url):
        assert post(stranger, address).status_code == 404
        assert post(stranger, re.sub(r"[0-9a-f-]{36}", str(uuid4()), address)).status_code == 404
        assert aino.browser().get(address).status_code == 405
    fragment = page.ask_url + page.download_url.split("/")[-3] + "/progress/"
    assert stranger.get(fragment).status_code == 404 and aino.browser().get(fragment).status_code == 200
    assert len(aino.entries()) == entries and export.newest(citizen_id=aino.id).downloads_left == 3  # type: ignore[union-attr]
    assert stranger.get(COPY).context["page"].state.value == "none"


@pytest.mark.parametrize("tried", ["..%2f..%2fservices.json", "%2e%2e", "../../../etc/passwd", "aurora.sealed", "0" * 32])
def test_no_name_of_a_file_is_an_address(aino: Person, tried: str) -> None:
    face = aino.browser()
    for deed in ("download", "progress"):
        assert post(face, f"{COPY}{tried}/{deed}/").status_code == 404


def test_nothing_is_fetched_without_the_forms_token(aino: Person) -> None:
    page, _ = ready(aino, aino.browser())
    face = aino.browser(enforce_csrf_checks=True)
    for address in (page.download_url, page.passphrase_url, page.delete_url, COPY):
        assert post(face, address).status_code == 403
    assert aino.browser().get(page.download_url).status_code == 405, "a link alone fetches nothing"


def test_an_attorney_for_some_themes_takes_nothing_along(cast: Cast) -> None:
    aamu, valto = principal(), attorney()
    face = acting(valto, mandate(aamu, valto))
    assert face.get(COPY).status_code == 403 and post(face, COPY).status_code == 403


def test_a_guardians_copy_is_their_own_and_the_childs_is_the_childs(cast: Cast) -> None:
    from tests.concerns.test_for_a_child import Family

    family = Family()
    hanna = family.face(family.hanna)
    whom = hanna.get(COPY).context["page"].whom
    assert whom and post(hanna, COPY).status_code == 409, "a form of the guardian's own page"
    asked = post(hanna, COPY, **{"for": whom}).context["page"]
    with family.acts(family.hanna):
        theirs = export.newest(citizen_id=family.kid.id)
    assert theirs and asked.passphrase and export.newest(citizen_id=family.kid.id) is None, "the child has asked for none"
    export.run(export_id=theirs.id)
    assert post(family.kid.browser(), f"{COPY}{theirs.id}/download/").status_code == 404
    assert post(family.face(family.heikki), f"{COPY}{theirs.id}/download/", **{"for": family.face(family.heikki).get(COPY).context["page"].whom}).status_code == 404  # fmt: skip
    got = post(hanna, f"{COPY}{theirs.id}/download/", **{"for": whom})
    assert opened(b"".join(got.streaming_content), asked.passphrase)[:2] == b"PK"
    last = family.kid.entries()[-1]
    assert last.event == "citizen:twin:downloaded"
    assert "An attorney or guardian downloaded the encrypted copy" in hanna.get("/en/activity/").content.decode()
    own = export.ask(citizen_id=family.kid.id, language="fi", now=timezone.now())
    assert own.passphrase and seal.typed(own.passphrase) and own.export_id != theirs.id


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_state_has_its_sentences(aino: Person, language: str) -> None:
    face, address = aino.browser(), f"/{language}/my-data/copy/"
    seen = [face.get(address).content.decode()]
    post(face, address)
    seen.append(face.get(address).content.decode())
    assert '<noscript><p class="govuk-body"><a class="govuk-link" href="">' in seen[-1]
    export.run(export_id=export.newest(citizen_id=aino.id).id)  # type: ignore[union-attr]
    seen.append(face.get(address).content.decode())
    post(face, face.get(address).context["page"].delete_url)
    seen.append(face.get(address).content.decode())
    assert len(set(seen)) == 4 and all("None" not in re.sub(r"(?s)<script.*?</script>", "", text) for text in seen)


def test_passphrases_are_made_anew_so_often_a_minute_and_the_last_one_opens(aino: Person) -> None:
    """Each is worth a fifth of a second of a core."""
    face = aino.browser()
    page, _ = ready(aino, face)
    cache.delete(f"passphrases:{aino.id}")
    answers = [post(face, page.passphrase_url) for _ in range(PASSPHRASES_A_MINUTE + 1)]
    assert [answer.status_code for answer in answers] == [200] * PASSPHRASES_A_MINUTE + [429] and 1 <= int(answers[-1]["Retry-After"]) <= 60
    last = answers[-2].context["page"].passphrase
    assert opened(b"".join(post(face, page.download_url).streaming_content), last)[:2] == b"PK"
    cache.delete(f"passphrases:{aino.id}")
