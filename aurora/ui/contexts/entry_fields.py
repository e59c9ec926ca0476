"""Which fields an access was about. See the package for the conventions."""

from dataclasses import dataclass
from enum import StrEnum

from aurora.ui.contexts.shared import Text


class FieldsState(StrEnum):
    """READ: what was held then and went through the door. ASKED: refused, nothing went. GONE: what was held then has been deleted since."""

    READ = "read"
    ASKED = "asked"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class CategoryFields:
    """A category as it was worded then; `fields` are those of its state, `empty` those of the category of which nothing was held."""

    name: Text
    state: FieldsState
    fields: tuple[Text, ...]
    empty: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldsPart:
    """`portal/entry/_fields.html`, by category."""

    categories: tuple[CategoryFields, ...]
