"""What somebody who agreed before is told on a consent page: what is different, and which parts of the page may be folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aurora.ui.contexts import AgainView, ChangeView
from consent.changes import Told
from consent.notices import NoticeText

PURPOSE, REFUSAL = "purpose", "on_refusal"
_PART = {"purpose_name": PURPOSE, "purpose_description": PURPOSE, "on_refusal": REFUSAL}


def view(texts: Sequence[NoticeText]) -> AgainView | None:
    """One page's texts together, each change once; None if nothing was agreed to before.

    A part is folded only if it says the same to each of the texts, and all of them were agreed to before.
    """
    agains = [t.again for t in texts if t.again]
    if not agains:
        return None
    told = list(dict.fromkeys(change for again in agains for change in again.changes))
    parts = {PURPOSE, REFUSAL, *(t.code for text in texts for t in text.terms)}
    same = parts - {_part(t) for t in told} if len(agains) == len(texts) else set[str]()
    return AgainView(
        sentences=tuple(dict.fromkeys(s for again in agains for s in again.sentences)),
        heading=agains[0].heading,
        changes=tuple(ChangeView(t.heading, t.was, t.now) for t in told),
        labels=agains[0].labels,
        same=frozenset(same),
    )


def marks(texts: Iterable[NoticeText], category: str) -> tuple[str, ...]:
    """What is said beside a category's name."""
    found = [label for text in texts if text.again for code, labels in text.again.marks if code == category for label in labels]
    return tuple(dict.fromkeys(found))


def same(texts: Sequence[NoticeText], category: str) -> bool:
    """Whether a category says to everybody asked here what it said then."""
    agains = [t.again for t in texts if t.again]
    return bool(agains) and len(agains) == len(texts) and not any(t.about == category for a in agains for t in a.changes)


def _part(told: Told) -> str:
    return told.about if told.code == "term" else _PART.get(told.code, "")
