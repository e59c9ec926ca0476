"""Pages for everyone: the public numbers, with and without a month, and the accessibility statement; and what is told by its form."""

from dataclasses import replace
from datetime import date, timedelta

from aurora.ui import accessibility_words, catalogue_words
from aurora.ui import help as texts
from aurora.ui import transparency_words as words
from aurora.ui import words as common
from aurora.ui.authority_words import authority
from aurora.ui.contexts import Banner, FieldError, NoticeKind
from aurora.ui.contexts.accessibility import AccessibilityPage, ConsoleFeedbackPage, ConsoleReportPage, ReportDeed, ReportRow
from aurora.ui.contexts.concerns import Complain
from aurora.ui.contexts.help import HelpPage, HelpTopicPage
from aurora.ui.contexts.public_log import PublicLogPage, Watcher
from aurora.ui.contexts.transparency import FiguresRow, FiguresTable, MonthChoice, TransparencyPage
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

TOLD: dict[str, tuple[tuple[str, ...], dict[str, tuple[int | None, ...]]]] = {
    "reads": (("read_allowed", "read_refused"), {"office": (12_340, 120), "tax": (None, None), "register": (880, None)}),
    "uses": (
        ("use_matched", "use_differing", "use_not_reported", "use_not_delivered", "use_in_doubt", "use_open"),
        {"office": (12_100, 30, 180, None, None, None), "tax": (None,) * 6},
    ),
    "glass": (
        ("glass_approved", "glass_declined", "glass_read", "glass_justified", "glass_not_justified", "glass_unreviewed"),
        {"aurora": (None,) * 6},
    ),
}
NAMES = {"office": p.OFFICE, "tax": p.TAX, "register": p.REGISTER, "aurora": common.AURORA}
ROOT = "nJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnJw="


def pages() -> list[Example]:
    months = tuple(MonthChoice(words.month(date(2026, month, 1)), f"?month=2026-{month}", month == 10) for month in (10, 9, 8))
    files = ("/transparency.json", "/transparency.csv")
    full = TransparencyPage(
        words.month(date(2026, 10, 1)), p.NOW, months, tuple(_table(code) for code in TOLD), *files, date(2026, 12, 9),
        log_url="/en/public-log/", checkpoint_at=p.NOW, tree_size=48_212,
    )  # fmt: skip
    empty = TransparencyPage("", None, (), (), *files, date(2026, 12, 9))
    return [
        Example("transparency", "portal/transparency.html", "transparency/", full, signed_in=False),
        Example("transparency-empty", "portal/transparency.html", "transparency/", empty, signed_in=False),
        *_log(),
        Example(
            "accessibility", "portal/accessibility.html", "accessibility/", AccessibilityPage("aurora@aurora.example"), signed_in=False
        ),
        *_help(),
        Example("accessibility-silent", "portal/accessibility.html", "accessibility/", AccessibilityPage("")),
        *_feedback(),
    ]


def _log() -> list[Example]:
    """The public log with witnesses, one of which has not answered yet; and before its first seal, with none."""
    watchers = (Watcher("witness.example", 48_209, p.NOW), Watcher("university.example/witness", None, None))
    addresses = ("/en/activity/verify/", "/static/aurora/verify/aurora_verify.py")
    full = PublicLogPage("aurora.example/log", 48_212, p.NOW, ROOT, watchers, *addresses, former=True)
    young = PublicLogPage("aurora.example/log", 0, None, "", (), *addresses, former=False)
    return [
        Example("public-log", "portal/public_log.html", "public-log/", full, signed_in=False),
        Example("public-log-empty", "portal/public_log.html", "public-log/", young),
    ]


