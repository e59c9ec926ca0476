"""Tables of the consent authority. One module a subject; import from here."""

from .agency import Agency
from .notice import Notice
from .record import ConsentEvent, ConsentRecord, ConsentState
from .vocabulary import DataCategory, DataCategoryVersion, Purpose, PurposeVersion

__all__ = [
    "Agency",
    "ConsentEvent",
    "ConsentRecord",
    "ConsentState",
    "DataCategory",
    "DataCategoryVersion",
    "Notice",
    "Purpose",
    "PurposeVersion",
]
