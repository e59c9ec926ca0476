"""Feedback: on the suggestions' page, and the form that asks why one is not for the citizen."""

from dataclasses import replace

from aurora.ui import feedback_words
from aurora.ui.contexts import FeedbackView, FieldError, NotForMePage, SetAsideView, SuggestionsPage, WhyChoice
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples import mandates

CODES = ("situation", "have_it", "facts_wrong", "other")
URLS = ("/suggestions/feedback/", "/suggestions/feedback/undo/", "/suggestions/not-for-me/r/s/", "/suggestions/open/r/s/")


def pages() -> list[Example]:
    shown = p.suggestions()
    fresh = replace(shown[0], feedback=FeedbackView("r", shown[0].code, *URLS))
    said = replace(shown[1], feedback=FeedbackView("r", shown[1].code, *URLS, helpful=True, applied=True, by_other=True))
    food = p.text("Ruoka-apu", "Mathjälp", "Food assistance")
    aside = (
        SetAsideView("food-assistance", food, feedback_words.why("have_it"), p.NOW, URLS[1]),
        SetAsideView(
            "hearing-aids", p.text("Kuulokojeet", "Hörapparater", "Hearing aids"), feedback_words.why("other"), p.NOW, URLS[1], True
        ),
    )
    page = SuggestionsPage(True, (fresh, said), (p.INCOME.name,), "/sources/", p.NOW, "/activity/e/", set_aside=aside)
    persons = tuple(
        replace(one, why=feedback_words.why(code, of_another=True)) for one, code in zip(aside, ("have_it", "other"), strict=True)
    )
    acted = replace(page, set_aside=persons)
    asked = NotForMePage(food, _choices(), "/suggestions/", 300)
    wrong = replace(asked, errors=(FieldError("why", feedback_words.form_error("why_required")),))
    long = replace(
        asked, choices=_choices(chosen="other"), words="…" * 301, errors=(FieldError("words", feedback_words.form_error("words_too_long")),)
    )
    form = Example("not-for-me", "portal/not_for_me.html", "suggestions/not-for-me/r/s/", asked)
    of_another = replace(asked, choices=_choices(of_another=True))
    return [
        Example("suggestions-feedback", "portal/suggestions.html", "suggestions/", page),
        Example("acting-suggestions-feedback", "portal/suggestions.html", "suggestions/", acted, acting_for=mandates.BERTIL),
        form,
        replace(form, name="not-for-me-wrong", page=wrong),
        replace(form, name="not-for-me-long", page=long),
        replace(form, name="acting-not-for-me", page=of_another, acting_for=mandates.BERTIL),
    ]


def _choices(*, chosen: str = "", of_another: bool = False) -> tuple[WhyChoice, ...]:
    return tuple(
        WhyChoice(
            code, feedback_words.why(code, of_another=of_another), feedback_words.hint(code, of_another=of_another),
            words=code == "other", checked=code == chosen,
        )
        for code in CODES
    )  # fmt: skip
