"""Break-glass: the console's pages, and the citizen's entry."""

from dataclasses import replace
from datetime import timedelta

from aurora.ui import formats
from aurora.ui import glass_words as words
from aurora.ui import words as site
from aurora.ui.contexts import FactRow, FieldError, Option, Provenance
from aurora.ui.contexts.break_glass import (
    AskGlassPage,
    BreakGlassPage,
    GlassAlarm,
    GlassChoice,
    GlassGroup,
    GlassPart,
    GlassReadRow,
    GlassRequestPage,
    GlassRow,
    GlassValuesPage,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples.records import read_entry

AT = "console/break-glass/"
ID = "0b6f9a52-7a3e-4a55-9a54-6f2d9d1f2f10"
URL = f"/en/{AT}{ID}/"
HOUSEHOLD = {"fi": "Kotitalous", "sv": "Hushåll", "en": "Household"}
INCOME = {"fi": "Tulot", "sv": "Inkomster", "en": "Income"}
HEALTH = {"fi": "Leikkauksen esitiedot", "sv": "Uppgifter före operation", "en": "Surgery history"}
TEXT = {
    "fi": "Asukas soitti: kotitaloudessa näkyy henkilö, joka on muuttanut pois.",
    "sv": "En invånare ringde: i hushållet syns en person som har flyttat.",
    "en": "A citizen rang: the household shows somebody who has moved out.",
}
REVIEW = {"fi": "Puhelu on kirjattu asiaan.", "sv": "Samtalet finns antecknat i ärendet.", "en": "The call is on record in the case."}


def pages() -> list[Example]:
    """Four pages of the console in several states, and an entry."""
    return [*_console(), *_citizen()]


def _console() -> list[Example]:
    text, review = TEXT[formats.language()], REVIEW[formats.language()]
    reasons = tuple(Option(code, str(words.reason(code))) for code in ("vital_interest", "citizen_asked", "data_fault"))
    states = tuple(Option(code, str(words.standing(code))) for code in ("waits", "open", "over"))
    waits = _row("waits", "au-tag--busy", url=URL)
    open_ = _row("open", "au-tag--attention", decided_by="Olli Officer", reads=1, url=URL)
    over = _row("over", "au-tag--mark", decided_by="Olli Officer", reads=2, url=URL)
    judged = replace(over, verdict=str(words.verdict("not_justified")), condemned=True)
    alarms = tuple(GlassAlarm(str(words.alarm(kind)), "Pia Privacy", p.NOW, URL) for kind in ("own_request", "requests_a_day"))
    rows = (waits, open_, replace(over, overdue=True), judged, _row("nobody", "au-tag--mark", decided_by="Olli Officer"))
    full = BreakGlassPage(
        rows, alarms, states, reasons, 1, 1, 1, 1, ask_url="/x/", clear_url="/y/", next_url="/z/", operator="pia", filtered=True
    )
    choices = (GlassChoice("population.household", HOUSEHOLD), GlassChoice("hospital.surgery", HEALTH, sensitive=True))
    minutes = tuple(Option(n, n) for n in ("5", "10", "15", "30"))
    ask = AskGlassPage(ID, reasons, choices, minutes, "/x/")
    codes = ("who_required", "reason_required", "text_wrong", "case_wrong", "categories_required", "minutes_required")
    names = ("who", "reason", "text", "case", "categories", "minutes")
    wrong = replace(ask, errors=tuple(FieldError(n, str(words.field_error(c))) for n, c in zip(names, codes, strict=True)))
    reads = (GlassReadRow(p.NOW, (HOUSEHOLD,), 1_204), GlassReadRow(p.NOW, (INCOME,)))
    decide = GlassRequestPage(waits, text, 10, "/x/", may_decide=True, errors=(FieldError("who", str(words.field_error("who_differs"))),))
    mine = GlassRequestPage(waits, text, 10, "/x/", is_mine=True, may_take_back=True)
    look = GlassRequestPage(
        open_, text, 10, "/x/", until=p.NOW, reads=reads[:1], is_mine=True, may_read=True, may_end=True, form=ID, choices=choices,
        errors=(FieldError("read", str(words.field_error("read_categories_required"))),),
    )  # fmt: skip
    verdicts = tuple(Option(v, str(words.verdict(v))) for v in ("justified", "not_justified"))
    judge = GlassRequestPage(
        replace(over, overdue=True), text, 10, "/x/", until=p.NOW, ended_at=p.NOW, reads=reads, may_review=True, verdicts=verdicts,
        errors=(FieldError("verdict", str(words.field_error("verdict_required"))), FieldError("review", str(words.field_error("text_wrong")))),
    )  # fmt: skip
    done = GlassRequestPage(judged, text, 10, "/x/", until=p.NOW, reads=reads, review=review, reviewed_by="Aku Auditor")
    values = GlassValuesPage("2026/4711", str(words.reason("citizen_asked")), p.NOW, ID, "/x/", (
        GlassGroup(HOUSEHOLD, (FactRow({"fi": "Koko", "sv": "Storlek", "en": "Size"}, 3, p.REGISTER, Provenance.REPORTED, p.NOW, "persons"),)),
        GlassGroup(INCOME, ()),
    ))  # fmt: skip
    one = "console/break_glass_request.html"
    return [
        Example("console-break-glass", "console/break_glass.html", AT, full, name_shown="pia"),
        Example(
            "console-break-glass-none",
            "console/break_glass.html",
            AT,
            BreakGlassPage((), (), states, reasons, 0, 0, 0, 0),
            name_shown="aku",
        ),
        Example("console-break-glass-ask", "console/break_glass_ask.html", f"{AT}new/", ask, name_shown="pia"),
        Example("console-break-glass-ask-errors", "console/break_glass_ask.html", f"{AT}new/", wrong, name_shown="pia"),
        Example("console-break-glass-decide", one, f"{AT}{ID}/", decide, name_shown="olli"),
        Example("console-break-glass-mine", one, f"{AT}{ID}/", mine, name_shown="pia"),
        Example("console-break-glass-look", one, f"{AT}{ID}/", look, name_shown="pia"),
        Example("console-break-glass-judge", one, f"{AT}{ID}/", judge, name_shown="aku"),
        Example("console-break-glass-judged", one, f"{AT}{ID}/", done, name_shown="aku"),
        Example("console-break-glass-values", "console/break_glass_values.html", f"{AT}{ID}/", values, name_shown="pia"),
    ]


def _citizen() -> list[Example]:
    part = GlassPart(
        reason=str(words.reason("citizen_asked")), case="2026/4711", who=str(words.role("privacy_officer")), number="0b6f9a52",
        text=TEXT[formats.language()], approver=str(words.role("privacy_officer")), approver_number="91c2aa07", until=p.NOW + timedelta(minutes=10),
        verdict=str(words.verdict("justified")), review=REVIEW[formats.language()],
    )  # fmt: skip
    read = p.entry("aurora:break_glass:read", site.AURORA, 3, HOUSEHOLD)
    page = replace(read_entry(), entry=read, glass=part, decision=str(words.said("read")), consents=())
    return [Example("entry-break-glass", "portal/entry.html", "activity/e/", page)]


def _row(standing: str, tag: str, *, decided_by: str = "", reads: int = 0, url: str = "") -> GlassRow:
    return GlassRow(
        ID, str(words.standing(standing)), tag, str(words.reason("citizen_asked")), "2026/4711", (HOUSEHOLD, INCOME), "Pia Privacy", p.NOW,
        decided_by, reads, url=url,
    )  # fmt: skip
