"""What Aurora itself used facts for, beside its name in lists of readers."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_USES: Final[Mapping[str, str | Promise]] = {
    "aurora:twin:suggested": _("to suggest services"),
    "aurora:evaluation:made": _("to work out an estimate"),
    "aurora:outcome:paired": _("to check a model"),
    "aurora:training:collected": _("to train its model"),
    "aurora:break_glass:read": _("without your consent"),
}
_PERSONS: Final[Mapping[str, str | Promise]] = {"aurora:break_glass:read": _("without a consent")}


def use(event: str, *, acting: bool = False) -> str | Promise:
    """What for; "" for an agency, whose purpose each entry names. `acting`: for who acts for the citizen."""
    return (_PERSONS.get(event) if acting else None) or _USES.get(event, "")
