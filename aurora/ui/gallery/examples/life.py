"""My life situation: the first time, with mistakes, and once it is allowed. Wording is read from where it is kept."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from aurora.ui import formats, household_words, words
from aurora.ui.contexts import (
    Banner,
    CategoryChoice,
    CategoryView,
    EndChoice,
    FactLabel,
    FieldError,
    HouseholdQuestion,
    LifePage,
    LifePermission,
    LifeQuestion,
    NoticeKind,
    NoticePart,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from consent import terms
from consent.terms import Period

ROOT = Path(__file__).resolve().parents[4]
ANSWERS = {"health": "7", "finance": "2", "friends": "0", "life_satisfaction": "10"}
HOUSEHOLD = {
    "household_adults": "2",
    "household_18_to_20": "0",
    "household_13_to_17": "0",
    "household_6_to_12": "1",
    "household_under_6": "1",
    "household_elderly": "0",
    "household_spouse_age": "34",
}


def pages() -> list[Example]:
    mistakes = (
        FieldError("finance", str(words.form_error("grade_wrong"))),
        FieldError("household_adults", str(words.form_error("household_size_wrong"))),
        FieldError("categories", str(words.form_error("category_required"))),
        FieldError("own_date", str(words.form_error("date_past"))),
    )
    wrong = _page(ANSWERS | {"finance": ""}, errors=mistakes, own_day="1", own_month="1", own_year="2026")
    permission = LifePermission((_category("life.situation").name,), date(2027, 5, 24), "/consents/c/", "/consents/c/withdraw/")
    saved = Banner(NoticeKind.SUCCESS, str(words.banner("life_saved")))
    return [
        Example("life", "portal/life.html", "life/", _page({})),
        Example("life-errors", "portal/life.html", "life/", wrong),
        Example(
            "life-allowed", "portal/life.html", "life/", _page(ANSWERS | HOUSEHOLD, permission=permission, banner=saved, delete_url="/life/delete/", municipality="491")
        ),
    ]  # fmt: skip


def _page(answers: dict[str, str], **more: Any) -> LifePage:
    questions = _read("recommender/meters/questions.json")
    labels = _read("consent/vocabulary/categories/life.situation.json")["schema"]["properties"]
    said = terms.declare(language=formats.language(), period=Period(p.TODAY, date(2027, 11, 24)), data=p.data_names())
    return LifePage(
        questions=tuple(LifeQuestion(code, labels[code]["x-label"], asks, answers.get(code, "")) for code, asks in questions.items()),
        household=tuple(HouseholdQuestion(c, household_words.label(c), household_words.hint(c), answers.get(c, "")) for c in HOUSEHOLD),
        municipalities=(("091", "Helsinki"), ("491", "Mikkeli"), ("853", "Turku")),
        purpose=p.SUGGEST,
        categories=(
            CategoryChoice(_category("life.situation")),
            CategoryChoice(_category("life.home")),
            CategoryChoice(_category("life.household")),
        ),
        ends=(*(EndChoice(m, date(2027, int(month), 24)) for m, month in (("3", "2"), ("6", "5"), ("12", "11"))), EndChoice("own")),
        latest_end=date(2027, 11, 24),
        terms={t.code: NoticePart(t.heading, t.sentences) for t in said},
        back_url="/suggestions/",
        **{"notice_token": "t", **more},
    )


def _category(code: str) -> CategoryView:
    read = _read(f"consent/vocabulary/categories/{code}.json")
    facts = tuple(FactLabel(key, schema["x-label"]) for key, schema in read["schema"]["properties"].items())
    return CategoryView(code, read["name"], read["description"], facts, read["sensitive"])


def _read(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))
