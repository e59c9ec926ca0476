"""What an entry says of suggestions or estimates that were made again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

CITIZEN = "citizen"


def said(details: Mapping[str, Any]) -> str:
    """Who had it done, whether it came out the same, and which parts did not: from the sealed part of the entry.

    Of an estimate the entry is made before the model is run, so that a run that fails is told of too: it says who had it done.
    """
    asked = "" if details["by"] == CITIZEN else _("Asked for by: %(by)s.") % {"by": details["by"]}
    if "same" not in details:
        return asked
    if details["same"]:
        other = _("Some of their sentences are put in other words today.") if "words" in details.get("since", ()) else ""
        return " ".join(part for part in (asked, _("The suggestions came out the same."), other) if part)
    parts = _("The suggestions did not come out the same. What differs: %(parts)s.") % {"parts": ", ".join(details["differences"])}
    return f"{asked} {parts}".strip()
