"""Uses of a citizen's data over the last days, as a picture and as the table that says the same. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date

from aurora.ui.contexts.shared import Text


@dataclass(frozen=True, slots=True)
class DayUses:
    """One day's column. Numbers of the drawing are ready for SVG, in its own units: `left`, and top and height of both parts ("" where nothing)."""

    day: date
    uses: int
    refused: int
    left: str = ""
    allowed_top: str = ""
    allowed_height: str = ""
    refused_top: str = ""
    refused_height: str = ""
    label: str = ""

    @property
    def allowed(self) -> int:
        return self.uses - self.refused


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the picture: how many uses, and how high it lies."""

    uses: int
    top: str


@dataclass(frozen=True, slots=True)
class OrganisationUses:
    """`width`: its bar, of 100; `refused_width` of it from the right was refused."""

    name: Text
    uses: int
    refused: int
    width: str = "0"
    refused_left: str = "0"
    refused_width: str = "0"

    @property
    def allowed(self) -> int:
        return self.uses - self.refused


@dataclass(frozen=True, slots=True)
class Timeline:
    """`portal/_timeline.html`: the last days, oldest first, and by organisation, the one with most uses first. `busiest` None: no uses at all."""

    days: tuple[DayUses, ...]
    organisations: tuple[OrganisationUses, ...]
    ticks: tuple[Tick, ...]
    uses: int
    refused: int
    busiest: DayUses | None = None

    @property
    def first(self) -> date:
        return self.days[0].day

    @property
    def last(self) -> date:
        return self.days[-1].day
