"""A receipt's page. See the package for the conventions."""

from dataclasses import dataclass

from aurora.ui.contexts.shared import Banner, NoticePart


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A label and what stands beside it, both in the receipt's language."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """`portal/receipt.html`. Title, rows and notice are in `language`, in which it was given, whatever the page's own language is.

    `summary`: the decision in short, as the receipt keeps it; older receipts have none. `language_name` names it in the page's language, "" where the two are the same.
    """

    language: str
    title: str
    rows: tuple[ReceiptRow, ...]
    notice: tuple[NoticePart, ...]
    notice_sha256: str
    number: str
    sha256: str
    jsonld_url: str
    jwt_url: str
    consent_url: str
    keys_url: str
    language_name: str = ""
    summary: tuple[str, ...] = ()
    banner: Banner | None = None

    @property
    def notice_language(self) -> str:
        """For `portal/_notice.html`."""
        return self.language
