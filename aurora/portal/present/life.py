"""How a citizen's life goes, as they say it, and what suggestions may use of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.http import QueryDict
from django.urls import reverse

from aurora.journeys import _household
from aurora.journeys.declare import GRADES, MUNICIPALITY, Offer
from aurora.portal.present import again
from aurora.portal.present.sources import ENDS, field_errors, notice_parts
from aurora.portal.present.vocabulary import category_view, purpose_view
from aurora.ui import formats, household_words, words
from aurora.ui.contexts import Banner, CategoryChoice, EndChoice, HouseholdQuestion, LifePage, LifePermission, LifeQuestion, NoticeKind
from consent.days import last_day
from consent.rules import latest_end
from recommender.catalogue.areas import MUNICIPALITIES
from recommender.facts import METERS, SITUATION_CATEGORY
from recommender.meters import QUESTIONS


def page(
    shown: Offer, answers: Mapping[str, str], *, today: date, form: QueryDict | None = None, errors: Mapping[str, str] | None = None, banner: str = ""
) -> LifePage:  # fmt: skip
    """The page with these answers filled in; of the permission nothing is ticked but what the citizen ticked before an error."""
    sent, labels = form if form is not None else QueryDict(), _labels(shown)
    chosen, end = sent.getlist("categories"), sent.get("end", "")
    said = {name: value for name, value in answers.items() if _told(name, value)}
    return LifePage(
        questions=tuple(LifeQuestion(meter, labels[meter], QUESTIONS[meter], said.get(meter, "")) for meter in METERS),
        municipalities=_municipalities(),
        municipality=said.get(MUNICIPALITY, ""),
        household=tuple(
            HouseholdQuestion(name, household_words.label(name), household_words.hint(name), said.get(name, ""))
            for name in _household.FIELDS
        ),
        purpose=purpose_view(shown.purpose),
        categories=tuple(
            CategoryChoice(category_view(c), c.category_id in chosen, again.marks([shown.text], c.category_id)) for c in shown.categories
        ),
        ends=(*(EndChoice(str(m), latest_end(today, months=m), end == str(m)) for m in ENDS), EndChoice("own", None, end == "own")),
        latest_end=latest_end(today),
        terms=notice_parts(shown.terms),
        back_url=reverse("portal:suggestions"),
        own_day=sent.get("own_day", "")[:4],
        own_month=sent.get("own_month", "")[:4],
        own_year=sent.get("own_year", "")[:6],
        notice_token=shown.token,
        permission=_permission(shown),
        errors=field_errors(errors or {}),
        again=again.view([shown.text]),
        delete_url=reverse("portal:life_delete") if said and form is None else "",
        banner=Banner(NoticeKind.SUCCESS, str(words.banner(banner))) if banner else None,
    )


def _told(name: str, value: str) -> bool:
    """What can be filled in again: of selects what they offer, of fields whatever was typed."""
    if name in _household.FIELDS:
        return bool(value)
    return value in MUNICIPALITIES if name == MUNICIPALITY else value in GRADES


def _labels(shown: Offer) -> dict[str, Mapping[str, str]]:
    situation = next(c for c in shown.categories if c.category_id == SITUATION_CATEGORY)
    return {key: schema["x-label"] for key, schema in situation.schema["properties"].items()}


def _municipalities() -> tuple[tuple[str, str], ...]:
    language = formats.language()
    return tuple(sorted(((code, name[language]) for code, name in MUNICIPALITIES.items()), key=lambda one: _sorted_as(one[1])))


def _sorted_as(name: str) -> str:
    """Å, Ä and Ö come last, in this order, in Finnish and Swedish."""
    return name.casefold().replace("å", "{").replace("ä", "|").replace("ö", "}")


def _permission(shown: Offer) -> LifePermission | None:
    record = shown.standing
    if record is None or not shown.covers:
        return None
    names = tuple(c.name for c in shown.categories if c.category_id in shown.covers)
    urls = (reverse("portal:consent", args=[record.pk]), reverse("portal:withdraw", args=[record.pk]))
    return LifePermission(names, last_day(record.expires_at), *urls)
