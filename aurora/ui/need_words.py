"""What the console's overview says of what needs an operator now, in the active language: whole sentences with their numbers."""

from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aurora.ui import formats
from aurora.ui.words import Sentence

_PROCESSES: Final[Mapping[str, Sentence]] = {
    "worker": _("Worker"),
    "beat": _("Scheduler (beat)"),
    "sequencer": _("Sequencer of the log"),
}

# Written out one by one, so that each is found by who gathers the texts.
_NEEDS: Final[Mapping[str, Callable[[int], str]]] = {
    "withdrawals": lambda n: ngettext(
        "%(number)s notice of a withdrawal has not reached an agency, or was not confirmed in time.",
        "%(number)s notices of withdrawals have not reached an agency, or were not confirmed in time.",
        n,
    ),
    "endings": lambda n: ngettext(
        "%(number)s order to end a source waits for a second person.", "%(number)s orders to end a source wait for a second person.", n
    ),
    "sources": lambda n: ngettext(
        "%(number)s source is left alone, since it fails too often.", "%(number)s sources are left alone, since they fail too often.", n
    ),
    "certificates": lambda n: ngettext(
        "%(number)s certificate by which Aurora shows itself to a source runs out within 30 days, or cannot be read.",
        "%(number)s certificates by which Aurora shows itself to sources run out within 30 days, or cannot be read.",
        n,
    ),
    "ledger": lambda n: ngettext(
        "%(number)s alarm of the access log has not been looked into.", "%(number)s alarms of the access log have not been looked into.", n
    ),
    "agencies": lambda n: ngettext(
        "%(number)s draft of an agency or a client waits for a second officer.",
        "%(number)s drafts of agencies or clients wait for a second officer.",
        n,
    ),
    "delays": lambda n: ngettext(
        "%(number)s permission to keep uses back waits for a second officer.",
        "%(number)s permissions to keep uses back wait for a second officer.",
        n,
    ),
    "models": lambda n: ngettext(
        "%(number)s key or model of an agency waits for a second steward.",
        "%(number)s keys or models of agencies wait for a second steward.",
        n,
    ),
    "suggestion_models": lambda n: ngettext(
        "%(number)s step of a suggestion model waits for a second steward.",
        "%(number)s steps of suggestion models wait for a second steward.",
        n,
    ),
    "monitoring": lambda n: ngettext(
        "Monitoring has raised %(number)s alarm about a model.", "Monitoring has raised %(number)s alarms about models.", n
    ),
    "catalogue": lambda n: ngettext(
        "%(number)s import of services waits for an editor.", "%(number)s imports of services wait for an editor.", n
    ),
    "concerns": lambda n: ngettext(
        "%(number)s concern of a citizen should have been answered by now.",
        "%(number)s concerns of citizens should have been answered by now.",
        n,
    ),
    "feedback": lambda n: ngettext(
        "%(number)s feedback on accessibility waits for an answer.", "%(number)s pieces of feedback on accessibility wait for an answer.", n
    ),
    "break_glass": lambda n: ngettext(
        "%(number)s review of access without a consent is overdue, or an operator tried what they may not.",
        "%(number)s times a review of access without a consent is overdue, or an operator tried what they may not.",
        n,
    ),
    "processes": lambda n: ngettext(
        "%(number)s kind of process is silent: nothing of it is done.",
        "%(number)s kinds of processes are silent: nothing of theirs is done.",
        n,
    ),
}


def need(code: str, number: int) -> str:
    """What needs an operator, as a sentence."""
    return _NEEDS[code](number) % {"number": formats.number(number)}


def process(kind: str) -> Sentence:
    """A process that answers nobody."""
    return _PROCESSES[kind]
