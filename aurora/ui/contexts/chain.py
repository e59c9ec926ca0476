"""What stands on the activity page of the chain of entries. See the package for the conventions."""

from dataclasses import dataclass
from enum import Enum


class ChainState(Enum):
    WHOLE = "whole"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ChainPart:
    """`walked`: all links were looked at, as the citizen asked; else those of the entries on the page. `broken_at`: the number of the first entry that
    does not follow, where they were all looked at. `walk_url`: the same page with all of them."""

    state: ChainState
    walked: bool = False
    broken_at: int | None = None
    walk_url: str = ""


WHOLE = ChainPart(ChainState.WHOLE)
