"""What an entry says of suggestions that were made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

CITIZEN = "citizen"


def said(details: Mapping[str, Any]) -> str:
    """Who had it done, whether it came out the same, and which parts did not: from the sealed part of the entry."""
    asked = "" if details["by"] == CITIZEN else _("Asked for by: %(by)s.") % {"by": details["by"]}
    if details["same"]:
        return f"{asked} {_('The suggestions came out the same.')}".strip()
    parts = _("The suggestions did not come out the same. What differs: %(parts)s.") % {"parts": ", ".join(details["differences"])}
    return f"{asked} {parts}".strip()
