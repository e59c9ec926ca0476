"""What the console says about how models do: axes, groups, measures and alarms, in the active language."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import formats
from aurora.ui.words import Sentence

AXES: Final[Mapping[str, Sentence]] = {
    "age": _("Age"),
    "disability": _("Disability"),
    "family": _("Family"),
    "region": _("Region"),
    "income": _("Income"),
}

# Those whose names are not made of numbers.
_GROUPS: Final[Mapping[str, Sentence]] = {
    "unknown": _("Not known"),
    "rest": _("The smallest groups together"),
    "visual_impairment": _("Visual impairment"),
    "none": _("No visual impairment"),
    "single": _("Single, without children"),
    "couple": _("Couple, without children"),
    "single_parent": _("One adult with children"),
    "couple_children": _("Couple with children"),
}

MEASURES: Final[Mapping[str, Sentence]] = {
    "entitled_shown": _("Shown of what they are entitled to"),
    "entitled_weight": _("The same, weighted by place"),
    "found_3": _("Found among the first three"),
    "found_5": _("Found among the first five"),
    "opened": _("Opened something"),
    "helpful": _("Found something helpful"),
    "applied": _("Applied for something"),
    "not_for_me": _("Set something aside"),
}
_EXPLAINED: Final[Mapping[str, Sentence]] = {
    "entitled_shown": _("Of the services to which the rules entitle them, this share was among what they were shown."),
    "entitled_weight": _("As before, but the first place counts for most, and each further one for less."),
    "found_3": _("Of the programmes in which they take part, the model would have put this share among its first three."),
    "found_5": _("Of the programmes in which they take part, the model would have put this share among its first five."),
}
_OF_SHOWN = _("Of those who were shown suggestions, this share did so.")

_ROLES: Final[Mapping[str, Sentence]] = {
    "champion": _("In use"),
    "challenger": _("On trial with some citizens"),
    "shadow": _("Works along unseen"),
}

_ALARMS: Final[Mapping[str, Sentence]] = {
    "exposure_gap": _(
        "%(group)s: they are shown less of what they are entitled to than all others, by %(value)s. The threshold is %(threshold)s. Measured: %(what)s."
    ),
    "tpr_gap": _(
        "%(group)s: the model finds fewer of the programmes that suit them than it does for all others, by %(value)s. The threshold is %(threshold)s. "
        "Measured: %(what)s."
    ),
    "uptake_gap": _(
        "%(group)s: they make less use of suggestions than all others, by %(value)s. The threshold is %(threshold)s. Measured: %(what)s."
    ),
    "under_represented": _(
        "%(group)s: too few of them let models learn from their data. Their share is %(value)s of what it is in the population; the threshold is %(threshold)s."
    ),
    "psi": _("%(what)s: the values are spread differently from when the model was made (PSI %(value)s, threshold %(threshold)s)."),
    "ks": _("%(what)s: the values are spread differently from when the model was made (KS distance %(value)s, threshold %(threshold)s)."),
    "shift": _("%(what)s: the mean has moved by %(value)s standard deviations since the model was made (threshold %(threshold)s)."),
    "suggested": _(
        "%(what)s: the share of people for whom it is among the first three has changed by %(value)s since the model was made. The threshold is %(threshold)s."
    ),
    "known_fall": _("%(what)s: it is known of fewer people than in an earlier report, by %(value)s. The threshold is %(threshold)s."),
    "uptake_fall": _(
        "In the last complete week fewer people applied than in the weeks before, by %(value)s. The threshold is %(threshold)s."
    ),
}
# Heads, captions and notes of the tables.
_TEXTS: Final[Mapping[str, Sentence]] = {
    "chance": _("Chance of taking part: %(programme)s"),
    "stale": _("The newest data is %(days)s days old. Nothing later is watched until a new dataset is collected."),
    "people": _("People"),
    "share": _("Share"),
    "uncertainty": _("Uncertainty"),
    "weighted": _("If all groups had consented alike"),
    "overall_note": _(
        "The bar is the share, the line across it its uncertainty, the mark what it would be if all groups had consented alike."
    ),
    "overall": _("Everybody"),
    "measure": _("Measure"),
    "group": _("Group"),
    "between": _("%(low)s to %(high)s"),
    "consented": _("Share of those who consented"),
    "of_all": _("Share of all"),
    "ks": _("KS distance"),
    "psi": _("PSI"),
    "shift": _("Shift of the mean, in standard deviations"),
    "drift_note": _("The bar is the KS distance; the whole width is %(end)s."),
    "drift": _("Facts and chances against when the model was made"),
    "fact": _("Fact"),
    "suggested": _("Programmes among the model's first three"),
    "programme": _("Programme"),
    "now": _("Now"),
    "before": _("When the model was made"),
    "incomplete": _("not complete yet"),
    "weeks": _("Applied within four weeks"),
    "week": _("First shown in the week from"),
}
ALARM_CODES: Final = frozenset(_ALARMS)
_IN_POINTS: Final = frozenset({"exposure_gap", "tpr_gap", "uptake_gap", "suggested", "known_fall", "uptake_fall"})


def axis(code: str) -> str:
    return str(AXES[code])


def group(axis_code: str, code: str) -> str:
    """A group as people read it; a region is its code."""
    if code in _GROUPS:
        return str(_GROUPS[code])
    below, above = code.removeprefix("under_"), code.removeprefix("from_")
    first, _between, last = code.partition("_")
    money = axis_code == "income"
    if below != code:
        said = gettext("under %(high)s crowns a year") if money else gettext("under %(high)s years")
        return said % {"high": _figure(below)}
    if above != code:
        said = gettext("%(low)s crowns a year or more") if money else gettext("%(low)s years or older")
        return said % {"low": _figure(above)}
    if not first.isdecimal():
        return code
    said = gettext("%(low)s to %(high)s crowns a year") if money else gettext("%(low)s to %(high)s years")
    return said % {"low": _figure(first), "high": _figure(last)}


def text(name: str) -> str:
    """A head, a caption or a note; with its places for figures, where it has any."""
    return str(_TEXTS[name])


def measure(code: str) -> str:
    return str(MEASURES[code])


def explained(code: str) -> str:
    return str(_EXPLAINED.get(code, _OF_SHOWN))


def role(code: str) -> str:
    return str(_ROLES.get(code, code))


def alarm(found: Mapping[str, Any], what: str) -> str:
    """A whole sentence. `what`: the fact, programme or category as people read it; a measure is named here."""
    code = found["code"]
    of = f"{axis(found['axis'])}, {group(found['axis'], found['group'])}" if found["axis"] else ""
    figure = percent if code == "under_represented" else points if code in _IN_POINTS else formats.number
    told = str(MEASURES.get(found["what"], what))
    return str(_ALARMS[code]) % {"group": of, "what": told, "value": figure(found["value"]), "threshold": figure(found["threshold"])}


def silent(note: str) -> str:
    """Why a share is not told."""
    if note == "few":
        return gettext("fewer than 10")
    return gettext("all but fewer than 10") if note == "most" else gettext("not told, to protect another group")


def percent(share: float) -> str:
    """Whole per cent: 43 % (fi, sv; no-break space), 43% (en)."""
    return formats.per_cent(formats.number(round(share * 100)))


def points(share: float) -> str:
    """A difference of two shares, which is no share."""
    return gettext("%(count)s percentage points") % {"count": formats.number(round(share * 100))}


def _figure(text: str) -> str:
    return formats.number(int(text))
