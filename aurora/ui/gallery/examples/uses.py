"""What agencies report of their uses: on an entry's page, and on the console."""

from dataclasses import replace
from datetime import timedelta

from aurora.console.present_charts import bar
from aurora.ui import formats, monitoring_words, use_words
from aurora.ui.contexts import AskedRow, ToldUse, UseCount, UsesPage, UsesPart
from aurora.ui.contexts.monitoring import Chart, ChartRow
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples.records import read_entry
from aurora.ui.templatetags.aurora import localized


def pages() -> list[Example]:
    own = ToldUse(
        p.NOW,
        "Worked out the housing support",
        "Benefits Office",
        "benefits-office",
        "cases",
        use_words.came("push"),
        (p.HOUSEHOLD.name,),
        p.BENEFIT.name,
    )
    passed_on = replace(own, receiver="Police", receiver_code="police", how=use_words.came("poll"), categories=(), purpose=None, system="")
    day = formats.day(p.TODAY + timedelta(days=7))
    shown = {
        "matched": _of_read("matched", told=own, url="/activity/r/"),
        "differing": _of_read(
            "differing", told=passed_on, differs=tuple(use_words.differs(one) for one in ("receiver", "time")), url="/activity/r/"
        ),
        "open": _of_read("open", day=day),
        "in-doubt": _of_read("in_doubt"),
        "invented": UsesPart(
            False, use_words.of_report("not_delivered"), use_words.tag("not_delivered"), use_words.TONES["not_delivered"], told=own
        ),
    }
    return [
        Example(f"entry-uses-{name}", "portal/entry.html", "activity/e/", replace(read_entry(), uses=part)) for name, part in shown.items()
    ]


def console() -> list[Example]:
    few = str(use_words.FEW)
    page = UsesPage(
        counts=(
            UseCount(
                p.OFFICE, formats.number(12_045), few, "60", few, few, "240", monitoring_words.percent(0.99), p.NOW - timedelta(days=12)
            ),
            UseCount(p.TAX, few, few, few, few, few, few, oldest=p.NOW - timedelta(days=9)),
        ),
        asked=(
            AskedRow(p.TAX, "15", "0", p.NOW - timedelta(minutes=3)),
            AskedRow(p.OFFICE, few, few, p.NOW - timedelta(days=2), use_words.error("answer_out_of_period")),
        ),
        trends=(_trend(),),
        days=30,
        within_days=7,
    )
    at = "console/uses/"
    return [
        Example("console-uses", "console/uses.html", at, page, name_shown="oskar"),
        Example("console-uses-none", "console/uses.html", at, UsesPage((), (), (), 30, 7), name_shown="olli"),
    ]


def _of_read(state: str, *, day: str = "", **more: object) -> UsesPart:
    return UsesPart(True, use_words.of_read(state, day=day), use_words.tag(state), use_words.TONES[state], **more)  # type: ignore[arg-type]


def _trend() -> Chart:
    words = use_words.chart()
    rows = []
    for back, (reported, reads) in enumerate([(10, 20), (115, 120), (120, 120), (95, 110)]):
        share = reported / reads
        cells = (formats.number(reads), formats.number(reported), monitoring_words.percent(share))
        rows.append(ChartRow(formats.day(p.TODAY - timedelta(days=back)), cells, bar(share)))
    return Chart(localized(p.OFFICE), words["day"], (words["reads"], words["reported"], words["share"]), tuple(rows), words["note"])
