"""What the citizen makes of a suggestion. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.shared import FieldError, Text


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """`portal/_feedback.html`, on one suggestion. `open_url` leads to the service's page and notes that it was opened.

    Its forms send `run`, `service`, `kind` (`helpful`, `applied`) and `for`; `reason_url` is the form that asks why it is not for the citizen.
    `helpful`, `applied`: already said. `by_other`: what was said last was said by somebody who acts for the citizen.
    """

    run: str
    service: str
    give_url: str
    undo_url: str
    reason_url: str
    open_url: str
    helpful: bool = False
    applied: bool = False
    by_other: bool = False
    whom: str = ""


@dataclass(frozen=True, slots=True)
class SetAsideView:
    """A service that is not suggested, since the citizen said that it is not for them. `why`: a translated sentence."""

    service: str
    name: Text
    why: str
    at: datetime
    undo_url: str
    by_other: bool = False
    whom: str = ""


@dataclass(frozen=True, slots=True)
class WhyChoice:
    """A reason. OTHER has `words`: the control for the citizen's own words belongs under it."""

    code: str
    label: str
    hint: str = ""
    words: bool = False
    checked: bool = False


@dataclass(frozen=True, slots=True)
class NotForMePage:
    """`portal/not_for_me.html`. Controls: `why` (radios), `words` (a text), `for`."""

    name: Text
    choices: tuple[WhyChoice, ...]
    back_url: str
    longest: int
    words: str = ""
    whom: str = ""
    errors: tuple[FieldError, ...] = ()
