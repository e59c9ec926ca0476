"""Concerns and uses kept back by law: on an entry's page, the citizen's cases, the console."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from aurora.ui import catalogue_words, mandate_words, words
from aurora.ui import concern_words as w
from aurora.ui.authority_words import authority
from aurora.ui.contexts import (
    Complain,
    ConcernChoice,
    ConcernCount,
    ConcernFormPage,
    ConcernPage,
    ConcernPart,
    ConcernRow,
    ConcernsPage,
    ConsoleConcernPage,
    ConsoleConcernsPage,
    DelayCount,
    DelayPart,
    DelaysPage,
    FieldError,
    LateRow,
    LawRow,
    OursRow,
    PermissionRow,
    SaidView,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples.records import read_entry
from aurora.ui.templatetags.aurora import localized

OFFICE = p.text("Etuusvirasto", "Förmånsbyrån", "Benefits office")
LAW = p.text(
    "Poliisilaki (872/2011), 5 luku 58 §: käytöstä ilmoitetaan viimeistään vuoden kuluttua",
    "Polislagen (872/2011), 5 kap. 58 §: underrättelse senast ett år efter användningen",
    "Police Act (872/2011), chapter 5, section 58: told no later than a year after the use",
)
DUE = p.NOW + timedelta(days=30)
TEXT = "En ole koskaan asioinut kanssanne.\n\nMiksi luitte tulotietoni? <b>Selvittäkää</b>."
CODES = ("unknown", "unexpected", "wrong", "other")


def citizen() -> list[Example]:
    read = read_entry()
    part = ConcernPart("/activity/e/concern/", "/concerns/")
    delay = DelayPart(LAW, p.NOW - timedelta(days=200), p.NOW - timedelta(days=180), p.NOW, 41_817, "9f" * 32, sound=True, extended=True)
    form = ConcernFormPage(read.entry, OFFICE, False, DUE, _choices(CODES, w.kind, "unexpected"), "/activity/e/", 4000)
    wrong = replace(
        form, choices=_choices(CODES, w.kind, ""), ours=True, text="x" * 60,
        errors=(FieldError("kind", w.error("kind_required")), FieldError("text", w.error("text_too_long"))),
    )  # fmt: skip
    asked = SaidView(w.said("raised"), words.YOU, p.NOW - timedelta(days=20), TEXT)
    answered = SaidView(
        w.said("lawful"), OFFICE, p.NOW - timedelta(days=2), "Haitte asumistukea toukokuussa.", "Laki yleisestä asumistuesta, 43 §", True
    )
    later = SaidView(w.said("later"), OFFICE, p.NOW - timedelta(days=9), "Odotamme arkistomme vastausta.", until=DUE)
    open_ = ConcernPage(
        w.kind("unknown"), OFFICE, w.state("open"), "busy", (asked, later), 2, "/activity/e/", "/concerns/", DUE, p.NOW, may_withdraw=True
    )
    done = replace(
        open_, state=w.state("answered"), tone="good", said=(asked, answered), due_at=None, may_reply=True, may_accept=True,
        may_complain=True, may_withdraw=False, errors=(FieldError("text", w.error("text_required")),),
    )  # fmt: skip
    overdue = replace(
        open_, state=w.state("overdue"), tone="bad", due_at=p.NOW, may_complain=True, complain=Complain(*authority("FI", sandbox=False)), said=(asked,),
        errors=(FieldError("case", w.error("concern_moved")),),
    )  # fmt: skip
    closed = replace(
        done, state=w.state("closed"), tone="mark", outcome=w.outcome("not_satisfied"), may_reply=False, may_accept=False,
        may_complain=False, complain=Complain(*authority("EU", sandbox=True)), errors=(),
    )  # fmt: skip
    of_guardian = replace(
        overdue, may_complain=False, may_withdraw=False, left_to_guardian=True, errors=(),
        said=(SaidView(w.said("raised", for_child=True), mandate_words.attorney_as("Hanna Huoltaja", "guardian"), asked.at, TEXT),),
    )  # fmt: skip
    rows = tuple(
        ConcernRow(w.kind(kind), OFFICE, w.state(state), tone, p.NOW, "/concerns/c/", DUE if state == "open" else None, kind == "wrong")
        for kind, state, tone in (
            ("unknown", "open", "busy"),
            ("wrong", "overdue", "bad"),
            ("other", "answered", "good"),
            ("unexpected", "closed", "mark"),
        )
    )
    entry, case = "portal/entry.html", "portal/concern.html"
    return [
        Example("entry-concern", entry, "activity/e/", replace(read, concern=part)),
        Example("entry-concern-open", entry, "activity/e/", replace(read, concern=replace(part, report_url="", case_url="/concerns/c/", state=w.state("open")))),
        Example("entry-delay", entry, "activity/e/", replace(read, concern=part, delay=delay)),
        Example("entry-delay-changed", entry, "activity/e/", replace(read, delay=replace(delay, sound=False, leaf=None, extended=False))),
        Example("concern-new", "portal/concern_new.html", "activity/e/concern/", form),
        Example("concern-new-wrong", "portal/concern_new.html", "activity/e/concern/", wrong),
        Example("concerns", "portal/concerns.html", "concerns/", ConcernsPage(rows, "/activity/")),
        Example("concerns-empty", "portal/concerns.html", "concerns/", ConcernsPage((), "/activity/")),
        Example("concern-open", case, "concerns/c/", open_),
        Example("concern-answered", case, "concerns/c/", done),
        Example("concern-overdue", case, "concerns/c/", overdue),
        Example("concern-of-guardian", case, "concerns/c/", of_guardian),
        Example("concern-closed", case, "concerns/c/", closed),
    ]  # fmt: skip


def console() -> list[Example]:
    kind = w.kind("unknown", of_others=True)
    counts = (ConcernCount(OFFICE, 3, 1, 12, 40, 2), ConcernCount(p.text("Aurora", "Aurora", "Aurora"), 1, 0, 0, 2, 0))
    late = (LateRow("0190f3a0-0000-7000-8000-000000000001", OFFICE, kind, p.NOW - timedelta(days=35), p.NOW - timedelta(days=5)),)
    ours = (OursRow(kind, p.NOW - timedelta(days=31), p.NOW - timedelta(days=1), True, "/console/concerns/c/"),)
    asked = SaidView(w.said("raised", to_us=True), {}, p.NOW - timedelta(days=20), TEXT)
    case = ConsoleConcernPage(
        kind, str(words.event_title("aurora:pull:completed")), p.NOW, DUE, w.state("open"), catalogue_words.spoken("fi"), (asked,),
        _choices(("lawful", "mistake", "later"), w.answer, "later"), "/console/concerns/", True,
        errors=(FieldError("until", w.error("until_required")), FieldError("text", w.error("text_required"))),
    )  # fmt: skip
    month = p.NOW.date().replace(day=1)
    permissions = (
        PermissionRow("a", OFFICE, LAW, "Poliisi on pyytänyt.", w.permission("asked"), p.NOW, waits=True, decide_url="/console/delays/a/"),
        PermissionRow("b", OFFICE, LAW, "Poliisi on pyytänyt.", w.permission("asked"), p.NOW, waits=True, own=True, decide_url="/console/delays/b/"),
        PermissionRow("c", OFFICE, LAW, "Poliisi on pyytänyt.", w.permission("standing"), p.NOW, standing=True, decide_url="/console/delays/c/"),
        PermissionRow("d", OFFICE, LAW, "Poliisi on pyytänyt.", w.permission("ended"), p.NOW),
    )  # fmt: skip
    delays = DelaysPage(
        (DelayCount(OFFICE, LAW, month, 4, 1, 7, 1, 0, 0),), 0, 0, permissions, (LawRow(LAW, 365, 730),),
        (ConcernChoice("office", localized(OFFICE)),), (ConcernChoice("law", localized(LAW)),),
        errors=(FieldError("agency", w.error("agency_unknown")), FieldError("reason", w.error("reason"))),
    )  # fmt: skip
    troubled = replace(delays, overdue=2, ahead=1, agencies=(), law_choices=(), errors=(), permissions=(permissions[3],))
    at, name = "console/concerns/", "Olavi"
    return [
        Example("console-concerns", "console/concerns.html", at, ConsoleConcernsPage(counts, late, ours, True), name_shown=name),
        Example("console-concerns-auditor", "console/concerns.html", at, ConsoleConcernsPage((), (), None), name_shown=name),
        Example("console-concern", "console/concern.html", at, case, name_shown=name),
        Example("console-concern-answered", "console/concern.html", at, replace(case, may_answer=False, errors=()), name_shown=name),
        Example("console-delays", "console/delays.html", "console/delays/", delays, name_shown=name),
        Example("console-delays-overdue", "console/delays.html", "console/delays/", troubled, name_shown=name),
    ]


def _choices(codes: tuple[str, ...], label: Callable[[str], str], chosen: str) -> tuple[ConcernChoice, ...]:
    return tuple(ConcernChoice(code, label(code), code == chosen) for code in codes)
