"""A citizen's copy: what GDPR art. 15(1) asks besides the data themselves: purposes, categories, recipients, periods, rights, sources, logic."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils import translation

from aurora.journeys._export_part import Asked, Part, Record, agency, at, category, fields, purpose, record
from aurora.sources.models import Connection
from aurora.twin.models import Evaluation, Fact
from aurora.ui import authority_words, export_words
from consent.ledger.events import Event
from consent.ledger.models import LedgerEntry
from consent.models import Agency, ConsentRecord, DataCategoryVersion, PurposeVersion
from recommender.models import EvaluatorVersion

_READS = (Event.AGENCY_READ.value, Event.GLASS_READ.value)
LANGUAGES = ("fi", "sv", "en")


def _purposes(asked: Asked) -> Iterator[Record]:
    """Each purpose in the citizen's consents, whether they stand or not, in the newest words."""
    used = ConsentRecord.objects.filter(citizen_id=asked.citizen_id).order_by("purpose_id").values_list("purpose_id", flat=True).distinct()
    newest = PurposeVersion.objects.filter(purpose_id__in=list(used)).order_by("purpose_id", "-version").distinct("purpose_id")
    for version in newest:
        yield record(
            purpose=purpose(version.purpose_id), label=dict(version.name), description=dict(version.description), broader=version.dpv,
            legal_basis="https://w3id.org/dpv/legal/eu/gdpr#A6-1-a-explicit-consent",
        )  # fmt: skip


PURPOSES = Part(
    "purposes", ("dpv:Purpose",),
    (
        *fields("words", "label description", shown="label description"), *fields("purpose", "purpose"), *fields("iri", "broader legal_basis"),
    ),
    _purposes,
)  # fmt: skip


def _categories(asked: Asked) -> Iterator[Record]:
    held = dict(
        Fact.objects.filter(citizen_id=asked.citizen_id, category__in=list(asked.permit.categories))
        .values_list("category").annotate(n=Count("id")).order_by("category")
    )  # fmt: skip
    newest = DataCategoryVersion.objects.filter(category_id__in=list(held)).order_by("category_id", "-version").distinct("category_id")
    for version in newest.select_related("category__source"):
        yield record(
            category=category(version.category_id), label=dict(version.name), description=dict(version.description), broader=version.dpv,
            sensitive=version.sensitive, source=agency(version.category.source.code), count=held[version.category_id],
        )  # fmt: skip


CATEGORIES = Part(
    "categories", ("dpv:PersonalData",),
    (
        *fields("words", "label description", shown="label description"), *fields("agency", "source", shown="source"),
        *fields("number", "count", shown="count"), *fields("flag", "sensitive", shown="sensitive"), *fields("category", "category"),
        *fields("iri", "broader"),
    ),
    _categories, mandated=True,
)  # fmt: skip


def _recipients(asked: Asked) -> Iterator[Record]:
    """Who has read what, by the access log: not who might."""
    reads = LedgerEntry.objects.filter(citizen_id=asked.citizen_id, event__in=_READS)
    for actor, times, first, last in (
        reads.values_list("actor").annotate(n=Count("id"), first=Min("at"), last=Max("at")).order_by("actor")
    ):  # fmt: skip
        codes = {code for (found,) in reads.filter(actor=actor).values_list("categories").distinct() for code in found}
        yield record(
            recipient=agency(actor), count=times, first_at=at(first), last_at=at(last), categories=[category(c) for c in sorted(codes)]
        )


RECIPIENTS = Part(
    "recipients", ("dpv:Recipient",),
    (
        *fields("agency", "recipient", shown="recipient"), *fields("number", "count", shown="count"),
        *fields("moment", "first_at last_at", shown="first_at last_at"), *fields("categories", "categories", shown="categories"),
    ),
    _recipients,
)  # fmt: skip


def _sources(asked: Asked) -> Iterator[Record]:
    """Where data came from, of what is held and what was connected."""
    codes = set(Fact.objects.filter(citizen_id=asked.citizen_id).values_list("source", flat=True).distinct())
    codes |= set(Connection.objects.filter(citizen_id=asked.citizen_id).values_list("source__agency__code", flat=True))
    for found in Agency.objects.filter(code__in=codes).order_by("code"):
        yield record(source=agency(found.code), label=dict(found.name))


SOURCES = Part("sources", ("dpv:DataSource",), (*fields("words", "label", shown="label"), *fields("agency", "source")), _sources)  # fmt: skip


def _statements(asked: Asked) -> Iterator[Record]:
    """Sentences: who is responsible, how long what is kept, which rights there are, and how suggestions and estimates come about."""
    values = {
        "suggestions_days": settings.AURORA_SUGGESTIONS_KEPT.days, "notices_days": settings.AURORA_NOTICES_KEPT.days,
        "controller": settings.AURORA_BASE_URL,
    }  # fmt: skip
    for topic, text in export_words.statements(values):
        yield record(topic=topic, information=text)
    authority = {}
    for language in LANGUAGES:
        with translation.override(language):
            sentence, address = authority_words.authority(settings.AURORA_JURISDICTION, sandbox=settings.AURORA_SANDBOX)
            authority[language] = f"{sentence} {address}".strip()
    yield record(topic="authority", information=authority)
    used = list(Evaluation.objects.filter(citizen_id=asked.citizen_id).values_list("evaluator_id", flat=True).distinct())
    for version in EvaluatorVersion.objects.filter(pk__in=used).order_by("pk"):
        contract = version.contract
        told = {
            one: " ".join([contract.name.of(one) + ".", contract.intended_use.of(one), contract.meaning.of(one), contract.limits.of(one)])
            for one in LANGUAGES
        }
        yield record(topic="logic_of_estimates", information=told)


STATEMENTS = Part("statements", ("dpv:Notice",), (*fields("code", "topic", shown="topic"), *fields("words", "information", shown="information")), _statements, mandated=True)  # fmt: skip

__all__ = ["CATEGORIES", "PURPOSES", "RECIPIENTS", "SOURCES", "STATEMENTS"]
