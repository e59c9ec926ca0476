"""Composes the consent text, and keeps it as it was shown.

Page, record and receipt read the same composition: what a citizen sees is what is stored, word for word.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent import terms as wording
from consent.changes import Again
from consent.facts import every
from consent.models import Agency, DataCategoryVersion, Notice, PurposeVersion
from consent.terms import Term

LANGUAGES = ("fi", "sv", "en")


@dataclass(frozen=True)
class NoticeText:
    """One purpose's text in one language. `categories` maps code to name and description; `digest` is the SHA-256 of all of it.

    `again` is what was said besides to somebody who had agreed before: it is part of what is kept.
    """

    language: str
    recipient: str
    source: str
    purpose: str
    purpose_version: int
    purpose_name: str
    purpose_description: str
    on_refusal: str
    categories: tuple[tuple[str, int, str, str], ...]
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    terms: tuple[Term, ...]
    recipient_version: int = 1
    again: Again | None = None

    @property
    def content(self) -> dict[str, object]:
        return self.agreed | ({"again": self.again.content} if self.again else {})

    @property
    def agreed(self) -> dict[str, object]:
        """What is agreed to, whatever was agreed before."""
        return {
            "recipient": self.recipient,
            "recipient_version": self.recipient_version,
            "terms_version": wording.version(),
            "source": self.source,
            "purpose": {
                "code": self.purpose,
                "version": self.purpose_version,
                "name": self.purpose_name,
                "description": self.purpose_description,
                "on_refusal": self.on_refusal,
            },
            "categories": [
                {"code": code, "version": version, "name": name, "description": description, "facts": list(dict(self.facts)[code])}
                for code, version, name, description in self.categories
            ],
            "terms": [{"code": t.code, "heading": t.heading, "sentences": list(t.sentences)} for t in self.terms],
        }

    @property
    def digest(self) -> str:
        canonical = json.dumps([self.language, self.content], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def compose(
    *,
    language: str,
    recipient: Agency,
    source: Agency | None,
    purpose: PurposeVersion,
    categories: Iterable[DataCategoryVersion],
    terms: tuple[Term, ...],
    recipient_version: int = 1,
) -> NoticeText:
    """The text for one purpose and the categories on offer, in one of `LANGUAGES`. `source` None: the data comes from the twin.

    `terms` are those of `consent.terms` in the same language: the page must show the same ones.
    """
    offered = tuple(categories)
    return NoticeText(
        language=language,
        recipient=recipient.name[language],
        source=source.name[language] if source else "",
        purpose=purpose.purpose_id,
        purpose_version=purpose.version,
        purpose_name=purpose.name[language],
        purpose_description=purpose.description[language],
        on_refusal=purpose.on_refusal[language],
        categories=tuple((c.category_id, c.version, c.name[language], c.description[language]) for c in offered),
        facts=tuple((c.category_id, tuple(p["x-label"][language] for p in every(c.schema).values())) for c in offered),
        terms=terms,
        recipient_version=recipient_version,
    )


def keep(text: NoticeText, *, now: datetime) -> Notice:
    """Store the text once; a text that was shown before is found again by its digest."""
    notice, _ = Notice.objects.get_or_create(
        digest=text.digest, defaults={"language": text.language, "content": text.content, "first_shown_at": now}
    )
    return notice
