"""How models do, on the operators' console. See the package for the conventions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A bar in a drawing 100 wide: `width` of it from the left; `low` and `span` of its interval, `mark` of what it is held against, "" where
    there is none. Written with a point, as SVG wants it.
    """

    width: str
    low: str = ""
    span: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """`cells` are written out, one a head of the table. `picture` None: there is nothing to draw."""

    label: str
    cells: tuple[str, ...]
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A table whose rows carry their bars: who sees no picture reads the same. `note` says what the bars mean."""

    caption: str
    first: str
    heads: tuple[str, ...]
    rows: tuple[ChartRow, ...]
    note: str = ""

    @property
    def lines(self) -> list[tuple[ChartRow, list[tuple[str, str]]]]:
        """Each row, with its cells by their heads: on a narrow screen every cell stands beside its own."""
        return [(row, list(zip(self.heads, row.cells, strict=True))) for row in self.rows]


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A shadow or challenger beside the model in use. `too_few`: nothing can be told. `look`: what to look at before the next step, whole sentences.

    `arms`: of a challenger what came of either, with a sentence each in `differences`.
    """

    look: tuple[str, ...]
    too_few: bool = False
    overall: Chart | None = None
    by_group: tuple[Chart, ...] = ()
    kinds: Chart | None = None
    chances: Chart | None = None
    latency: str = ""
    arms: tuple[Chart, ...] = ()
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report in the list. `alarms` how many."""

    model: str
    role: str
    day: str
    people: str
    alarms: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class MonitoringPage:
    """`console/monitoring.html`. Everything of `shown` on is about one report; without any, `model` is "".

    `alarms`: sentences. `few`: fewer than ten people, so nothing is told. `stale`: a sentence, or "". `measures`: what the tables by group show.
    """

    reports: tuple[ReportRow, ...]
    back_url: str
    model: str = ""
    role: str = ""
    day: str = ""
    people: str = ""
    few: bool = False
    stale: str = ""
    alarms: tuple[str, ...] = ()
    on_trial: OnTrial | None = None
    overall: Chart | None = None
    measures: tuple[Choice, ...] = ()
    measure: str = ""
    measure_explained: str = ""
    by_group: tuple[Chart, ...] = ()
    consent: tuple[Chart, ...] = ()
    drift: Chart | None = None
    suggested: Chart | None = None
    weeks: Chart | None = None
    estimate: str = ""
