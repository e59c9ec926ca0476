"""The page where citizens say how their life goes, where and with whom they live. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from aurora.ui.contexts.shared import AgainView, Banner, FieldError, NoticePart, PurposeView, Text
from aurora.ui.contexts.sources import CategoryChoice, EndChoice


@dataclass(frozen=True, slots=True)
class LifeQuestion:
    """One side of life: the control's name is `code`; `value` is "" or "0" to "10". `label` names it, `question` asks."""

    code: str
    label: Text
    question: Text
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HouseholdQuestion:
    """So many people of an age, or an age: the control's name is `code`, a number or "". `hint`: "" where the label says it all."""

    code: str
    label: str
    hint: str = ""
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class LifePermission:
    """A consent that stands: what suggestions use of the answers, until when, where to read it and where to withdraw it."""

    categories: tuple[Text, ...]
    until: date
    consent_url: str
    withdraw_url: str


@dataclass(frozen=True, slots=True)
class LifePage:
    """`portal/life.html`: a POST form to itself.

    Controls: one select a question (its `code`), `municipality` (select of `municipalities`, code and name), one number a question of `household`
    (its `code`), `decision` (submit buttons):
    `save` where a permission stands, `allow` or `decline` where one is asked for. `allow` needs `categories` (checkboxes), `end` (radio) and
    for its "own" `own_day`, `own_month`, `own_year`, as on `portal/connect.html`; `notice_token` goes back as it came. `terms` are the
    notice's parts by code. `delete_url` takes a POST that deletes every answer; "" where there is none.
    """

    questions: tuple[LifeQuestion, ...]
    municipalities: tuple[tuple[str, str], ...]
    purpose: PurposeView
    categories: tuple[CategoryChoice, ...]
    ends: tuple[EndChoice, ...]
    latest_end: date
    terms: Mapping[str, NoticePart]
    back_url: str
    municipality: str = field(default="", repr=False)
    household: tuple[HouseholdQuestion, ...] = ()
    own_day: str = ""
    own_month: str = ""
    own_year: str = ""
    notice_token: str = ""
    permission: LifePermission | None = None
    errors: tuple[FieldError, ...] = ()
    again: AgainView | None = None
    delete_url: str = ""
    grades: tuple[str, ...] = tuple(str(number) for number in range(11))
    banner: Banner | None = None
