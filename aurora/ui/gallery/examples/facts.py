"""Statements that disagree, what was known before, and requests for correction."""

from dataclasses import replace
from datetime import timedelta

from aurora.ui import fact_words as w
from aurora.ui import words
from aurora.ui.authority_words import authority
from aurora.ui.contexts import Complain, FactRow, FieldError, Provenance, Text
from aurora.ui.contexts.facts import (
    ConceptView,
    CorrectionFormPage,
    CorrectionPage,
    CorrectionRow,
    CorrectionsPage,
    DisagreementsPage,
    FactHistoryPage,
    StatementView,
    TogetherRow,
    TogetherView,
    ValueChoice,
    VersionView,
    VoiceView,
)
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example

REGISTER = p.text("Väestörekisteri", "Befolkningsregistret", "Population Register")
CENTRE = p.text("Terveyskeskus", "Hälsocentralen", "Health centre")
PERSON = p.text("Henkilön perustiedot", "Personuppgifter", "Basic personal details")
PATIENT = p.text("Potilastiedot", "Patientuppgifter", "Patient details")
REGION = p.text("Alue", "Region", "Region")
WHY = p.text(
    "Ihminen muuttaa, ja kuka tahansa voi saada siitä tiedon ensin: uusin tieto ratkaisee, jollet itse kerro, mikä on oikein.",
    "Människor flyttar, och vem som helst kan få veta det först: den nyaste uppgiften avgör, om du inte själv säger vilken som är rätt.",
    "People move, and anyone may hear of it first: what is newest decides, unless you say yourself which is right.",
)
DUE = p.NOW + timedelta(days=30)
THERE = FactRow(
    REGION, "R32", CENTRE, Provenance.REPORTED, p.NOW - timedelta(days=2), value_label=p.text("Alue 32", "Region 32", "Region 32")
)
HERE = FactRow(
    REGION, "R12", REGISTER, Provenance.ATTESTED, p.NOW - timedelta(days=90), value_label=p.text("Alue 12", "Region 12", "Region 12")
)


def _household() -> TogetherView:
    """Decided by one voice; the register says nothing of a spouse."""

    def said(value: int, source: Text, unit: str = "persons", **more: str) -> StatementView:
        told = source is words.YOU
        row = FactRow(p.text("x", "x", "x"), value, source, Provenance.DECLARED if told else Provenance.ATTESTED, p.NOW, unit)
        return StatementView(row, p.HOUSEHOLD.name, told, **more)

    mine = p.text("Kotitaloutesi", "Ditt hushåll", "Your household")
    rows = (
        (p.text("Talouden koko", "Hushållets storlek", "Household size"), 6, 4),
        (p.text("Alle 6-vuotiaat lapset", "Barn under 6 år", "Children under 6"), 3, 1),
    )
    return TogetherView(
        mine, True,
        (
            VoiceView(words.YOU, mine, Provenance.DECLARED, p.NOW, True, "household_size", "a", "/life/"),
            VoiceView(REGISTER, p.HOUSEHOLD.name, Provenance.ATTESTED, p.NOW, False, "household_size", "b"),
        ),
        (
            *(TogetherRow(label, (said(own, words.YOU), said(theirs, REGISTER, correct_url="/my-data/correct/x/"))) for label, own, theirs in rows),
            TogetherRow(p.text("Puolison ikä", "Makens eller makans ålder", "Spouse's age"), (said(33, words.YOU, "years"), None)),
        ),
        w.because("order"), WHY,
    )  # fmt: skip


