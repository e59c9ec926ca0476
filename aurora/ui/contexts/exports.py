"""The citizen's encrypted copy of all their data. See the package for the conventions."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aurora.ui.contexts.shared import Banner


class CopyState(StrEnum):
    """NONE: none was asked for. OVER: it was deleted, fetched as often as may be, or its week is over."""

    NONE = "none"
    WAITING = "waiting"
    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class CopyPage:
    """`portal/copy.html` and its part that changes, `portal/_copy.html`. Forms POST (with CSRF) `whom` as `for`.

    `passphrase` is shown on this page alone, and on none that comes after it. `part`: what is being written, in words; `size`: in words. `why`: why it
    failed or is over, a sentence.
    """

    state: CopyState
    ask_url: str
    my_data_url: str
    whom: str = ""
    percent: int = 0
    part: str = ""
    size: str = ""
    asked_at: datetime | None = None
    expires_at: datetime | None = None
    downloads_left: int = 0
    why: str = ""
    download_url: str = ""
    delete_url: str = ""
    passphrase_url: str = ""
    fragment_url: str = ""
    passphrase: str = field(default="", repr=False)
    renewed: bool = False
    program_url: str = ""
    banner: Banner | None = None

    @property
    def finished(self) -> bool:
        return self.state not in (CopyState.WAITING, CopyState.WRITING)
