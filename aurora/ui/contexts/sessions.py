"""Where a citizen is signed in. See the package for the conventions."""

from dataclasses import dataclass
from datetime import datetime

from aurora.ui.contexts.shared import Banner


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One browser. `what` is translated; `here`: the one that shows the page. `name` says which, when it is ended. `used`: when last, where the page tells it."""

    what: str
    name: str
    here: bool = False
    began: datetime | None = None
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionsPage:
    """`portal/sessions.html`: POST forms to itself. `action` is `end` with `name`, `others`, or `pauses` with `pauses` (`hour`, `day`).

    `fresh`: who sits there has just shown who they are, and may end others; else `sign_in_url` is where they do. `more`: so many are not among the rows.
    """

    rows: tuple[SessionRow, ...]
    fresh: bool
    pauses_for_a_day: bool
    sign_in_url: str
    banner: Banner | None = None
    more: int = 0
