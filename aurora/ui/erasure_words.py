"""Erasure in plain words: what goes, what stays and why, what agencies still hold. As `aurora.ui.words`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import formats

Sentence = str | Promise

_PARTS: Final[Mapping[str, Sentence]] = {
    "training": _("Rows from which models learnt"),
    "estimates": _("Estimates that you had kept"),
    "evaluations": _("What models worked out"),
    "suggestions": _("Suggestions, with what they were made from"),
    "feedback": _("Notes on what became of suggestions"),
    "facts": _("Facts, earlier versions and kept ones too"),
    "choices": _("What you decided where sources disagree"),
    "exports": _("Copies made for you to download"),
    "connections": _("Connections to sources, their access and their visits"),
    "corrections": _("Requests to sources for correction"),
    "consents": _("Consents, their history and receipts"),
    "permits": _("Agencies' permits and notices to them"),
    "mandates": _("Rights to act for you"),
    "messages": _("Messages and your e-mail address"),
    "uses": _("What agencies reported of their uses"),
    "concerns": _("Concerns that you reported"),
    "break_glass": _("Requests to see data without a consent"),
    "log": _("Entries of your activity"),
    "key": _("The key to your data"),
    "account": _("Your account: identifier and name"),
    "withdrawn": _("Consents ended, wholly or in part"),
    "mandates_ended": _("Powers of attorney ended"),
    "agencies": _("Agencies asked to delete"),
}
# No rows that went, but deeds.
DEEDS: Final = ("withdrawn", "mandates_ended", "agencies")

_STEPS: Final[Mapping[str, Sentence]] = {
    "running": _("The deletion is under way. You can leave this page: it goes on by itself."),
    "waiting": _("Your data is deleted. Account, activity and key go when the thirty days are over."),
    "done": _("The deletion is done."),
    "cancelled": _("You called it off. What had been deleted by then stays deleted; your account and your activity go on."),
}

_HELD: Final[Mapping[str, Sentence]] = {
    "deleted": _("It says that it has deleted the data."),
    "kept": _("It says that it must keep some of the data by law."),
    "late": _("It was asked to delete the data and has not answered in time."),
    "asked": _("It has been asked to delete the data and has not answered yet."),
    "unreached": _("It could not be told. The notice waits for it."),
    "untold": _("It has not been asked."),
}

# What stays with Aurora, why, and until when.
_STAYS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "entries": (
        _("The entries of your activity, your consents and their receipts"),
        _("They show who used your data while they were here (GDPR art. 5(2), 7(1) and 17(3)(e)). They hold none of the deleted values."),
    ),
    "commitments": (
        _("For each entry of your activity a number of 32 bytes in the public log"),
        _(
            "It proves that nobody changed the log (GDPR art. 5(2) and 17(3)(e)). It was worked out with a secret that is deleted, and tells "
            "nothing about you. It stays for good."
        ),
    ),
    "certificate": (
        _("This certificate"),
        _("So that you can show it. It names nobody, and whose it was is not written down."),
    ),
    "models": (
        _("Models that learnt from many people's data"),
        _("They hold no row of yours. A model that has lost too many of its rows is made anew without them."),
    ),
    "backups": (
        _("Backups made before"),
        _(
            "Those that are kept long hold no keys: without yours nobody can read what is in them. Those that hold keys are kept for %(days)s days at "
            "most."
        ),
    ),
    # Of who runs Aurora and makes none with keys in it.
    "backups_without_keys": (
        _("Backups made before"),
        _("They hold no keys: without yours nobody can read what is in them."),
    ),
    "pages": (
        _("Remains in the files and in the memory of the database"),
        _(
            "Values, names and texts in them are encrypted with a key that is gone. Beside them may stand which kind of data it was and when, and numbers "
            "that lead to nobody. The files that held your key and what found you were written anew; the database's journal may hold them some minutes "
            "longer, or as long as backups are kept."
        ),
    ),
    # Of one source or kind: the key is there.
    "freed": (
        _("Remains in the files and in the memory of the database"),
        _("They are encrypted with your key, which is not destroyed, and are overwritten by and by. When all is, nobody can say."),
    ),
    # Of who had acted for others.
    "number": (
        _("In the records of those for whom you acted, or who gave you a right: a number"),
        _(
            "It says that somebody decided there, since that is the others' history too (GDPR art. 17(3)(e)). Your name and identifier are deleted."
        ),
    ),
    "other_consents": (
        _("Permissions that you gave to agencies"),
        _("They stand, but there is nothing to read of what is deleted. You can withdraw them among your consents."),
    ),
}
_TITLES: Final[Mapping[str, Sentence]] = {
    "source": _("Deletion of what a source gave"),
    "category": _("Deletion of one kind of data"),
    "everything": _("Deletion of everything"),
}
NOT_NAMED: Final = _("It is about one person, whom it does not name.")


def part(code: str) -> str:
    return str(_PARTS.get(code, code))


def state(code: str) -> str:
    return str(_STEPS.get(code, ""))


def held(code: str) -> str:
    return str(_HELD[code])


def stays(code: str, *, days: int) -> tuple[str, str]:
    """What stays and why. `days`: for how long backups are kept that hold keys; 0: none does."""
    what, why = _STAYS["backups_without_keys" if code == "backups" and not days else code]
    return str(what), str(why) % {"days": formats.number(days)} if "%(" in str(why) else str(why)


def title(scope: str) -> str:
    return str(_TITLES[scope])


def number(count: int) -> str:
    return ngettext("%(count)s row", "%(count)s rows", count) % {"count": formats.number(count)}


def key_destroyed(version: int, at: datetime) -> str:
    return gettext("Version %(version)s of the key was destroyed on %(at)s.") % {"version": version, "at": formats.moment(at)}
