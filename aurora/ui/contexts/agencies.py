"""The console's pages on which an agency comes to be, and what its engineer needs then. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass

from aurora.ui.contexts.clients import ValueRow
from aurora.ui.contexts.shared import FieldError, Text


@dataclass(frozen=True, slots=True)
class LabelledChoice:
    """A radio button or checkbox with its words, translated."""

    code: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class AgencyFormPage:
    """`console/agency_form.html`: a POST form to itself.

    Controls: `code` (fixed if `known`), `name_fi|sv|en`, `roles` (checkboxes), `legal_name`, `business_id`, `country`, `contact_url`, `contact_email`,
    `onward_fi|sv|en`, `since`, `meaning` (radio buttons, where there is a version before), `reason`. `values` by control's name, as sent.
    """

    values: Mapping[str, str]
    roles: tuple[LabelledChoice, ...]
    back_url: str
    known: bool = False
    meanings: tuple[LabelledChoice, ...] = ()
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedCode:
    """A purpose or kind of data by its name, for people, and its code, for the program that an engineer writes."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class NextClient:
    """A client that works, and what it may ask for. `pings_url`: where a test notice is sent, "" for who may not."""

    client_id: str
    name: Text
    purposes: tuple[NamedCode, ...]
    categories: tuple[NamedCode, ...]
    notice_uri: str = ""
    pings_url: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the agency's engineer does; `url` is a path of the guide that tells how, and `link` what the link says."""

    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class AgencyNextPage:
    """`console/agency_next.html`: what to do once an agency and its clients are agreed to. `letter` is plain text to send to its engineer.

    `asks`, `source`: whether the agency asks citizens for data, or holds them; `tests`: whether there is a client to which a test notice can be sent;
    `sources_url`: where a source is seen, "" for who may not.
    """

    name: Text
    clients: tuple[NextClient, ...]
    addresses: tuple[ValueRow, ...]
    letter: str
    back_url: str
    steps: tuple[Step, ...] = ()
    new_url: str = ""
    asks: bool = True
    source: bool = False
    tests: bool = False
    sources_url: str = ""

    @property
    def rows(self) -> int:
        """So that the whole letter is seen where there is room for lines of some ninety characters."""
        return sum(1 + len(line) // 90 for line in self.letter.splitlines()) + 1
