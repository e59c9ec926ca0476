"""Probabilities as people can take them in: as frequencies of one size, as percentages no finer than the figure, beside other people's.

Frequencies that are compared have one denominator (Gigerenzer and Edwards, BMJ 2003;327:741; Trevena et al., BMC Medical Informatics and
Decision Making 2013;13 Suppl 2:S7). Pure but for the language.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import formats
from aurora.ui.contexts import Scale

BASES = (100, 1_000, 10_000, 100_000)
# So many of the base at least: then rounding to whole people changes a figure by a twentieth at most.
_FINE_ENOUGH = 10

# Whole sentences for each: how "in a hundred" is said is each language's own business.
_ABOUT: Final[Mapping[int, str | Promise]] = {
    100: _("about %(count)s in 100"),
    1_000: _("about %(count)s in 1,000"),
    10_000: _("about %(count)s in 10,000"),
    100_000: _("about %(count)s in 100,000"),
}
_NONE: Final[Mapping[int, str | Promise]] = {
    100: _("fewer than 1 in 100"),
    1_000: _("fewer than 1 in 1,000"),
    10_000: _("fewer than 1 in 10,000"),
    100_000: _("fewer than 1 in 100,000"),
}
_ALL: Final[Mapping[int, str | Promise]] = {
    100: _("more than 99 in 100"),
    1_000: _("more than 999 in 1,000"),
    10_000: _("more than 9,999 in 10,000"),
    100_000: _("more than 99,999 in 100,000"),
}
_FAILURES: Final[Mapping[str, str | Promise]] = {
    "timeout": _("The model did not answer in time."),
    "crashed": _("The model broke off before it answered."),
    "gave_up": _("The work was broken off again and again, so Aurora gave up."),
    "busy": _("Too much was being worked out at the same time."),
    "unavailable": _("The files of the model could not be read at that moment."),
    "model_fails": _("The model could not be run."),
    "model_not_finite": _("The model answered with something that is no number, so nothing is shown of it."),
    "model_out_of_bounds": _("The model answered with a number that is no probability, so nothing is shown of it."),
    "artefact_damaged": _("A file of the model is not what its owner signed, so it was not run."),
    "unfit": _("The data in Aurora no longer has the form that the model was made for."),
    "owner_away": _("The owner of the model does not take part in Aurora at present."),
    "retired": _("The model was taken out of use before it was run."),
}
FAILURE_CODES: Final = frozenset(_FAILURES)


def failure(code: str) -> str | Promise:
    """Why nothing was worked out: a code of the evaluators, or of the journey."""
    return _FAILURES.get(code, _("The model could not be run."))


def base_of(values: Iterable[float]) -> int:
    """The denominator for figures that are shown together: the smallest that is fine enough for the smallest of them above zero."""
    least = min((v for v in values if v > 0), default=1.0)
    return next((base for base in BASES if least * base >= _FINE_ENOUGH), BASES[-1])


def frequency(value: float, base: int) -> str:
    """As in "about 3 in 100"; of what rounds to none or to all, that it is fewer than 1, or more than all but 1."""
    count = round(value * base)
    told = _NONE if count == 0 else _ALL if count == base else _ABOUT
    return str(told[base]) % {"count": formats.number(count)}


def percent(value: float) -> str:
    """3,1 % (fi, sv; no-break space), 3.1% (en): no finer than two figures, and never rounded to what is sure."""
    code, shown = formats.language(), value * 100
    digits = 0 if 10 <= shown <= 99 else 1 if shown >= 1 else 2
    text = f"{shown:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if 0 < shown < 0.005:
        text = "< 0.01"
    elif 99.95 <= shown < 100:
        text = "> 99.9"
    return formats.per_cent(text if code == "en" else text.replace(".", ","))


def explained(value: float, base: int, months: int) -> str:
    """The frequency with both sides of it and its time."""
    count, within = round(value * base), time_of(months)
    given = {"base": formats.number(base), "count": formats.number(count), "rest": formats.number(base - count), "within": within}
    if count == 0:
        return gettext("Of %(base)s people with the same data as you, the model expects that not even one has this %(within)s.") % given
    if count == base:
        return gettext("Of %(base)s people with the same data as you, the model expects that nearly all have this %(within)s.") % given
    return (
        gettext(
            "Of %(base)s people with the same data as you, the model expects that about %(count)s have this %(within)s, and about %(rest)s do not."
        )
        % given
    )


def time_of(months: int) -> str:
    """ "within 2 years", "within 18 months"."""
    if months % 12 == 0:
        return ngettext("within %(count)s year", "within %(count)s years", months // 12) % {"count": formats.number(months // 12)}
    return ngettext("within %(count)s month", "within %(count)s months", months) % {"count": formats.number(months)}


def position(share: float, people: int) -> str:
    """Where a figure lies: `share` (0 to 1) of the reference people have it or a lower one."""
    below = round(share * 100)
    given = {"people": formats.number(people), "below": formats.number(below), "above": formats.number(100 - below)}
    if below == 0:
        return gettext("Of the %(people)s people with whom the model was compared, nearly all have a higher figure than yours.") % given
    if below == 100:
        return (
            gettext("Of the %(people)s people with whom the model was compared, nearly all have the same figure as you or a lower one.")
            % given
        )
    return (
        gettext(
            "Of every 100 of the %(people)s people with whom the model was compared, about %(below)s have the same figure as you or a lower one, "
            "and about %(above)s a higher one."
        )
        % given
    )


def discrimination(auc: float, low: float, high: float) -> str:
    """An AUC (0 to 1) with its interval, as what it is: the share of pairs that are put in the right order."""
    given = {n: _pairs(v) for n, v in (("auc", auc), ("low", low), ("high", high))}
    return (
        gettext(
            "Take one person who had this and one who did not: in about %(auc)s of 100 such pairs the model gave the higher figure to the one who "
            "had it (AUC; the uncertainty is from %(low)s to %(high)s). Guessing would give 50, a perfect model 100."
        )
        % given
    )


def _pairs(share: float) -> str:
    """Of 100 pairs: whole ones; where that would say all, a tenth of a pair, cut off and not rounded, since 100 is for a perfect model."""
    whole = round(share * 100)
    if whole < 100 or share >= 1:
        return formats.number(whole)
    return formats.measure(int(share * 1000) / 10)


def out_of_range(low: str, high: str) -> str:
    return gettext("The value is outside what the model was made for: from %(low)s to %(high)s.") % {"low": low, "high": high}


def unknown_value(known: str) -> str:
    return gettext("The model does not know this value. It knows: %(known)s.") % {"known": known}


def missing() -> str:
    return gettext("This is not in the data that was fetched.")


def another_form() -> str:
    return gettext("This was fetched in another form than the model reads now. Fetch it again.")


def no_model() -> str:
    return gettext("The model that works this out is no longer in use.")


def scale(value: float, quantiles: tuple[tuple[float, float], ...], people: int) -> Scale:
    """A figure among the reference people, whose distribution is given by (share, value), rising from share 0 to 1."""
    low, lower, median, upper, high = (_quantile(quantiles, p) for p in (0.05, 0.25, 0.5, 0.75, 0.95))
    return Scale(value, low, lower, median, upper, high, max(high, value) * 1.1 or 1.0, people, quantiles)


def _quantile(quantiles: tuple[tuple[float, float], ...], share: float) -> float:
    """Linear between two of them."""
    for (low_p, low), (high_p, high) in pairwise(quantiles):
        if low_p <= share <= high_p:
            return low if high_p == low_p else low + (high - low) * (share - low_p) / (high_p - low_p)
    return quantiles[-1][1]
