"""The activity page with its picture, its faults and one consent's accesses, and two entries."""

from dataclasses import replace
from datetime import date, timedelta

from aurora.ui import words
from aurora.ui.contexts import ActivityPage, DayGroup, EntryPage, FieldError, FilterOption, Pagination, PeriodSummary, Text
from aurora.ui.contexts.activity import OneCategory, OneConsent
from aurora.ui.contexts.chain import ChainPart, ChainState
from aurora.ui.contexts.entry_fields import CategoryFields, FieldsPart, FieldsState
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples.records import read_entry
from aurora.ui.uses import Uses, timeline

# Days before today, party, refused, uses.
USES = (
    (0, "office", True, 1), (0, "aurora", False, 2), (0, "office", False, 3), (1, "citizen", False, 1), (2, "office", False, 4),
    (5, "aurora", False, 1), (6, "office", False, 2), (9, "office", True, 2), (12, "tax", False, 6), (13, "tax", False, 1),
    (20, "office", False, 3), (26, "aurora", False, 4), (29, "citizen", False, 2),
)  # fmt: skip
NAMES: dict[str, Text] = {"office": p.OFFICE, "tax": p.TAX, "aurora": words.AURORA, "citizen": words.YOU}


def pages() -> list[Example]:
    rows = p.entries()
    days = (DayGroup(p.TODAY, rows[:4]), DayGroup(p.TODAY - timedelta(days=1), rows[4:]))
    summaries = (PeriodSummary(7, 14, 9, 1, 1, "/activity/?from=18.11.2026"), PeriodSummary(30, 32, 22, 3, 2, "/activity/?from=26.10.2026"))
    agencies = (FilterOption("benefits-office", p.OFFICE), FilterOption("tax-administration", p.TAX, True))
    all_entries = "/activity/?entries=all"
    full = ActivityPage(
        summaries, days, agencies, Pagination(1, 1, "/activity/", "/activity/?before=7"), "/activity/", "read", "1.11.2026", "24.11.2026",
        filtered=True, sources=(FilterOption("population-register", p.REGISTER), FilterOption("tax-administration", p.TAX)),
        categories=(FilterOption("tax.income", p.INCOME.name), FilterOption("population.household", p.HOUSEHOLD.name)),
        timeline=timeline([_uses(*one) for one in USES], NAMES.__getitem__, today=p.TODAY),
        chosen=(("agency", "tax-administration"), ("kind", "read"), ("from", "1.11.2026"), ("to", "24.11.2026")), export_url="/activity/export/",
        chain=ChainPart(ChainState.WHOLE, walk_url=all_entries),
        concerns_url="/concerns/", without={name: f"/activity/?without={name}" for name in ("agency", "kind", "from", "to", "refused", "consent", "category")},
    )  # fmt: skip
    everything = replace(
        full, filtered=False, kind="", date_from="", date_to="", chosen=(), without={}, agencies=tuple(replace(one, selected=False) for one in agencies)
    )  # fmt: skip
    wrong = replace(
        full, days=(), pagination=Pagination(1, 1), kind="", date_from="31.2.2026", date_to="24.13.", chain=ChainPart(ChainState.MISSING),
        errors=tuple(FieldError(name, str(words.form_error("date_invalid"))) for name in ("from", "to")),
        timeline=timeline([], NAMES.__getitem__, today=p.TODAY),
    )  # fmt: skip
    reversed_ = replace(
        wrong,
        date_from="24.11.2026",
        date_to="1.11.2026",
        chain=ChainPart(ChainState.CHANGED),
        errors=(FieldError("to", str(words.form_error("dates_reversed"))),),
    )
    one = replace(
        full,
        consent=OneConsent("Service suggestions", "/consents/c/", "/activity/"),
        refused=True,
        timeline=None,
        chain=ChainPart(ChainState.WHOLE, walked=True, walk_url=all_entries),
    )
    of_one = replace(
        full,
        categories=tuple(replace(one, selected=one.value == "tax.income") for one in full.categories),
        category=OneCategory("tax.income", p.INCOME.name, "/activity/"),
    )
    broken = replace(full, chain=ChainPart(ChainState.CHANGED, walked=True, broken_at=12, walk_url=all_entries))
    refused = EntryPage(rows[0], str(words.decision("consent_withdrawn")), 16, "c3" * 32, "/activity/")
    return [
        Example("activity", "portal/activity.html", "activity/", full),
        Example("activity-everything", "portal/activity.html", "activity/", everything),
        Example("activity-nothing", "portal/activity.html", "activity/", replace(full, days=(), pagination=Pagination(1, 1))),
        Example("activity-errors", "portal/activity.html", "activity/", wrong),
        Example("activity-reversed", "portal/activity.html", "activity/", reversed_),
        Example("activity-broken", "portal/activity.html", "activity/", broken),
        Example("activity-consent", "portal/activity.html", "activity/", one),
        Example("activity-category", "portal/activity.html", "activity/", of_one),
        Example("entry", "portal/entry.html", "activity/e/", replace(read_entry(), fields=_read_fields())),
        Example("entry-refused", "portal/entry.html", "activity/e/", refused),
    ]


def _read_fields() -> FieldsPart:
    return FieldsPart((
        CategoryFields(p.HOUSEHOLD.name, FieldsState.READ, (p.SIZE.label,), (p.CHILDREN.label,)),
        CategoryFields(p.INCOME.name, FieldsState.GONE, (p.WAGES.label,)),
    ))  # fmt: skip


def _uses(back: int, actor: str, refused: bool, uses: int) -> Uses:
    day: date = p.TODAY - timedelta(days=back)
    return Uses(day, actor, refused, uses)
