"""How the access log itself does, on the operators' console. See the package for the conventions. Nothing here is about a citizen."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """`seen` says who looked into it and when, "" while nobody has; `see_url` is where to say so, "" for who may not."""

    id: str
    sentence: str
    at: datetime
    seen: str = ""
    see_url: str = ""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A verifier key of the log. `id` is eight hex digits (C2SP signed-note)."""

    kind: str
    id: str
    name: str
    since: datetime
    in_use: bool


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """`size` is the tree that it cosigned last, None if it never has; `trouble` whole sentences, "" without any."""

    name: str
    url: str
    size: int | None
    at: datetime | None
    behind: int
    trouble: str


@dataclass(frozen=True, slots=True)
class FormerRow:
    """The last head under a former name of the log."""

    name: str
    size: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LogStatePage:
    """`console/ledger.html`. `warnings` are whole sentences. `root`: the newest checkpoint's, in base64 as it is published; `age`: how old it is;
    `sequencer`: when that process was last seen, a sentence.
    """

    name: str
    size: int
    at: datetime | None
    pending: int
    warnings: tuple[str, ...]
    alarms: tuple[AlarmRow, ...]
    keys: tuple[KeyRow, ...]
    witnesses: tuple[WitnessRow, ...]
    former: tuple[FormerRow, ...]
    root: str = ""
    age: str = ""
    sequencer: str = ""

    @property
    def open_alarms(self) -> tuple[AlarmRow, ...]:
        return tuple(row for row in self.alarms if not row.seen)

    @property
    def seen_alarms(self) -> tuple[AlarmRow, ...]:
        return tuple(row for row in self.alarms if row.seen)
