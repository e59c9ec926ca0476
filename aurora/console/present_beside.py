"""A report's comparison of a shadow or challenger with the model in use, as the console shows it. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aurora.console.present_charts import bar, cell_heads, cell_words
from aurora.ui import beside_words, formats
from aurora.ui import monitoring_words as words
from aurora.ui.beside_words import text
from aurora.ui.contexts.monitoring import Chart, ChartRow, OnTrial
from aurora.ui.templatetags.aurora import localized
from recommender.catalogue import store


def on_trial(kept: Mapping[str, Any], programme: Callable[[str], str]) -> OnTrial | None:
    """`kept`: a report's content; None where it compares nothing, as that of the model in use. `programme`: its name by code."""
    if "beside" not in kept:
        return None
    found, arms = kept["beside"], kept.get("arms", {}).get("kinds", {})
    told: dict[str, Any] = {
        "arms": tuple(_arm(kind, one["cells"]) for kind, one in arms.items()),
        "differences": tuple(beside_words.difference(kind, one) for kind, one in arms.items()),
    }
    if found is None:
        return OnTrial(beside_words.look(), too_few=True, **told)
    return OnTrial(
        beside_words.look(),
        overall=_overall(found["overall"]),
        by_group=tuple(_by_group(axis, measures) for axis, measures in found["groups"].items()),
        kinds=_kinds(found["kinds"]),
        chances=_chances(found["chances"], programme),
        latency=beside_words.latency(tuple(found["milliseconds"])),
        **told,
    )


def _overall(kept: Mapping[str, Sequence[Mapping[str, Any]]]) -> Chart:
    rows = tuple(
        ChartRow(beside_words.measure(name), cell_words(cells[0]), bar(cells[0]["share"], cells[0]["low"], cells[0]["high"]))
        for name in beside_words.MEASURES
        if (cells := kept[name])
    )
    return Chart(text("overall"), words.text("measure"), cell_heads(), rows)


def _by_group(axis: str, measures: Mapping[str, Sequence[Mapping[str, Any]]]) -> Chart:
    by_name = {name: {cell["group"]: cell for cell in cells} for name, cells in measures.items()}
    told = ("same_5", "entitled", "entitled_champion")
    rows = []
    for group, same in by_name["same_5"].items():
        cells = [by_name[name].get(group) for name in told]
        shares = tuple("–" if cell is None else cell_words(cell)[1] for cell in cells)
        ours, theirs = (None if cell is None else cell["share"] for cell in cells[1:])
        rows.append(ChartRow(words.group(axis, group), (formats.number(same["people"]), *shares), bar(ours, mark=theirs)))
    heads = (words.text("people"), text("same"), text("entitled"), text("entitled_champion"))
    return Chart(words.axis(axis), words.text("group"), heads, tuple(rows), text("group_note"))


def _kinds(kept: Mapping[str, Mapping[str, float]]) -> Chart:
    names = {service.thematic_area: service.labels.get(service.thematic_area) for service in store.current().values()}
    rows = tuple(
        ChartRow(
            localized(names.get(kind) or {"en": kind}),
            (words.percent(one["dropped"]), words.percent(one["brought"])),
            bar(one["dropped"], mark=one["brought"]),
        )
        for kind, one in sorted(kept.items(), key=lambda found: (-found[1]["dropped"], found[0]))
    )
    return Chart(text("kinds"), text("kind"), (text("dropped"), text("brought")), rows, text("kinds_note"))


def _chances(kept: Mapping[str, Mapping[str, float]], programme: Callable[[str], str]) -> Chart:
    rows = tuple(
        ChartRow(programme(code), (words.points(one["higher"]), words.points(one["apart"])), bar(one["apart"]))
        for code, one in sorted(kept.items(), key=lambda found: -found[1]["apart"])
    )
    return Chart(text("chances"), words.text("programme"), (text("higher"), text("apart")), rows)


def _arm(kind: str, cells: Sequence[Mapping[str, Any]]) -> Chart:
    rows = tuple(
        ChartRow(
            words.group("arms", cell["group"]) if cell["group"] == "rest" else text(cell["group"]),
            cell_words(cell),
            bar(cell["share"], cell["low"], cell["high"]),
        )
        for cell in cells
    )
    return Chart(text(kind), text("model"), cell_heads(), rows)
