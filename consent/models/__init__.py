"""Tables of the consent authority. One module a subject; import from here."""

from .agency import Agency
from .notice import Notice
from .record import ConsentEvent, ConsentEventKind, ConsentRecord, ConsentState
from .vocabulary import DataCategory, DataCategoryVersion, Purpose, PurposeVersion

__all__ = [
    "Agency",
    "ConsentEvent",
    "ConsentEventKind",
    "ConsentRecord",
    "ConsentState",
    "DataCategory",
    "DataCategoryVersion",
    "Notice",
    "Purpose",
    "PurposeVersion",
]
