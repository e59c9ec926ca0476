"""Consents as counts, on the operators' console. See the package for the conventions."""

from dataclasses import dataclass
from datetime import date

from aurora.ui.contexts.monitoring import Chart


@dataclass(frozen=True, slots=True)
class ConsentCountsPage:
    """`console/consents.html`. `day`: when it was counted, None while it has not been."""

    day: date | None
    charts: tuple[Chart, ...]
