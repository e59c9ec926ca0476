"""The public log for people. See the package for the conventions. Nothing here is about a citizen."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Watcher:
    """A witness: how many entries it confirmed last, and when; None if it never has."""

    name: str
    size: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PublicLogPage:
    """`portal/public_log.html`. `at` None: nothing is sealed yet. `root`: of the newest checkpoint, in base64 as it is published; `program_url`: the
    verifier, one file of Python; `former`: whether the log had another name before a restore.
    """

    name: str
    size: int
    at: datetime | None
    root: str
    watchers: tuple[Watcher, ...]
    verify_url: str
    program_url: str
    former: bool

    @property
    def watched(self) -> bool:
        """Whether any witness has confirmed it."""
        return any(one.at for one in self.watchers)
