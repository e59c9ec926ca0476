"""Reports on models as the console shows them: bars and their tables from what was kept. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Subquery
from django.urls import reverse

from aurora.console.present_beside import on_trial
from aurora.console.present_charts import bar, cell_heads, cell_words
from aurora.portal.present.vocabulary import Vocabulary
from aurora.ui import formats
from aurora.ui import monitoring_words as words
from aurora.ui.contexts.monitoring import Chart, ChartRow, Choice, MonitoringPage, ReportRow
from aurora.ui.templatetags.aurora import localized
from recommender.monitoring.models import MonitoringReport

LISTED = 30
STALE = timedelta(days=35)
_KS_END = 0.5  # of the drawing; who is beyond it is beyond any threshold


def newest() -> list[MonitoringReport]:
    """Those on the newest dataset, a model each: one query."""
    last = MonitoringReport.objects.order_by("-day", "-pk").values("dataset_sha256")[:1]
    return list(MonitoringReport.objects.filter(dataset_sha256=Subquery(last)).order_by("role", "pk"))


def monitoring(*, chosen: MonitoringReport | None, measure: str, today: date) -> MonitoringPage:
    """The list, and the chosen report (None: the newest of the model in use)."""
    listed = list(MonitoringReport.objects.order_by("-day", "role", "-pk")[:LISTED])
    shown = chosen or next(iter(newest()), None)
    rows, back = tuple(_row(one, shown) for one in listed), reverse("console:models")
    if shown is None:
        return MonitoringPage(rows, back)
    kept, at = shown.content, reverse("console:monitoring")
    about = _About()
    head: dict[str, Any] = {
        "model": shown.model_sha256[:16], "role": words.role(shown.role), "day": formats.day(shown.day), "people": _people(kept["people"]),
        "few": kept["people"] is None, "stale": _stale(shown.day, today), "alarms": tuple(words.alarm(a, about.name(a["what"])) for a in kept["alarms"]),
    }  # fmt: skip
    if kept["people"] is None:
        return MonitoringPage(rows, back, **head)
    return MonitoringPage(
        rows,
        back,
        **head,
        on_trial=on_trial(kept, about.name),
        overall=_overall(kept["overall"]),
        measures=tuple(
            Choice(str(word), f"{at}?report={shown.pk}&measure={code}#groups", code == measure) for code, word in words.MEASURES.items()
        ),
        measure=words.measure(measure),
        measure_explained=words.explained(measure),
        by_group=tuple(_by_group(axis, measures.get(measure, ())) for axis, measures in kept["groups"].items()),
        consent=_consent(kept["consent"]),
        drift=_drift(kept["drift"], about),
        suggested=_suggested(kept, about),
        weeks=_weeks(kept["weeks"]),
        estimate="" if kept["estimate"] is None else words.percent(kept["estimate"]),
    )


class _About:
    """Names of facts, categories and programmes, from the vocabulary."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()

    def name(self, code: str) -> str:
        """`tax.income.wages`, `tax.income`, `food_assistance` or `chance.food_assistance`."""
        if code in self._vocabulary.categories:
            return localized(self._vocabulary.category(code))
        programme = code.removeprefix("chance.")
        if "." not in programme:
            label = self._label("social.programmes", programme) or code
            return label if programme == code else words.text("chance") % {"programme": label}
        category, _dot, key = code.rpartition(".")
        return self._label(category, key) or code

    def _label(self, category: str, key: str) -> str:
        return localized(self._vocabulary.fact_schema(category, key).get("x-label", {}))


def _row(one: MonitoringReport, shown: MonitoringReport | None) -> ReportRow:
    url = f"{reverse('console:monitoring')}?report={one.pk}"
    day, people = formats.day(one.day), _people(one.content["people"])
    return ReportRow(one.model_sha256[:16], words.role(one.role), day, people, one.alarms, url, one == shown)


def _people(count: int | None) -> str:
    return words.silent("few") if count is None else formats.number(count)


def _stale(day: date, today: date) -> str:
    if today - day <= STALE:
        return ""
    days = formats.number((today - day).days)
    return words.text("stale") % {"days": days}


def _overall(kept: Mapping[str, Mapping[str, Any]]) -> Chart:
    rows = []
    for code in words.MEASURES:
        if code in kept:
            cell = kept[code]
            weighted = "–" if cell["weighted"] is None else words.percent(cell["weighted"])
            rows.append(
                ChartRow(
                    words.measure(code), (*cell_words(cell), weighted), bar(cell["share"], cell["low"], cell["high"], cell["weighted"])
                )
            )
    heads = (*cell_heads(), words.text("weighted"))
    note = words.text("overall_note")
    return Chart(words.text("overall"), words.text("measure"), heads, tuple(rows), note)


def _by_group(axis: str, cells: Sequence[Mapping[str, Any]]) -> Chart:
    rows = tuple(
        ChartRow(words.group(axis, cell["group"]), cell_words(cell), bar(cell["share"], cell["low"], cell["high"])) for cell in cells
    )
    return Chart(words.axis(axis), words.text("group"), cell_heads(), rows)


def _consent(rows: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    heads = (words.text("people"), words.text("consented"), words.text("of_all"))
    return tuple(
        Chart(
            words.axis(axis),
            words.text("group"),
            heads,
            tuple(
                ChartRow(
                    words.group(axis, row["group"]),
                    (formats.number(row["people"]), words.percent(row["share"]), words.percent(row["reference"])),
                    bar(row["share"], mark=row["reference"]),
                )
                for row in rows
                if row["axis"] == axis
            ),
        )
        for axis in dict.fromkeys(row["axis"] for row in rows)
    )


def _drift(kept: Sequence[Mapping[str, Any]], about: _About) -> Chart:
    rows = tuple(
        ChartRow(
            about.name(one["name"]), tuple(formats.number(float(one[name])) for name in ("ks", "psi", "shift")), bar(one["ks"] / _KS_END)
        )
        for one in sorted(kept, key=lambda one: -one["ks"])
    )
    heads = (words.text("ks"), words.text("psi"), words.text("shift"))
    note = words.text("drift_note") % {"end": formats.number(_KS_END)}
    return Chart(words.text("drift"), words.text("fact"), heads, rows, note)


def _suggested(kept: Mapping[str, Any], about: _About) -> Chart:
    before = kept["suggested_before"]
    rows = tuple(
        ChartRow(about.name(name), (words.percent(share), words.percent(before.get(name, 0.0))), bar(share, mark=before.get(name)))
        for name, share in sorted(kept["suggested"].items(), key=lambda found: -found[1])
    )
    return Chart(
        words.text("suggested"),
        words.text("programme"),
        (words.text("now"), words.text("before")),
        rows,
    )


def _weeks(kept: Sequence[Mapping[str, Any]]) -> Chart:
    rows = []
    for week in kept:
        label = words.group("week", week["start"]) if week["start"] == "rest" else formats.day(date.fromisoformat(week["start"]))
        share = words.text("incomplete") if not week["complete"] else cell_words({**week, "low": 0.0, "high": 0.0})[1]
        rows.append(ChartRow(label, (formats.number(week["people"]), share), bar(week["share"])))
    return Chart(words.text("weeks"), words.text("week"), (words.text("people"), words.text("share")), tuple(rows))


MEASURES = frozenset(words.MEASURES)
