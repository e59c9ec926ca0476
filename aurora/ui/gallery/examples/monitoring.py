"""How models do, on the operators' console."""

from dataclasses import replace
from datetime import date
from typing import Any

from aurora.ui import beside_words, formats
from aurora.ui import monitoring_words as words
from aurora.ui.contexts.monitoring import Chart, ChartRow, Choice, MonitoringPage, OnTrial, Picture, ReportRow
from aurora.ui.formats import number
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

AGES = (
    ("under_25", 640, 0.81),
    ("25_34", 1_905, 0.84),
    ("35_44", 2_210, 0.85),
    ("55_64", 2_480, 0.79),
    ("from_75", 310, 0.41),
    ("rest", 15, None),
)
ALARM: dict[str, Any] = {
    "code": "exposure_gap",
    "what": "entitled_shown",
    "axis": "age",
    "group": "from_75",
    "value": 0.42,
    "threshold": 0.15,
}
DRIFT: dict[str, Any] = {"code": "shift", "what": "tax.income.wages", "axis": "", "group": "", "value": -0.23, "threshold": 0.15}


def _row(label: str, people: int, share: float | None, *more: str, mark: str = "") -> ChartRow:
    if share is None:
        return ChartRow(label, (number(people), words.silent("few"), "–", *more))
    low, high = max(0.0, share - 0.04), min(1.0, share + 0.04)
    between = f"{words.percent(low)} – {words.percent(high)}"
    picture = Picture(f"{share * 100:.1f}", f"{low * 100:.1f}", f"{(high - low) * 100:.1f}", mark)
    return ChartRow(label, (number(people), words.percent(share), between, *more), picture)


def _page() -> MonitoringPage:
    ages = tuple(_row(words.group("age", group), people, share) for group, people, share in AGES)
    measures = tuple(_row(words.measure(code), 8_120, share, words.percent(share - 0.03), mark=f"{share * 100 - 3:.1f}") for code, share in (("entitled_shown", 0.8), ("found_3", 0.87), ("applied", 0.21)))  # fmt: skip
    consent = tuple(ChartRow(words.group("income", group), (number(people), words.percent(share), words.percent(of)), Picture(f"{share * 100:.1f}", mark=f"{of * 100:.1f}")) for group, people, share, of in (("under_10000", 310, 0.04, 0.12), ("10000_24999", 1_600, 0.2, 0.22), ("from_100000", 3_800, 0.47, 0.29)))  # fmt: skip
    return MonitoringPage(
        reports=(
            ReportRow("9f2c4f1d7a2be0a5", words.role("champion"), formats.day(p.TODAY), number(8_120), 2, "/r/2/", True),
            ReportRow("1b0e6a7c5d4f3e2d", words.role("shadow"), formats.day(p.TODAY), number(8_120), 0, "/r/1/", False),
        ),
        back_url="/models/",
        model="9f2c4f1d7a2be0a5",
        role=words.role("champion"),
        day=formats.day(p.TODAY),
        people=number(8_120),
        alarms=(words.alarm(ALARM, ""), words.alarm(DRIFT, p.WAGES.label[formats.language()])),
        overall=Chart(
            words.text("overall"),
            words.text("measure"),
            (words.text("people"), words.text("share"), words.text("uncertainty"), words.text("weighted")),
            measures,
            words.text("overall_note"),
        ),
        measures=tuple(Choice(str(word), "/m/", code == "entitled_shown") for code, word in words.MEASURES.items()),
        measure=words.measure("entitled_shown"),
        measure_explained=words.explained("entitled_shown"),
        by_group=(
            Chart(words.axis("age"), words.text("group"), (words.text("people"), words.text("share"), words.text("uncertainty")), ages),
            Chart(words.axis("region"), words.text("group"), (words.text("people"), words.text("share"), words.text("uncertainty")), ()),
        ),
        consent=(
            Chart(
                words.axis("income"), words.text("group"), (words.text("people"), words.text("consented"), words.text("of_all")), consent
            ),
        ),
        drift=Chart(
            words.text("drift"),
            words.text("fact"),
            (words.text("ks"), words.text("psi"), words.text("shift")),
            (ChartRow(p.WAGES.label[formats.language()], (number(0.14), number(0.16), number(-0.23)), Picture("28.0")),),
        ),
        suggested=Chart(
            words.text("suggested"),
            words.text("programme"),
            (words.text("now"), words.text("before")),
            (ChartRow("Ruoka-apu", (words.percent(0.31), words.percent(0.34)), Picture("31.0", mark="34.0")),),
        ),
        weeks=Chart(
            words.text("weeks"),
            words.text("week"),
            (words.text("people"), words.text("share")),
            (
                ChartRow(formats.day(date(2026, 10, 5)), (number(420), words.percent(0.22)), Picture("22.0")),
                ChartRow(formats.day(date(2026, 11, 16)), (number(365), "–")),
            ),
        ),
        estimate=words.percent(0.2),
    )