def citizen() -> list[Example]:
    region = ConceptView(
        "region", p.text("Alue, jolla asut", "Regionen där du bor", "The region where you live"), True,
        (
            StatementView(THERE, PATIENT, True, choose_id="a", asked_url="/corrections/c/"),
            StatementView(HERE, PERSON, False, choose_id="b", correct_url="/my-data/correct/0192f0c1-7a1b-7c3d-8e4f-000000000001/"),
        ),
        w.because("newest"), WHY, True,
    )  # fmt: skip
    chosen = replace(
        region, chosen=True, because=w.because("chosen"), lapsed=False,
        statements=(replace(region.statements[1], decides=True, choose_id=""), replace(region.statements[0], decides=False)),
    )  # fmt: skip
    agreed = replace(
        region, code="town", disputed=False, because=w.because("agreed"), may_choose=False,
        statements=tuple(
            replace(one, row=replace(one.row, value="R32", value_label=THERE.value_label), decides=False, choose_id="", correct_url="", asked_url="")
            for one in region.statements
        ),
    )  # fmt: skip
    page = DisagreementsPage((region, _household()), (agreed,), "/my-data/", "/corrections/", "/activity/e/")
    history = FactHistoryPage(
        PERSON, (VersionView(HERE, p.NOW), VersionView(replace(THERE, source_name=REGISTER), p.NOW - timedelta(days=90), p.NOW)),
        "/activity/e/", "/my-data/",
    )  # fmt: skip
    then = replace(history, on=(p.NOW - timedelta(days=3)).date(), typed="21.11.2026", then=(replace(THERE, source_name=REGISTER),))
    form = CorrectionFormPage(
        HERE, PERSON, REGISTER, DUE, (ValueChoice("R12", "Alue 12"), ValueChoice("R32", "Alue 32", True)), "/my-data/", 4000
    )
    wrong = replace(
        form, choices=(), right="kaukana", errors=(FieldError("right", w.error("right_wrong")), FieldError("why", w.error("text_required")))
    )
    open_ = CorrectionPage(
        REGION, PERSON, REGISTER, w.state("open"), "busy", HERE, THERE, "Muutin toukokuussa.\n<b>Ilmoitin siitä</b>.", p.NOW, "/corrections/",
        due_at=DUE, read_at=p.NOW, may_close=True,
    )  # fmt: skip
    refused = replace(
        open_, state=w.state("refused"), tone="attention", due_at=None, may_close=False, answered_at=p.NOW,
        answer="Muuttoilmoitusta ei ole tullut.", complain=Complain(*authority("FI", sandbox=False)),
    )  # fmt: skip
    rows = (
        CorrectionRow(REGION, REGISTER, w.state("overdue"), "bad", p.NOW, "/corrections/c/", DUE),
        CorrectionRow(REGION, CENTRE, w.state("corrected"), "good", p.NOW, "/corrections/d/", by_guardian=True),
    )
    return [
        Example("facts-disagree", "portal/disagreements.html", "my-data/disagreements/", page),
        Example(
            "facts-disagree-chosen",
            "portal/disagreements.html",
            "my-data/disagreements/",
            replace(page, disputed=(chosen,), banner=w.done("chosen")),
        ),
        Example(
            "facts-disagree-none",
            "portal/disagreements.html",
            "my-data/disagreements/",
            replace(page, disputed=(), agreed=(), entry_url=""),
        ),
        Example("facts-history", "portal/fact_history.html", "my-data/history/population.person/", then),
        Example(
            "facts-history-wrong",
            "portal/fact_history.html",
            "my-data/history/population.person/",
            replace(history, typed="x", errors=(FieldError("on", w.error("day_wrong")),)),
        ),
        Example("facts-correct", "portal/correction_new.html", "my-data/correct/0192f0c1-7a1b-7c3d-8e4f-000000000001/", form),
        Example("facts-correct-wrong", "portal/correction_new.html", "my-data/correct/0192f0c1-7a1b-7c3d-8e4f-000000000001/", wrong),
        Example("facts-correction", "portal/correction.html", "corrections/c/", open_),
        Example("facts-correction-refused", "portal/correction.html", "corrections/c/", refused),
        Example("facts-corrections", "portal/corrections.html", "corrections/", CorrectionsPage(rows, "/my-data/")),
    ]
