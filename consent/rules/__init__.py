"""Pure rules of consent: no Django, no clock, no database. See `decide` for the only way to a `Permit`."""

from .decide import decide
from .durations import MAXIMUM_MONTHS, end_of, latest_end
from .glass import BREAK_GLASS, Glass, GlassFault
from .values import AURORA, CITIZEN, CITIZEN_ASKED, AccessRequest, ConsentView, Permit, Refusal, RefusalCode
from .versions import Binding, Given, outdated

__all__ = [
    "AURORA",
    "BREAK_GLASS",
    "CITIZEN",
    "CITIZEN_ASKED",
    "MAXIMUM_MONTHS",
    "AccessRequest",
    "Binding",
    "ConsentView",
    "Given",
    "Glass",
    "GlassFault",
    "Permit",
    "Refusal",
    "RefusalCode",
    "decide",
    "end_of",
    "latest_end",
    "outdated",
]
