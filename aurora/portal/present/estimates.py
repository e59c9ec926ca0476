"""An estimate that a citizen keeps: what it was made from, by which model, and whether other models may use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from aurora.journeys._in_use import recalled, seen
from aurora.journeys.allow_estimate import Offer
from aurora.portal.present import again
from aurora.portal.present.sources import ENDS, field_errors, notice_parts
from aurora.portal.present.vocabulary import Vocabulary, category_view, purpose_view
from aurora.twin.values import FactView
from aurora.ui.contexts import CameFrom, EndChoice, EstimateOrigin, Text, UseEstimatePage
from consent.rules import latest_end
from recommender.evaluators.contract import Texts
from recommender.models import EvaluatorVersion


def use_page(shown: Offer, *, today: date, form: QueryDict | None, errors: Mapping[str, str]) -> UseEstimatePage:
    """Nothing is chosen but what the citizen chose before an error."""
    end = (form or QueryDict()).get("end", "")
    return UseEstimatePage(
        category=category_view(shown.categories[0]),
        purpose=purpose_view(shown.purpose),
        terms=notice_parts(shown.terms),
        ends=tuple(EndChoice(str(m), latest_end(today, months=m), end == str(m)) for m in ENDS),
        notice_token=shown.token,
        back_url=reverse("portal:evaluations"),
        errors=field_errors(errors),
        again=again.view((shown.text,)),
    )


def origin(facts: Iterable[FactView], everything: Iterable[FactView], vocabulary: Vocabulary) -> EstimateOrigin | None:
    """Where kept estimates of one category came from, through whatever models; None for facts that no model made. No statement for those."""
    made = next((fact for fact in facts if fact.derived_by is not None), None)
    version = seen(made.derived_by) if made is not None and made.derived_by is not None else None
    if made is None or version is None:
        return None
    by_id = {fact.id: fact for fact in everything if fact.id is not None}
    contract = version.contract
    return EstimateOrigin(
        model=text(contract.name),
        version=f"{contract.identifier} {contract.version}",
        owner=vocabulary.agency(contract.owner),
        meaning=text(contract.meaning),
        limits=text(contract.limits),
        responsible=contract.responsible.name,
        contact=contract.responsible.contact,
        synthetic=contract.synthetic,
        came_from=_came_from(made.derived_from, by_id, vocabulary),
        gone=sum(one not in by_id for one in made.derived_from),
        recalled=not {version.pk, *made.derived_through}.isdisjoint(found.pk for found in recalled()),
        url=reverse("portal:evaluation", args=[version.pk]),
    )


def _came_from(
    ids: Iterable[UUID], by_id: Mapping[UUID, FactView], vocabulary: Vocabulary, seen_: frozenset[UUID] = frozenset()
) -> tuple[CameFrom, ...]:
    found = [by_id[one] for one in ids if one in by_id and one not in seen_]
    return tuple(
        CameFrom(
            label=vocabulary.fact_schema(fact.category, fact.key)["x-label"],
            source=vocabulary.agency(fact.source),
            came_from=_came_from(fact.derived_from, by_id, vocabulary, seen_ | set(ids)),
        )
        for fact in sorted(found, key=lambda fact: fact.name)
    )


def name_of(version_id: UUID) -> tuple[Text, str]:
    """A model's name and its version as pages write it."""
    version: EvaluatorVersion | None = seen(version_id)
    return (text(version.contract.name), f"{version.identifier} {version.version}") if version else ({}, "")


def text(texts: Texts) -> Text:
    return {"fi": texts.fi, "sv": texts.sv, "en": texts.en}
