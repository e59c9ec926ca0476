"""How values are written in each language: dates, times, money, counts. Pure but for language and time zone."""

from datetime import date, datetime

from django.utils import dateformat, timezone
from django.utils.translation import get_language, gettext, ngettext

NBSP = "\u00a0"
_MOMENT = {"fi": r"j.n.Y \k\l\o G.i", "sv": r"j.n.Y \k\l. G.i", "en": r"j F Y \a\t G:i"}
_DAY = {"fi": "j.n.Y", "sv": "j.n.Y", "en": "j F Y"}
_SHORT_DAY = {"fi": "j.n.", "sv": "j.n.", "en": "j M"}
_CLOCK = {"fi": "G.i", "sv": "G.i", "en": "G:i"}
_GROUP = {"fi": NBSP, "sv": NBSP, "en": ","}
_POINT = {"fi": ",", "sv": ",", "en": "."}
# Symbols of measures, the same in every language.
_SYMBOLS = {
    "kg_per_m2": "kg/m²",
    "g_per_l": "g/l",
    "mmhg": "mmHg",
    "kg": "kg",
    "cm": "cm",
    "per_min": "/min",
    "mmol_per_l": "mmol/l",
    "mmol_per_mol": "mmol/mol",
    "ml_per_min_173": "ml/min/1.73 m²",
}


def language() -> str:
    """The active language, one of fi, sv, en."""
    code = (get_language() or "fi").split("-")[0]
    return code if code in _DAY else "en"


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def day(value: date) -> str:
    """24.11.2026 (fi, sv), 24 November 2026 (en)."""
    local = _local(value) if isinstance(value, datetime) else value
    return dateformat.format(local, _DAY[language()])


def short_day(value: date) -> str:
    """24.11. (fi, sv), 24 Nov (en): where the year is plain."""
    return dateformat.format(value, _SHORT_DAY[language()])


def clock(value: datetime) -> str:
    """9.05 (fi, sv), 9:05 (en)."""
    return dateformat.format(_local(value), _CLOCK[language()])


def moment(value: datetime) -> str:
    """24.11.2026 klo 9.05 (fi), 24.11.2026 kl. 9.05 (sv), 24 November 2026 at 9:05 (en)."""
    return dateformat.format(_local(value), _MOMENT[language()])


def number(value: int | float) -> str:
    """Digits in groups of three: 43 800 (fi, sv; no-break space), 43,800 (en). At most two decimals."""
    code = language()
    if isinstance(value, float) and not value.is_integer():
        whole, _, rest = f"{abs(value):,.2f}".partition(".")
        text = whole.replace(",", _GROUP[code]) + _POINT[code] + rest
    else:
        text = f"{abs(int(value)):,}".replace(",", _GROUP[code])
    return f"\u2212{text}" if value < 0 else text


def money(value: int | float) -> str:
    """Crowns a year."""
    return gettext("%(amount)s crowns a year") % {"amount": number(value)}


def quantity(value: int | float, unit: str) -> str:
    """A number with the unit of its category's schema (`x-unit`); without a unit, the bare number."""
    if unit == "crowns_per_year":
        return money(value)
    if unit == "crowns_per_month":
        return gettext("%(amount)s crowns a month") % {"amount": number(value)}
    if unit == "years":
        return ngettext("%(count)s year", "%(count)s years", int(value)) % {"count": number(value)}
    if unit == "months":
        return ngettext("%(count)s month", "%(count)s months", int(value)) % {"count": number(value)}
    if unit == "persons":
        return ngettext("%(count)s person", "%(count)s persons", int(value)) % {"count": number(value)}
    if unit == "of_10":
        return gettext("%(count)s of 10") % {"count": number(value)}
    if unit == "calendar_year":
        return str(int(value))
    if unit in _SYMBOLS:
        return f"{measure(value)}{NBSP}{_SYMBOLS[unit].replace('.', _POINT[language()]).replace(' ', NBSP)}"
    return number(value)


def per_cent(figure: str) -> str:
    """With its sign: 43 % (fi, sv; no-break space), 43% (en)."""
    return f"{figure}%" if language() == "en" else f"{figure}{NBSP}%"


def measure(value: int | float) -> str:
    """27.4 and not 27.40: a measure says by its decimals how exact it is."""
    text = number(value)
    point = _POINT[language()]
    return text.rstrip("0").rstrip(point) if point in text else text