def _feedback() -> list[Example]:
    """The form as it comes back, and after it was sent; and what operators see of it."""
    sent = AccessibilityPage("", sent="K7QM-4TXD", banner=Banner(NoticeKind.SUCCESS, accessibility_words.arrived("K7QM-4TXD")))
    wrong = AccessibilityPage(
        "aurora@aurora.example", page="Omat tiedot", address="nobody",
        errors=(
            FieldError("text", accessibility_words.error("text", "text_required")),
            FieldError("address", accessibility_words.error("address", "address_invalid")),
        ),
    )  # fmt: skip
    rows = tuple(
        ReportRow(reference, accessibility_words.state(state), tone, date(2026, 11, day), date(2026, 11, day) + timedelta(days=14), state == "overdue", "/console/feedback/f/")
        for reference, state, tone, day in (
            ("K7QM-4TXD", "overdue", "bad", 2), ("W9PA-77HC", "open", "busy", 20), ("B3NE-X2RR", "answered", "good", 18), ("AA2D-QQ8F", "closed", "mark", 10),
        )
    )  # fmt: skip
    report = ConsoleReportPage(
        "K7QM-4TXD", accessibility_words.state("open"), date(2026, 11, 2), date(2026, 11, 16), date(2027, 11, 2), catalogue_words.spoken("fi"),
        "Omat tiedot", "En pääse näppäimistöllä painikkeeseen Tallenna.\n\nKäytän ruudunlukijaa.", "/console/feedback/",
        "kirjoittaja@example.org", has_address=True, may_answer=True, may_close=True,
    )  # fmt: skip
    deeds = (ReportDeed(accessibility_words.deed("answer"), "Petra", p.NOW, "Painike on korjattu."),)
    answered = replace(report, state=accessibility_words.state("answered"), address="", deeds=deeds, may_answer=False)
    refused = replace(
        report, address="", has_address=False, errors=(FieldError("note", accessibility_words.error("note", "text_required")),)
    )
    listed, one, at = "console/feedback.html", "console/feedback_report.html", "console/feedback/"
    return [
        Example("accessibility-wrong", "portal/accessibility.html", "accessibility/", wrong, signed_in=False),
        Example("accessibility-sent", "portal/accessibility.html", "accessibility/", sent, signed_in=False),
        Example("console-feedback", listed, at, ConsoleFeedbackPage(rows, more=True), name_shown="Petra"),
        Example("console-feedback-empty", listed, at, ConsoleFeedbackPage(()), name_shown="Petra"),
        Example("console-feedback-report", one, at, report, name_shown="Petra"),
        Example("console-feedback-answered", one, at, answered, name_shown="Aune"),
        Example("console-feedback-refused", one, at, refused, name_shown="Petra"),
    ]


def _help() -> list[Example]:
    """The list, each topic, and the rights; of one topic as who is signed in sees it, and who acts for another."""
    topics = texts.topics()

    def page(code: str) -> HelpTopicPage:
        return HelpTopicPage(texts.topic(code), tuple(t for t in topics if t.code != code), Complain(*authority("FI", sandbox=False)))

    return [
        Example("help", "portal/help.html", "help/", HelpPage(topics), signed_in=False),
        *(Example(f"help-{code}", "portal/help_topic.html", f"help/{code}/", page(code), signed_in=False) for code in texts.ORDER),
        Example("help-signed-in", "portal/help_topic.html", "help/activity/", page("activity")),
        Example("rights", "portal/rights.html", "rights/", page(texts.RIGHTS)),
        Example("rights-acting", "portal/rights.html", "rights/", page(texts.RIGHTS), acting_for="Helvi Virta"),
        Example("rights-nobody", "portal/rights.html", "rights/", page(texts.RIGHTS), signed_in=False),
    ]


def _table(code: str) -> FiguresTable:
    measures, rows = TOLD[code]
    title, explained = words.SECTIONS[code]
    heads = tuple(str(words.MEASURES[one]) for one in measures)
    shown = tuple(FiguresRow(NAMES[name], tuple(zip(heads, told, strict=True))) for name, told in rows.items())
    sums = tuple(sum(n for n in column if n is not None) or None for column in zip(*rows.values(), strict=True))
    return FiguresTable(
        code, str(title), str(explained), heads, shown, FiguresRow({}, tuple(zip(heads, sums, strict=True))) if len(rows) > 1 else None
    )
