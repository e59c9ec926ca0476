"""Parts that several pages share. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One mistake in a form: `field` is the control's name (or group's name), `message` a translated sentence."""

    field: str
    message: str


class NoticeKind(StrEnum):
    INFO = "info"
    SUCCESS = "success"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Banner:
    """A message on top of a page: what has just happened. `text` is a translated sentence."""

    kind: NoticeKind
    text: str
    link_text: str = ""
    link_url: str = ""


@dataclass(frozen=True, slots=True)
class FactLabel:
    """One fact that a category can contain (`x-label` of the category's schema)."""

    key: str
    label: Text


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A kind of data in plain words. `facts` are what it may contain; `sensitive` marks GDPR art. 9 data."""

    code: str
    name: Text
    description: Text
    facts: tuple[FactLabel, ...] = ()
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class PurposeView:
    """Why data is used. `on_refusal` is the sentence that says what follows when it is not allowed."""

    code: str
    name: Text
    description: Text
    on_refusal: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoticePart:
    """A part of a consent text under its heading ("" for none), already in the text's language. `items`: what a kind of data contains."""

    heading: str
    sentences: tuple[str, ...]
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One difference from what was agreed to before, in the text's language; `was` or `now` is empty for what was not there or is no more."""

    heading: str
    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgainView:
    """What somebody who agreed before is told, under `portal/_again.html`. `labels` stand before `was` and `now`.

    `same` are the parts of the page that say what they said then, and are folded: codes of terms, `purpose` and `on_refusal`.
    """

    sentences: tuple[str, ...]
    heading: str
    changes: tuple[ChangeView, ...]
    labels: tuple[str, str]
    same: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pagination:
    """`pages` are `(number, url)` in order, with `None` for a gap; empty URLs mean there is no such page."""

    number: int
    count: int
    previous_url: str = ""
    next_url: str = ""
    pages: tuple[tuple[int, str] | None, ...] = ()


class EntryKind(StrEnum):
    """What an activity entry is about; also the values of the activity page's `kind` filter (`words.event_kind`).

    FETCH: Aurora fetched from a source. READ: an agency read. SUGGEST: Aurora made suggestions. EVALUATE: Aurora ran somebody's model on it. CONSENT: given,
    declined, withdrawn, run out, a source connected. OWN: the citizen looked at or downloaded their own data. GLASS: operators, without a consent.
    """

    FETCH = "fetch"
    READ = "read"
    SUGGEST = "suggest"
    EVALUATE = "evaluate"
    CONSENT = "consent"
    OWN = "own"
    GLASS = "break_glass"


@dataclass(frozen=True, slots=True)
class EntryView:
    """One access or change, as a row. `title` says what happened (`words.event_title`), translated.

    `who` is the organisation or "You" (`{"en": "You", ...}`: `words.YOU`); `purpose` may be empty. `allowed` is None
    where the question does not arise (a consent given); False needs `refusal`, a translated sentence
    (`words.refusal`).
    """

    id: str
    kind: EntryKind
    title: str
    who: Text
    at: datetime
    url: str
    categories: tuple[Text, ...] = ()
    purpose: Text = field(default_factory=dict)
    consent_url: str = ""
    allowed: bool | None = None
    refusal: str = ""
