"""What the console says of a shadow or challenger beside the model in use, in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from aurora.ui import formats
from aurora.ui.monitoring_words import points
from aurora.ui.words import Sentence

MEASURES: Final[Mapping[str, Sentence]] = {
    "same_3": _("The first three of the model in use that are among this model's first three"),
    "same_5": _("The first five of the model in use that are among this model's first five"),
    "shown": _("What was shown in the first five places that is among this model's first five"),
    "again": _("The same of the model in use, its list made again"),
    "entitled": _("Of the services that the rules entitle to, among this model's first five"),
    "entitled_champion": _("The same of the model in use"),
}
_TEXTS: Final[Mapping[str, Sentence]] = {
    "overall": _("The lists of both, made of the same facts"),
    "same": _("First five alike"),
    "entitled": _("Entitled, this model"),
    "entitled_champion": _("Entitled, model in use"),
    "kinds": _("People who would lose or gain something of a kind among the first five"),
    "kind": _("Kind of service"),
    "dropped": _("Would lose"),
    "brought": _("Would gain"),
    "kinds_note": _("The bar is who would lose something, the mark who would gain something. Fewer than 10 people are told as if they were 10."),
    "group_note": _("The bar is this model, the mark the model in use."),
    "chances": _("Chances that both give"),
    "higher": _("This model's is higher by"),
    "apart": _("Apart on average by"),
    "latency": _("Making a list takes this model %(model)s milliseconds, the model in use %(champion)s (median)."),
    "helpful": _("Found something helpful within 14 days"),
    "applied": _("Applied for something within 28 days"),
    "model": _("Model"),
    "challenger": _("This model"),
    "champion": _("Model in use"),
}  # fmt: skip
_LOOK: Final[tuple[Sentence, ...]] = (
    _("Does any group's share of what it is entitled to fall below that of the model in use? Then the model is not to go on."),
    _("Is what people would lose made up for by what they would gain? Ask the editors of the catalogue about a kind that many would lose."),
    _("Does it agree with the model in use less in one group than in all others? Look at that group's chances and facts first."),
    _(
        "If the list of the model in use is often not made again as it was shown, facts have changed since, and the same must be allowed for here."
    ),
)
_BETTER = _("%(kind)s: this model's share is higher by %(value)s (%(low)s to %(high)s). The difference is beyond chance.")
_WORSE = _("%(kind)s: this model's share is lower by %(value)s (%(low)s to %(high)s). The difference is beyond chance.")
_OPEN = _("%(kind)s: the difference lies between %(low)s and %(high)s. Which of the two does better is not settled.")
_FEW = _("%(kind)s: too few people for a comparison.")


def look() -> tuple[str, ...]:
    return tuple(map(str, _LOOK))


def measure(code: str) -> str:
    return str(MEASURES[code])


def text(name: str) -> str:
    return str(_TEXTS[name])


def latency(milliseconds: tuple[float, float]) -> str:
    return text("latency") % dict(zip(("model", "champion"), map(formats.number, milliseconds), strict=True))


def difference(kind: str, found: Mapping[str, Any]) -> str:
    """A whole sentence on one kind of use, of a report's `arms`."""
    if found["difference"] is None:
        return str(_FEW) % {"kind": text(kind)}
    low, high = found["low"], found["high"]
    said = _BETTER if low > 0 else _WORSE if high < 0 else _OPEN
    if said is _WORSE:
        low, high = -high, -low
    told = {"value": points(abs(found["difference"])), "low": formats.number(round(100 * low)), "high": points(high)}
    return str(said) % {"kind": text(kind), **told}
