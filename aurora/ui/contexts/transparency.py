"""Public numbers of the use of people's data. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date, datetime

from aurora.ui.contexts.shared import Text


@dataclass(frozen=True, slots=True)
class FiguresRow:
    """`cells`: pairs of a column's heading and a number, None where it is not told."""

    name: Text
    cells: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class FiguresTable:
    """`code` is part of the section's id in the page. `total` is the sum of what is told; None for a table of one row."""

    code: str
    title: str
    explained: str
    heads: tuple[str, ...]
    rows: tuple[FiguresRow, ...]
    total: FiguresRow | None = None


@dataclass(frozen=True, slots=True)
class MonthChoice:
    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class TransparencyPage:
    """`portal/transparency.html`. `month` "" and no `tables`: nothing is published yet. `checkpoint_at`: when the public log was signed last, None before that;
    `next_day`: from when on the next month is told.
    """

    month: str
    published_at: datetime | None
    months: tuple[MonthChoice, ...]
    tables: tuple[FiguresTable, ...]
    json_url: str
    csv_url: str
    next_day: date
    log_url: str = ""
    checkpoint_at: datetime | None = None
    tree_size: int = 0
