"""The page where citizens allow, or not, that models learn from their data. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from aurora.ui.contexts.life import LifePermission
from aurora.ui.contexts.shared import AgainView, Banner, FieldError, NoticePart, PurposeView
from aurora.ui.contexts.sources import CategoryChoice, EndChoice


@dataclass(frozen=True, slots=True)
class TrainingPage:
    """`portal/training.html`: a POST form to itself. Controls: `decision` (`allow`, `decline`), and for `allow` `categories` (checkboxes), `end`
    (radio) with `own_day`, `own_month`, `own_year` for its "own", as on `portal/connect.html`; `notice_token` goes back as it came.

    `permission`: a consent that stands. `terms`: the notice's parts by code.
    """

    purpose: PurposeView
    categories: tuple[CategoryChoice, ...]
    ends: tuple[EndChoice, ...]
    latest_end: date
    terms: Mapping[str, NoticePart]
    back_url: str
    own_day: str = ""
    own_month: str = ""
    own_year: str = ""
    notice_token: str = ""
    permission: LifePermission | None = None
    errors: tuple[FieldError, ...] = ()
    again: AgainView | None = None
    banner: Banner | None = None
