"""Tables of the consent authority. One module a subject; import from here."""

from .agency import Agency, AgencyVersion
from .agency_draft import AgencyDraft
from .mandate import Mandate, MandateEvent, MandateEventKind
from .meaning import MeaningChange
from .notice import Notice
from .receipt import Receipt
from .record import ConsentEvent, ConsentEventKind, ConsentRecord, ConsentState
from .vocabulary import DataCategory, DataCategoryVersion, Purpose, PurposeVersion

__all__ = [
    "Agency",
    "AgencyDraft",
    "AgencyVersion",
    "ConsentEvent",
    "ConsentEventKind",
    "ConsentRecord",
    "ConsentState",
    "DataCategory",
    "DataCategoryVersion",
    "Mandate",
    "MandateEvent",
    "MandateEventKind",
    "MeaningChange",
    "Notice",
    "Purpose",
    "PurposeVersion",
    "Receipt",
]
