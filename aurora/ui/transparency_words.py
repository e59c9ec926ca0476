"""What the public numbers are of, in the active language: each section with what it means, and each measure's heading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.utils.dates import MONTHS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

SECTIONS: Final[Mapping[str, tuple[Sentence, Sentence]]] = {
    "reads": (_("Reading by agencies"), _("How often agencies read people's data, and how often they asked and were refused.")),
    "uses": (
        _("What agencies say they used"),
        _(
            "Agencies report what they used. Each report is compared with what was read: the two agree, they differ, or one of them is missing. In doubt are reads whose answer may not have arrived."
        ),
    ),
    "pulls": (
        _("Fetching from sources"),
        _("How often Aurora fetched people's data from a source with their consent, and how often it could not or was not allowed to."),
    ),
    "aurora": (
        _("Suggestions and estimates"),
        _("How often Aurora used people's data to suggest services or to work out an estimate, and how often it was refused them."),
    ),
    "concerns": (
        _("Concerns"),
        _(
            "What people raised about an entry of their log, by whom it was about, and whether it was answered in time when the month was published."
        ),
    ),
    "delays": (
        _("Uses told of later"),
        _(
            "A law may let an agency tell of a use only later, during an investigation for instance. Such a use is committed to the public log at once, and told to the person when it is due."
        ),
    ),
    "glass": (
        _("Reading without consent"),
        _(
            "In an emergency two operators together may open data without the person's consent. The person is told at once, and a third person judges each case."
        ),
    ),
}

MEASURES: Final[Mapping[str, Sentence]] = {
    "read_allowed": _("Allowed"),
    "read_refused": _("Refused"),
    "use_matched": _("Reports that agree"),
    "use_differing": _("Reports that differ"),
    "use_not_reported": _("Read, not reported"),
    "use_not_delivered": _("Reported, not read"),
    "use_in_doubt": _("Arrival in doubt"),
    "use_open": _("Report not due yet"),
    "pull_completed": _("Data fetched"),
    "pull_failed": _("Fetching failed"),
    "pull_refused": _("Refused"),
    "suggested": _("Suggestions made"),
    "suggestion_refused": _("Suggestions refused"),
    "evaluated": _("Estimates made"),
    "evaluation_refused": _("Estimates refused"),
    "concern_in_time": _("Answered in time"),
    "concern_late": _("Answered late"),
    "concern_waiting": _("Not answered"),
    "delay_kept": _("Held back"),
    "delay_disclosed": _("Told since"),
    "glass_approved": _("Requests approved"),
    "glass_declined": _("Requests declined"),
    "glass_read": _("Times data was read"),
    "glass_justified": _("Judged justified"),
    "glass_not_justified": _("Judged unjustified"),
    "glass_unreviewed": _("Judgement to come"),
}


def month(first: date) -> str:
    """ "October 2026", "Lokakuu 2026", "Oktober 2026"."""
    return f"{capfirst(str(MONTHS[first.month]))} {first.year}"
