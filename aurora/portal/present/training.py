"""What a citizen may allow models to learn from, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.http import QueryDict
from django.urls import reverse

from aurora.journeys.allow_training import Offer
from aurora.portal.present import again
from aurora.portal.present.sources import ENDS, field_errors, notice_parts
from aurora.portal.present.vocabulary import category_view, purpose_view
from aurora.ui import words
from aurora.ui.contexts import Banner, CategoryChoice, EndChoice, LifePermission, NoticeKind, TrainingPage
from consent.days import last_day
from consent.rules import latest_end


def page(
    shown: Offer, *, today: date, form: QueryDict | None = None, errors: Mapping[str, str] | None = None, banner: str = ""
) -> TrainingPage:
    """Nothing is ticked but what the citizen ticked before an error."""
    sent = form if form is not None else QueryDict()
    chosen, end = sent.getlist("categories"), sent.get("end", "")
    return TrainingPage(
        purpose=purpose_view(shown.purpose),
        categories=tuple(
            CategoryChoice(category_view(c), c.category_id in chosen, again.marks([shown.text], c.category_id)) for c in shown.categories
        ),
        ends=(*(EndChoice(str(m), latest_end(today, months=m), end == str(m)) for m in ENDS), EndChoice("own", None, end == "own")),
        latest_end=latest_end(today),
        terms=notice_parts(shown.terms),
        back_url=reverse("portal:consents"),
        own_day=sent.get("own_day", "")[:4],
        own_month=sent.get("own_month", "")[:4],
        own_year=sent.get("own_year", "")[:6],
        notice_token=shown.token,
        permission=_permission(shown),
        errors=field_errors(errors or {}),
        again=again.view([shown.text]),
        banner=Banner(NoticeKind.SUCCESS, str(words.banner(banner))) if banner else None,
    )


def _permission(shown: Offer) -> LifePermission | None:
    record = shown.standing
    if record is None or not shown.covers:
        return None
    names = tuple(c.name for c in shown.categories if c.category_id in shown.covers)
    urls = (reverse("portal:consent", args=[record.pk]), reverse("portal:withdraw", args=[record.pk]))
    return LifePermission(names, last_day(record.expires_at), *urls)
