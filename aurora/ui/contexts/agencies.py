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
class NextClient:
    """A client that works, and what it may ask for, in codes. `pings_url`: where a test notice is sent, "" for who may not."""

    client_id: str
    name: Text
    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    notice_uri: str = ""
    pings_url: str = ""


@dataclass(frozen=True, slots=True)
class AgencyNextPage:
    """`console/agency_next.html`: what the agency's engineer needs. `letter` is plain text to send to them; `developers_url` is their guide."""

    name: Text
    clients: tuple[NextClient, ...]
    addresses: tuple[ValueRow, ...]
    letter: str
    back_url: str
    developers_url: str = ""
    new_url: str = ""
    source: bool = False
