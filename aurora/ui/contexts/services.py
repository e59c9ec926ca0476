"""The service catalogue's pages. See the package for the conventions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from aurora.ui.contexts.shared import Banner


@dataclass(frozen=True, slots=True)
class Written:
    """A text as a page shows it. `language`: the one it is written in where that is not the page's (for `lang`), else ""."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str
    selected: bool = False


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter: `name` in the address, its label, and what may be chosen. `chosen`: what is, in words, and `without_url` the page without it."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    without_url: str = ""

    @property
    def chosen(self) -> str:
        return next((choice.label for choice in self.choices if choice.selected), "")


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service in a list. `only_in`: a sentence where its description is not in the page's language."""

    name: Written
    description: Written
    provider: Written
    area: str
    channels: str
    url: str
    only_in: str = ""


@dataclass(frozen=True, slots=True)
class ServicesPage:
    """`portal/services.html`. `instead`: the word searched for in place of a misspelt `query`; `loose`: no service has all the words."""

    query: str
    rows: tuple[ServiceRow, ...]
    total: int
    first: int
    filters: tuple[FilterView, ...]
    filtered: bool
    clear_url: str
    instead: str = ""
    loose: bool = False
    previous_url: str = ""
    next_url: str = ""
    without_query_url: str = ""
    banner: Banner | None = None


@dataclass(frozen=True, slots=True)
class ContactView:
    """One way to the service: what it is, its name, and where it leads. `web` is an https address."""

    kind: str
    name: Written
    web: str = ""
    phone: str = ""
    email: str = ""
    address: Written | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule in words. `kind`: "condition" (with `text`), or "all", "any", "not" with `parts`."""

    kind: str
    text: str = ""
    parts: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedService:
    name: Written
    url: str


@dataclass(frozen=True, slots=True)
class ServicePage:
    """`portal/service.html`. `gone`: it is in the catalogue no more, and only its name is shown. `not_now`: a sentence where it is not given today.
    `amounts`: the rule compares amounts of money.
    """

    name: Written
    services_url: str
    gone: bool = False
    only_in: str = ""
    not_now: str = ""
    description: Written | None = None
    details: Written | None = None
    requirements: Written | None = None
    rule: Clause | None = None
    amounts: bool = False
    weighed: bool = False
    how_to_apply: Written | None = None
    provider: Written | None = None
    contacts: tuple[ContactView, ...] = ()
    channels: str = ""
    area: str = ""
    areas: tuple[str, ...] = ()
    spoken: str = ""
    cost: str = ""
    topics: tuple[Written, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    requires: tuple[LinkedService, ...] = ()
    related: tuple[LinkedService, ...] = ()
    origin: str = ""
    version: str = ""
    data_url: str = ""
    why_url: str = ""
    banner: Banner | None = None
