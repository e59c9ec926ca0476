"""The console's pages of the catalogue, of datasets and of consents in numbers."""

from datetime import date

from aurora.ui import consent_count_words, editor_words, own_model_words
from aurora.ui.cards import blocks
from aurora.ui.catalogue_words import origin, spoken
from aurora.ui.contexts import FieldError, ValueRow
from aurora.ui.contexts.agencies import LabelledChoice
from aurora.ui.contexts.catalogue import (
    CataloguePage,
    CatalogueRow,
    CatalogueUseRow,
    Difference,
    EditedServicePage,
    ImportFormPage,
    ImportPage,
    ImportRow,
    ReportPart,
    ReportRow,
    TriedAnswer,
    TriedFact,
    VersionRow,
)
from aurora.ui.contexts.consent_counts import ConsentCountsPage
from aurora.ui.contexts.monitoring import Chart, ChartRow, Picture
from aurora.ui.contexts.services import Choice, Clause, Written
from aurora.ui.contexts.shared import Pagination
from aurora.ui.contexts.suggestion_models import DatasetPage, OwnModelRow
from aurora.ui.formats import number
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example
from aurora.ui.templatetags.aurora import localized

POOL = {"fi": "Uimahalli", "sv": "Simhall", "en": "Swimming hall"}
CARD = "# Dataset card\n\n| | |\n|---|---|\n| Rows of citizens | 240 |\n\n## What it is\n\nHouseholds of the open extract, and one row a citizen."


def _part(code: str, count: int, said: str = "", *, refused: bool = False) -> ReportPart:
    return ReportPart(str(editor_words.part(code)), count, (ReportRow("ptv-1000", "Uimahalli", said),) if count else (), refused)


def _catalogue() -> CataloguePage:
    rows = (CatalogueRow("housing-assistance", p.BENEFIT.name, origin("house"), p.OFFICE, True, "/service/"),
            CatalogueRow("ptv-1000", POOL, origin("ptv"), p.OFFICE, False, "/service/"))  # fmt: skip
    return CataloguePage(
        "uinti", tuple(Choice(x, origin(x)) for x in ("house", "ptv", "hsds")), rows, 2, 1_845, "5f0c9d7e1a2b3c4d",
        (CatalogueUseRow("5f0c9d7e1a2b3c4d", "import ptv: services.json", p.NOW),),
        (ImportRow("/import/", "services.json, channels.json", str(editor_words.state("open")), "Edla", p.NOW, True),
         ImportRow("/import/", "services.json", str(editor_words.state("confirmed")), "Edla", p.NOW, False)),
        Pagination(1, 1), "/import/",
    )  # fmt: skip


def _service() -> EditedServicePage:
    rule = Clause("all", parts=(Clause("condition", text="tax.income.wages < 20 000"), Clause("condition", text="household ≥ 2")))
    flag = (Choice("", str(editor_words.UNKNOWN)), Choice("yes", "yes", True), Choice("no", "no"))
    tried = (
        TriedFact("f.tax.income.wages", "Wages", "12000", unit=str(editor_words.unit("amount"))),
        TriedFact("f.x", "Rents", "yes", flag),
    )
    return EditedServicePage(
        "housing-assistance", p.BENEFIT.name, Written("…"), p.OFFICE, origin("house"), False, str(editor_words.ranked(by_model=True)),
        (VersionRow("9a1b2c3d4e5f", p.NOW, True, False, (Difference(str(editor_words.field("name")), "Uimahalli", "Uimahalli ja sauna"),)),
         VersionRow("1a1b2c3d4e5f", p.NOW, False, True)),
        "/catalogue/", "/services/x/", rule=rule, source="tax.income.wages < 20000 && population.household.household_size >= 2", weighed=True,
        tried=tried, answer=TriedAnswer(str(editor_words.answer("unknown")), ("Household",), True), may_write=True,
        comes_back=str(editor_words.comes_back(shipped=True)),
    )  # fmt: skip


def console() -> list[Example]:
    form = ImportFormPage(
        tuple(LabelledChoice(x, str(editor_words.format_of(x)), x == "ptv") for x in ("ptv", "hsds")),
        tuple(LabelledChoice(x, spoken(x), x == "fi") for x in ("fi", "sv", "en")),
        "/catalogue/", 5, errors=(FieldError("files", str(editor_words.fault("files_required"))),),
    )  # fmt: skip
    draft = ImportPage(
        str(editor_words.state("open")), ("services.json", "channels.json"), origin("ptv"), True, "Edla", p.NOW,
        (_part("new", 41), _part("changed", 3, str(editor_words.field("name"))), _part("retired", 1),
         _part("refused", 1, "The service has no name.", refused=True)),
        1_800, 4, "/catalogue/", may_decide=True,
    )  # fmt: skip
    words = consent_count_words
    charts = tuple(
        Chart(
            str(words.caption(name)), str(words.first(name)), (str(words.PEOPLE),),
            tuple(ChartRow(label, (said,), Picture(width) if width else None) for label, said, width in rows), str(words.note(name)),
        )
        for name, rows in (
            ("purpose", ((localized(p.BENEFIT.name), number(1_240), "100"), (localized(p.SUGGEST.name), str(words.FEW), ""))),
            ("recipient", ((localized(p.OFFICE), number(1_240), "100"), (str(words.OTHERS), str(words.FEW), ""))),
            ("given", (("11/2026", "320", "100"), ("10/2026", "160", "50"))),
        )
    )  # fmt: skip
    dataset = DatasetPage(
        "4f" * 32, own_model_words.dataset_state("ready"),
        (ValueRow(str(own_model_words.dataset_field("basis")), (str(own_model_words.BASIS),)),
         ValueRow(str(own_model_words.dataset_field("citizens")), ("240",)), ValueRow(str(own_model_words.dataset_field("gone")), (str(own_model_words.FEW),))),
        blocks(CARD), (OwnModelRow("ab" * 32, own_model_words.state("champion"), "", p.NOW, "/model/"),), "/models/",
    )  # fmt: skip
    pages = (
        ("console-catalogue", "catalogue", "catalogue/", _catalogue()),
        ("console-catalogue-service", "catalogue_service", "catalogue/services/housing-assistance/", _service()),
        ("console-catalogue-import", "catalogue_import", "catalogue/import/", form),
        ("console-catalogue-draft", "catalogue_draft", "catalogue/imports/d/", draft),
        ("console-consents", "consents", "consents/", ConsentCountsPage(date(2026, 11, 27), charts)),
        ("console-consents-none", "consents", "consents/", ConsentCountsPage(None, ())),
        ("console-dataset", "dataset", "models/datasets/d/", dataset),
    )
    return [Example(name, f"console/{template}.html", f"console/{at}", page, name_shown="Edla") for name, template, at, page in pages]
