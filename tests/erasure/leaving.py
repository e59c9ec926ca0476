"""Leaving for good, in this test process: as the worker goes on, over the thirty days, to the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from aurora.erasures import scrub
from aurora.erasures.models import Erasure
from aurora.journeys import erase
from tests.erasure.going import go_on, let_days_pass, make_due, stands
from tests.erasure.lived import Lived
from tests.support.stack import wait_for


def left(them: Lived) -> Erasure:
    """The row of the erasure that is done."""
    asked = erase.everything(citizen_id=them.id, language="en", now=timezone.now())
    assert go_on(asked.erasure_id).state == "waiting", stands(asked.erasure_id).steps
    let_days_pass(them.id)

    def is_done() -> bool:
        row = go_on(asked.erasure_id)
        if row.state != "done":
            make_due(asked.erasure_id)  # it waits for files to be written anew
        return row.state == "done"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrub, "EVERY", timedelta(0))  # a fixture of a module comes before the folder's own
        wait_for(is_done, "the erasure to end", within=240)
    return stands(asked.erasure_id)
