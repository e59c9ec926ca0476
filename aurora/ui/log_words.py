"""What the console says about the access log: alarms, troubles of witnesses, its keys, in the active language."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import formats
from aurora.ui.words import Sentence

_ALARMS: Final[Mapping[str, Sentence]] = {
    "inconsistent": _("%(witness)s says that the log does not extend the %(size)s entries that it had cosigned before."),
    "unknown_size": _("%(witness)s has seen %(size)s entries of the log, and the database holds fewer. It may have been set back."),
    "witness_went_back": _("%(witness)s has forgotten that it had cosigned %(size)s entries."),
    "tree_damaged": _("The stored tree is damaged or was set back: this was found when the database held %(size)s entries."),
}

_TROUBLES: Final[Mapping[str, Sentence]] = {
    "unknown_log": _("It does not watch this log. Its operator must enter the log's name and keys."),
    "unknown_key": _("It does not accept the log's signature. Its operator must enter the log's keys."),
    "inconsistent": _("It says that the log does not extend what it has seen."),
    "conflict": _("It has cosigned another size than Aurora knows of."),
    "busy": _("It is busy, and is asked again later."),
    "bad_answer": _("Its answer is not a valid cosignature."),
    "too_large": _("Its answer is not a valid cosignature."),
    "address_refused": _("Its address is one that Aurora never calls."),
    "tree_damaged": _("Aurora cannot prove to it how the log has grown: the stored tree is damaged."),
}
_AWAY: Final[Sentence] = _("It does not answer.")
_KINDS: Final[Mapping[bytes, str]] = {b"\x01": "Ed25519", b"\x06": "ML-DSA-44"}


def alarm(kind: str, *, witness: str, size: int) -> str:
    """A whole sentence."""
    return str(_ALARMS[kind]) % {"witness": witness, "size": formats.number(size)}


def trouble(code: str) -> str:
    """What a witness's trouble is; "" for none."""
    return str(_TROUBLES.get(code, _AWAY)) if code else ""


def other_clock(minutes: int) -> str:
    return gettext("Its clock differs from ours by %(minutes)s minutes.") % {"minutes": formats.number(minutes)}


def stopped(since: datetime) -> str:
    since_words = formats.moment(since)
    return gettext("Entries wait, and none has been sealed since %(moment)s: the sequencer does not run.") % {"moment": since_words}


def ahead(at: datetime) -> str:
    when = formats.moment(at)
    return gettext("The newest checkpoint says that it is of %(moment)s, which is still to come: a clock was set back, or runs wrong.") % {
        "moment": when
    }


def unwatched() -> str:
    return gettext("The log has no witness: only who keeps an older checkpoint would notice that it was rewritten.")


def unsealed() -> str:
    return gettext("Nothing has been sealed yet: the sequencer has not run.")


def seen(*, name: str, at: datetime) -> str:
    return gettext("%(name)s looked into it on %(moment)s.") % {"name": name, "moment": formats.moment(at)}


def kind(code: bytes) -> str:
    return _KINDS[code]


def age(old: timedelta) -> str:
    """How old the newest checkpoint is, in the largest unit that says something."""
    seconds = max(0, int(old.total_seconds()))
    if seconds < 120:
        return ngettext("%(number)s second old", "%(number)s seconds old", seconds) % {"number": formats.number(seconds)}
    minutes = seconds // 60
    if minutes < 120:
        return ngettext("%(number)s minute old", "%(number)s minutes old", minutes) % {"number": formats.number(minutes)}
    hours = minutes // 60
    return ngettext("%(number)s hour old", "%(number)s hours old", hours) % {"number": formats.number(hours)}


def sequencer(at: datetime | None, *, well: bool) -> str:
    """When the process that seals entries was last seen."""
    if at is None:
        return gettext("The sequencer has not been seen.")
    if well:
        return gettext("The sequencer runs: it was last seen on %(moment)s.") % {"moment": formats.moment(at)}
    return gettext("The sequencer is silent: it was last seen on %(moment)s.") % {"moment": formats.moment(at)}
