"""The developers' pages: open to everyone, in three languages, small, cheap, and each link of theirs leads somewhere. Problem types resolve."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aurora.ui import developer_words as words
from aurora.ui.developers import documents, exchanges, openapi, problems
from tests.support.cast import ISSUER, Cast, browser

PAGES = (
    "", "concepts/", "concepts/tax.income/", "authorization/", "webhooks/", "reference/", "limits/", "problems/", "changelog/", "credentials/", "events/",
    *(f"guide/{name}/" for name in (*documents.FILES, *documents.CHAPTERS)),
    *(f"reference/{name}/" for name in openapi.operations()),
    "problems/no_consent/", "problems/invalid_grant/", "problems/unavailable/",
)  # fmt: skip
LINK = re.compile(r'href="(/[^"#]*)')


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_there_small_and_cheap(cast: Cast, language: str, name: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = browser().get(f"/{language}/developers/{name}")
    assert answer.status_code == 200
    assert len(answer.content) <= 40 * 1024 and len(asked) <= 12
    assert f'<html lang="{language}"' in answer.content.decode()


def test_each_link_of_them_leads_somewhere(cast: Cast) -> None:
    face, seen = browser(), set[str]()
    todo = [f"/en/developers/{name}" for name in PAGES]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = face.get(path)
        assert answer.status_code < 400, path
        if path.startswith("/en/developers/"):
            todo += [found for found in LINK.findall(answer.content.decode()) if found.startswith(("/en/developers", "/developers"))]
    assert {f"/en/developers/problems/{code}/" for code in problems.table()} <= seen


def test_each_group_of_the_reference_has_a_name_in_words(cast: Cast) -> None:
    tags = {one.tag for one in openapi.operations().values()}
    assert set(words.TAGS) == tags
    for language, name in (("fi", "Kansalaisen tietojen lukeminen"), ("sv", "Att läsa en medborgares uppgifter")):
        headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", browser().get(f"/{language}/developers/reference/").content.decode())
        assert name in headings and not tags & set(headings)


def test_a_long_document_leads_to_its_chapters_and_loses_nothing(cast: Cast) -> None:
    whole = (documents.FOLDER / "conformance.md").read_text(encoding="utf-8")
    modules = set(re.findall(r"^\| ([a-z][\w-]+) \|", whole, re.MULTILINE)) - {"module", "clause", "family"}
    page = browser().get("/en/developers/guide/conformance/").content.decode()
    shown = ""
    for name, (_, heading) in documents.CHAPTERS.items():
        assert f'href="/en/developers/guide/{name}/">{heading}</a>' in page
        chapter = browser().get(f"/en/developers/guide/{name}/").content.decode()
        assert 'href="/en/developers/guide/conformance/"' in chapter and f">{heading}</h1>" in chapter
        shown += chapter
    assert len(modules) >= 78 and all(f">{one}</td>" in shown for one in modules if one not in ("mix-up",))
    assert "Grant Management" in page and "happy-flow</td>" not in page


def test_an_installation_without_the_guide_has_no_chapters_either(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(documents, "FOLDER", tmp_path)
    for name in ("conformance", "conformance-modules"):
        assert browser().get(f"/en/developers/guide/{name}/").status_code == 404


@pytest.mark.parametrize("code", sorted(problems.table()))
def test_each_problem_has_its_page_in_each_language(cast: Cast, code: str) -> None:
    one = problems.table()[code]
    for language in ("fi", "sv", "en"):
        text = browser().get(f"/{language}/developers/problems/{code}/").content.decode()
        assert one.means[language].split("`")[0] in text.replace("&#x27;", "'")
        assert f"/problems/{code}" in text


@pytest.mark.parametrize(
    ("accept", "language", "status", "where"),
    [
        ("text/html", "sv", 303, "/sv/developers/problems/no_consent/"),
        ("text/html", "en", 303, "/en/developers/problems/no_consent/"),
        ("*/*", "", 303, "/en/developers/problems/no_consent/"),
        ("application/json", "en", 200, ""),
        ("application/problem+json, application/json;q=0.9", "en", 200, ""),
    ],
)
def test_a_problems_type_resolves(cast: Cast, accept: str, language: str, status: int, where: str) -> None:
    answer = browser().get("/problems/no_consent", HTTP_ACCEPT=accept, HTTP_ACCEPT_LANGUAGE=language)
    assert (answer.status_code, answer.headers.get("Location", "")) == (status, where)
    if status == 200:
        told = answer.json()
        assert told["type"] == f"{ISSUER}/problems/no_consent" and told["status"] == 403 and set(told["means"]) == {"fi", "sv", "en"}


def test_a_code_that_there_is_not_is_not_found(cast: Cast) -> None:
    page, machine = (browser().get("/problems/nosuch", HTTP_ACCEPT=kind) for kind in ("text/html", "application/json"))
    assert page.status_code == machine.status_code == 404
    assert machine.json()["code"] == "not_found" and "text/html" in page.headers["Content-Type"]
    assert browser().get("/en/developers/problems/nosuch/").status_code == 404


def test_what_the_api_refuses_names_an_address_that_answers(cast: Cast) -> None:
    refused = browser().get("/api/v1/twin/tax.income").json()
    assert refused["type"] == f"{ISSUER}/problems/not_authenticated"
    followed = browser().get(urlsplit(refused["type"]).path, HTTP_ACCEPT="application/json").json()
    assert (followed["type"], followed["title"], followed["status"]) == (refused["type"], refused["title"], refused["status"])


def test_what_oauth_refuses_keeps_its_form_and_names_one_too(cast: Cast) -> None:
    answer: Any = browser().post("/oauth/token", "grant_type=password", content_type="application/x-www-form-urlencoded")
    body = answer.json()
    assert set(body) == {"error", "error_description", "error_uri"} and body["error"] == "unsupported_grant_type"
    assert body["error_uri"] == f"{ISSUER}/problems/unsupported_grant_type"
    assert browser().get(urlsplit(body["error_uri"]).path).status_code == 303


def test_the_documents_say_the_same_and_may_be_kept(cast: Cast) -> None:
    as_json, as_yaml = (browser().get(f"/developers/openapi.{kind}") for kind in ("json", "yaml"))
    assert as_json.json() == yaml.safe_load(as_yaml.content) == browser().get("/api/v1/schema/").json()
    assert "public" in as_json.headers["Cache-Control"] and as_yaml.headers["Content-Type"] == "application/yaml"


def test_the_feed_is_atom_and_has_each_entry(cast: Cast) -> None:
    answer = browser().get("/developers/changes.atom")
    root = ElementTree.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    assert root.tag == f"{atom}feed" and answer.headers["Content-Type"].startswith("application/atom+xml")
    assert {e.findtext(f"{atom}id") for e in root.iter(f"{atom}entry")} >= {"urn:aurora:api:changes:2026-11-26-first"}


def test_an_exchange_is_shown_with_this_installations_address(cast: Cast) -> None:
    text = browser().get("/en/developers/authorization/").content.decode()
    assert "Host: localhost:8000" in text and "aurora.example" not in text


def test_a_strange_document_is_not_looked_for_in_the_folder(cast: Cast) -> None:
    for name in ("README", "..%2F..%2Fdesign", "client"):
        assert browser().get(f"/en/developers/guide/{name}/").status_code == 404


def test_what_is_recorded_is_json_that_a_page_can_show() -> None:
    for one in exchanges.recorded().values():
        assert exchanges.request_text(one).startswith(f"{one['method']} ") and json.dumps(one["answer"])
