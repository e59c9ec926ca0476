"""What is said of a fact that is not known: what would settle it, to whom it is offered, in the words for whoever reads."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from aurora.ui.contexts import UnknownView

CONNECT = "/sources/tax/connect/"
NAME = dict.fromkeys(("fi", "sv", "en"), "The tax office")
FACT = dict.fromkeys(("fi", "sv", "en"), "wages")


@pytest.mark.parametrize(
    ("offered", "declared", "acting", "said"),
    [
        (True, False, False, "connecting The tax office would settle this"),
        (True, True, False, "telling it yourself would settle this"),
        (True, False, True, "The tax office is not connected"),
        (True, True, True, "the person has not told this"),
        (False, False, False, "The tax office is connected, but does not have this"),
        (False, True, False, "you have told other things, but not this"),
        (False, True, True, "the person has told other things, but not this"),
    ],
)
def test_only_the_person_is_offered_what_would_settle_it(offered: bool, declared: bool, acting: bool, said: str) -> None:
    unknown = UnknownView(FACT, NAME, CONNECT if offered else "", declared)
    layout = SimpleNamespace(acting_for="Aamu" if acting else "")
    with translation.override("en"):
        found = render_to_string("portal/_unknown.html", {"unknown": unknown, "layout": layout})
    assert said in found and "wages" in found
    assert (CONNECT in found) == (offered and not acting)