def _on_trial() -> OnTrial:
    text = beside_words.text
    heads = (words.text("people"), words.text("share"), words.text("uncertainty"))
    overall = tuple(_row(beside_words.measure(code), 1_995, share) for code, share in (("same_3", 0.91), ("same_5", 0.84), ("shown", 0.78), ("again", 0.88), ("entitled", 0.71), ("entitled_champion", 0.69)))  # fmt: skip
    group = tuple(ChartRow(words.group("age", name), (number(people), words.percent(same), words.percent(ours), words.percent(theirs)), Picture(f"{ours * 100:.1f}", mark=f"{theirs * 100:.1f}")) for name, people, same, ours, theirs in (("under_25", 210, 0.86, 0.72, 0.7), ("65_74", 430, 0.83, 0.74, 0.71), ("from_75", 95, 0.66, 0.52, 0.63)))  # fmt: skip
    kinds = tuple(ChartRow(name, (words.percent(lost), words.percent(won)), Picture(f"{lost * 100:.1f}", mark=f"{won * 100:.1f}")) for name, lost, won in (("Asuminen", 0.14, 0.03), ("Terveys", 0.02, 0.12)))  # fmt: skip
    used = {"difference": 0.04, "low": 0.01, "high": 0.07}
    return OnTrial(
        beside_words.look(),
        overall=Chart(text("overall"), words.text("measure"), heads, overall),
        by_group=(Chart(words.axis("age"), words.text("group"), (words.text("people"), text("same"), text("entitled"), text("entitled_champion")), group, text("group_note")),),
        kinds=Chart(text("kinds"), text("kind"), (text("dropped"), text("brought")), kinds, text("kinds_note")),
        chances=Chart(text("chances"), words.text("programme"), (text("higher"), text("apart")), (ChartRow("Ruoka-apu", (words.points(-0.02), words.points(0.03)), Picture("3.0")),)),
        latency=beside_words.latency((6.4, 6.1)),
        arms=(Chart(text("helpful"), text("model"), heads, (_row(text("challenger"), 410, 0.24), _row(text("champion"), 1_640, 0.2))),),
        differences=(beside_words.difference("helpful", used), beside_words.difference("applied", {"difference": None})),
    )  # fmt: skip


def console() -> list[Example]:
    page = _page()
    trial = replace(page, role=words.role("challenger"), on_trial=_on_trial())
    calm = replace(page, alarms=(), stale="49", estimate="")
    few = replace(page, few=True, people=words.silent("few"), alarms=())
    pages = (
        ("console-monitoring", page),
        ("console-monitoring-calm", calm),
        ("console-monitoring-few", few),
        ("console-monitoring-trial", trial),
        ("console-monitoring-none", MonitoringPage((), "/models/")),
    )
    return [Example(name, "console/monitoring.html", "console/models/monitoring/", context, name_shown="Milla") for name, context in pages]
