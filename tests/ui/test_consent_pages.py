"""The rules of consent screens that a template can break: nothing ticked, equal buttons, the order of what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ui.reading import Drawn

ASKING = ("connect", "authorize")


def _one(gallery: list[Drawn], name: str, language: str = "en") -> Drawn:
    return next(d for d in gallery if d.name == name and d.language == language)


@pytest.mark.parametrize("name", ASKING)
def test_nothing_is_ticked_at_first(gallery: list[Drawn], name: str) -> None:
    choices = [e for e in _one(gallery, name).page.all("input") if e.attributes.get("type") in ("checkbox", "radio")]
    assert choices
    assert not [c for c in choices if "checked" in c.attributes]


def test_what_was_ticked_stays_ticked_after_an_error(gallery: list[Drawn]) -> None:
    ticked = {e.attributes["value"] for e in _one(gallery, "connect-errors").page.all("input") if "checked" in e.attributes}
    assert ticked == {"own-overview", "own"}


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_allow_and_decline_are_equal(gallery: list[Drawn], name: str, language: str) -> None:
    buttons = [b for b in _one(gallery, name, language).page.all("button") if b.attributes.get("name") == "decision"]
    assert [b.attributes["value"] for b in buttons] == ["allow", "decline"]
    assert buttons[0].attributes["class"] == buttons[1].attributes["class"]
    assert buttons[0].ancestors[-1] is buttons[1].ancestors[-1]


def test_the_controls_are_named_as_agreed_in_english(gallery: list[Drawn]) -> None:
    def texts(name: str) -> set[str]:
        return {" ".join(e.text.split()) for e in _one(gallery, name).page.all("a", "button")}

    assert "Sign in" in texts("landing")
    assert {"My data", "Suggestions", "Activity", "Consents", "Sources", "Home", "Sign out"} <= texts("home")
    assert any(t.startswith("Connect (") for t in texts("sources"))
    assert {"Allow", "Decline"} <= texts("connect")
    assert {"Allow", "Decline"} <= texts("authorize")
    assert "Withdraw" in texts("consent") and "Withdraw" in texts("withdraw-access")
    assert {"Withdraw all of it", "Take out what I ticked"} <= texts("withdraw")


@pytest.mark.parametrize("name", ASKING)
def test_who_and_why_come_before_any_choice(gallery: list[Drawn], name: str) -> None:
    html = _one(gallery, name).html
    assert html.index('class="au-lead"') < html.index('type="checkbox"')


def test_onward_sharing_is_said_before_the_choices(gallery: list[Drawn]) -> None:
    for name, words in (("authorize", "may not pass the data on"), ("connect", "No agency gets this data from Aurora")):
        html = _one(gallery, name).html
        assert html.index(words) < html.index('type="checkbox"')


def test_data_that_is_not_there_is_said_with_its_reason(gallery: list[Drawn]) -> None:
    text = _one(gallery, "authorize").page.all("main")[0].text
    assert "You have not connected Social Insurance" in text
    assert "Population Register is connected, but Aurora has nothing of this kind from it." in text


def test_withdrawing_asks_no_reason(gallery: list[Drawn]) -> None:
    page = _one(gallery, "withdraw").page
    assert {e.attributes["name"] for e in page.all("input")} == {"csrfmiddlewaretoken", "keep", "categories"}
    assert not [e for e in page.all("input") if "checked" in e.attributes], (
        "all of it is withdrawn and deleted unless the citizen says else"
    )
    assert not page.all("textarea", "select")


def test_unknown_is_never_shown_as_zero_or_no(gallery: list[Drawn]) -> None:
    rows = [r for r in _one(gallery, "my-data").page.all("tr") if "Interest" in r.text]
    assert len(rows) == 1 and "Not known" in rows[0].text and "0 crowns" not in rows[0].text


def test_small_counts_are_not_shown(gallery: list[Drawn]) -> None:
    assert "fewer than 10" in _one(gallery, "console-overview").page.all("main")[0].text


def test_the_progress_leads_to_itself_without_javascript_until_it_ends(gallery: list[Drawn]) -> None:
    running, ended = _one(gallery, "pull"), _one(gallery, "pull-ended")
    [again] = [a for a in running.page.all("a") if a.inside("noscript") is not None]
    assert again.attributes["href"] == "" and again.text == "See how far it is now"
    assert "<noscript>" not in ended.html and "hx-get" not in ended.html


def test_no_page_loads_itself_anew_while_somebody_reads_it(gallery: list[Drawn]) -> None:
    """WCAG 2.2, 2.2.1, failure F41: whoever reads slowly would lose the place again and again."""
    assert [one.name for one in gallery if any(m.attributes.get("http-equiv") == "refresh" for m in one.page.all("meta"))] == []
