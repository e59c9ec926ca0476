"""What the developers' pages show, from the table of problems, the OpenAPI document, recorded exchanges and the vocabulary."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aurora.ui import developer_words as words
from aurora.ui import formats
from aurora.ui.contexts import developers as contexts
from aurora.ui.developers import changes, documents, exchanges, marked, openapi, problems, samples
from consent import facts, queries
from consent.models import DataCategoryVersion, Purpose
from consent.webhooks import payload
from consent.webhooks.models import Delivery

Link = contexts.Link


def index() -> contexts.DevelopersPage:
    def to(name: str, title: str, about: str) -> Link:
        return Link(reverse(f"portal:developers_{name}"), title, about)

    start = (
        to("concepts", _("What there is to ask for"), _("Grants, purposes, kinds of data and the facts in each of them.")),
        to("authorization", _("Asking a citizen, step by step"), _("From the pushed request to the first read, as it goes over the wire.")),
        to("credentials", _("Credentials for the sandbox"), _("A client of your own to try it with, at once and without asking anybody.")),
    )
    reference = (
        to("reference", _("Reference of the API"), _("Each operation with its parameters, answers and an example; the OpenAPI documents.")),
        to("limits", _("Limits"), _("How often, how large and how long, as this installation is set up.")),
        to("problems", _("Problems"), _("Each code that Aurora answers, what it means and what to do.")),
        to("webhooks", _("Notices to your server"), _("What Aurora sends, and how to verify that it comes from Aurora.")),
        to("changelog", _("Changes of the API"), _("What has changed, on which day, and what breaks.")),
    )
    written = tuple(Link(reverse("portal:developers_document", args=[name]), documents.title(name)) for name in documents.names())
    return contexts.DevelopersPage(start, reference, written)


def document(name: str) -> contexts.DocumentPage:
    of = documents.whole(name)
    above = Link(reverse("portal:developers_document", args=[of]), documents.title(of)) if of else None
    return contexts.DocumentPage(documents.title(name), documents.body(name), above)


def authorization() -> contexts.AuthorizationPage:
    recorded = exchanges.recorded()
    steps = tuple(
        contexts.Exchange(title, said, exchanges.request_text(recorded[name]), exchanges.answer_text(recorded[name]), name)
        for name, title, said in samples.STEPS
    )
    return contexts.AuthorizationPage(steps, f"{settings.AURORA_BASE_URL}/.well-known/oauth-authorization-server")


def webhooks() -> contexts.WebhooksPage:
    told = tuple((kind.value, samples.EVENTS[kind.value]) for kind in Delivery.Kind)
    ping = exchanges.pretty(payload.example_ping())
    return contexts.WebhooksPage(samples.PYTHON, samples.JAVASCRIPT, f"{settings.AURORA_BASE_URL}/webhooks/keys", told, ping)


def reference() -> contexts.ReferencePage:
    groups: dict[str, list[openapi.Operation]] = {}
    for one in openapi.operations().values():
        groups.setdefault(one.tag, []).append(one)
    shown = tuple(contexts.ReferenceGroup(words.tag(tag), tuple(found)) for tag, found in groups.items())
    return contexts.ReferencePage(shown, reverse("openapi_json"), reverse("openapi_yaml"))


def operation(found: openapi.Operation) -> contexts.OperationPage:
    went = found.exchange()
    texts = (exchanges.request_text(went), exchanges.answer_text(went), exchanges.signed_text(went)) if went else ()
    token = ", ".join(words.TOKENS.get(name, name) for name in found.security)
    return contexts.OperationPage(found, found.paragraphs(), token, found.good_answers(), tuple(found.problems()), *texts)


def all_problems() -> contexts.ProblemsPage:
    rows = [
        contexts.ProblemRow(
            one,
            reverse("portal:developers_problem", args=[one.code]),
            {code: marked.inline(said, documents.address) for code, said in one.means.items()},
        )
        for one in problems.table().values()
    ]
    return contexts.ProblemsPage(*(tuple(row for row in rows if row.problem.kind == kind) for kind in ("api", "oauth")))


def problem(found: problems.Problem) -> contexts.ProblemPage:
    language = formats.language()
    of = [one for one in openapi.operations().values() if found.about and found in one.problems()]
    links = tuple(Link(reverse("portal:developers_operation", args=[one.identifier]), f"{one.method} {one.path}") for one in of)
    todo: SafeString = marked.inline(found.do[language], documents.address)
    means = marked.inline(found.means[language], documents.address)
    return contexts.ProblemPage(found, problems.type_uri(found.code), means, todo, words.retry(found.retry), links)


def concepts() -> contexts.ConceptsPage:
    """Two statements."""
    purposes = queries.current_purposes(Purpose.objects.filter(kind=Purpose.Kind.ACCESS).values_list("code", flat=True))
    shown = tuple(contexts.PurposeRow(code, one.name, one.description) for code, one in sorted(purposes.items()))
    return contexts.ConceptsPage(shown, tuple(_category(one) for one in queries.current_categories()), samples.WORDS)


def category(version: DataCategoryVersion) -> contexts.CategoryPage:
    lines = tuple(
        contexts.FactLine(key, one.get("x-label", {}), _kind(one), str(one.get("x-unit", "")))
        for key, one in facts.every(version.schema).items()
    )
    schema = json.dumps(version.schema, ensure_ascii=False, indent=1)
    return contexts.CategoryPage(_category(version), version.version, lines, schema)


def _category(version: DataCategoryVersion) -> contexts.CategoryRow:
    at = reverse("portal:developers_category", args=[version.category_id])
    source = version.category.source.code if version.category.source else ""
    return contexts.CategoryRow(version.category_id, version.name, version.description, version.sensitive, source, at)


def _kind(schema: Any) -> str:
    kind = schema.get("type", "")
    said = " | ".join(kind) if isinstance(kind, list) else str(kind)
    limits = [f"{word} {schema[name]}" for name, word in (("minimum", "≥"), ("maximum", "≤")) if name in schema]
    choices = ", ".join(str(one) for one in schema.get("enum", ()))
    return " ".join(part for part in (said, *limits, f"({choices})" if choices else "") if part)


def changelog() -> contexts.ChangelogPage:
    return contexts.ChangelogPage(changes.entries(), reverse("api_changes"))
