"""From an import's draft to the console's pages about it. Nothing here is about a person but the operators who did it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from aurora.identity.models import Operator
from aurora.ui import catalogue_words, editor_words
from aurora.ui.contexts.agencies import LabelledChoice
from aurora.ui.contexts.catalogue import ImportFormPage, ImportPage, ImportRow, ReportPart, ReportRow
from aurora.ui.contexts.shared import FieldError
from recommender.catalogue import store
from recommender.catalogue.drafts import FORMATS, MOST_BYTES
from recommender.catalogue.model import LANGUAGES
from recommender.catalogue.models import ImportDraft

SHOWN = 40  # of each kind of change; a page has its limit
ROWS = 10
CUT = 160
PARTS = ("new", "changed", "retired", "refused")


def rows() -> tuple[ImportRow, ...]:
    """Those that wait, and the newest of the others. Two queries."""
    newest = ImportDraft.objects.defer("documents", "report").order_by("-at")[:ROWS]
    found = sorted(newest, key=lambda one: one.state != ImportDraft.State.OPEN)
    names = _names(one.by for one in found)
    return tuple(
        ImportRow(
            url=reverse("console:catalogue_draft", args=[one.pk]),
            files=", ".join(one.files),
            state=str(editor_words.state(one.state)),
            by=names.get(one.by, str(one.by)),
            at=one.at,
            open=one.state == ImportDraft.State.OPEN,
        )
        for one in found
    )


def form(sent: QueryDict, *, errors: Mapping[str, str]) -> ImportFormPage:
    """The form, with what was chosen but the files."""
    return ImportFormPage(
        formats=tuple(LabelledChoice(x, str(editor_words.format_of(x)), x == sent.get("format")) for x in FORMATS),
        languages=tuple(LabelledChoice(x, catalogue_words.spoken(x), x == sent.get("language", "en")) for x in LANGUAGES),
        back_url=reverse("console:catalogue"),
        most_mb=MOST_BYTES // 1024 // 1024,
        whole=sent.get("whole") == "yes",
        errors=field_errors(errors),
    )


def draft(found: ImportDraft, *, may_write: bool, errors: Mapping[str, str]) -> ImportPage:
    """What it would do, or did."""
    names = _names([found.by, *([found.decided_by] if found.decided_by else [])])
    is_open = found.state == ImportDraft.State.OPEN
    counts = found.report["counts"]
    moved = is_open and (store.current_version() or "") != found.based_on
    return ImportPage(
        state=str(editor_words.state(found.state)),
        files=tuple(found.files),
        origin=catalogue_words.origin(found.origin),
        whole=found.whole,
        by=names.get(found.by, str(found.by)),
        at=found.at,
        parts=tuple(_part(code, counts[code], found.report[code]) for code in PARTS),
        same=counts["same"],
        links_left_out=counts["links"],
        back_url=reverse("console:catalogue"),
        decided_by=names.get(found.decided_by, str(found.decided_by)) if found.decided_by else "",
        decided_at=found.decided_at,
        may_decide=is_open and may_write,
        moved=moved,
        errors=field_errors(errors),
    )


def field_errors(errors: Mapping[str, str]) -> tuple[FieldError, ...]:
    """Codes in the language of the page; what only the catalogue can say, in its own words."""
    return tuple(FieldError(field, str(editor_words.fault(said) or said)) for field, said in errors.items())


def _part(code: str, count: int, rows: list[list[Any]]) -> ReportPart:
    fields = code == "changed"
    return ReportPart(
        title=str(editor_words.part(code)),
        count=count,
        rows=tuple(
            ReportRow(
                identifier[:CUT],
                name[:CUT],
                ", ".join(str(editor_words.field(x)) for x in said.split(", ")) if fields and said else said[:CUT],
            )
            for identifier, name, said in rows[:SHOWN]
        ),
        refused=code == "refused",
    )


def _names(ids: Iterable[UUID]) -> dict[UUID, str]:
    return dict(Operator.objects.filter(pk__in=set(ids)).values_list("pk", "name"))
