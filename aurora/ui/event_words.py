"""The names of the access log's events in plain words, and which filter of the activity page each belongs to.

`aurora.ui.words` gives them out; what an attorney reads instead is in `aurora.ui.mandate_words`.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aurora.ui.contexts import EntryKind

TITLES: Final[Mapping[str, str | Promise]] = {
    "citizen:consent:given": _("You gave a consent"),
    "citizen:consent:declined": _("You declined a request"),
    "citizen:consent:withdrawn": _("You withdrew a consent"),
    "aurora:consent:expired": _("A consent ran out"),
    "citizen:source:connected": _("You connected a source"),
    "citizen:source:disconnected": _("You disconnected a source"),
    "aurora:pull:completed": _("Aurora fetched your data"),
    "aurora:pull:failed": _("Aurora could not fetch your data"),
    "aurora:pull:refused": _("Aurora was not allowed to fetch your data"),
    "agency:facts:pushed": _("An agency sent data of yours to Aurora"),
    "agency:facts:refused": _("An agency was not allowed to send data of yours to Aurora"),
    "agency:twin:read": _("An agency read your data"),
    "agency:twin:refused": _("An agency was refused your data"),
    "aurora:twin:suggested": _("Aurora used your data to suggest services"),
    "aurora:twin:refused": _("Aurora was refused your data"),
    "aurora:twin:replayed": _("Aurora made suggestions of yours again, to check that they come out the same"),
    "citizen:twin:replayed": _("You had your suggestions made again, to check that they come out the same"),
    "aurora:evaluation:made": _("Aurora used your data to work out an estimate"),
    "aurora:evaluation:refused": _("Aurora was refused your data for an estimate"),
    "aurora:evaluation:replayed": _("Aurora worked out an estimate of yours again, to check that it comes out the same"),
    "citizen:estimate:kept": _("You kept an estimate among your data"),
    "citizen:estimate:deleted": _("You deleted an estimate"),
    "aurora:estimate:deleted": _("Aurora deleted an estimate that you had kept: its model was taken out of use"),
    "aurora:outcome:paired": _("Aurora compared what a model says of you with what followed"),
    "aurora:outcome:refused": _("Aurora was refused your data for checking a model"),
    "citizen:feedback:given": _("Feedback on a suggestion was given for you"),
    "citizen:feedback:undone": _("Feedback on a suggestion was taken back for you"),
    "aurora:training:collected": _("Aurora copied your data for training its model"),
    "aurora:training:refused": _("Aurora was refused your data for training its model"),
    "citizen:twin:viewed": _("You looked at your data"),
    "citizen:twin:exported": _("You downloaded your data"),
    "citizen:twin:downloaded": _("You downloaded the encrypted copy of your data"),
    "citizen:twin:refused": _("You were refused your data"),
    "citizen:twin:erased": _("You deleted data that you had kept"),
    "citizen:twin:declared": _("You told about your life situation or your home"),
    "citizen:twin:retracted": _("You deleted what you had told about yourself"),
    "citizen:consent:narrowed": _("You withdrew a part of a consent"),
    "agency:consent:returned": _("An agency gave back your consent"),
    "aurora:consent:ended": _("Aurora ended a consent"),
    "aurora:notice:delivered": _("Aurora told an agency that a consent had ended"),
    "aurora:notice:failed": _("Aurora could not tell an agency that a consent had ended"),
    "agency:deletion:confirmed": _("An agency confirmed that it deleted your data"),
    "agency:use:reported": _("An agency told that it used your data"),
    "agency:use:disclosed": _("An agency used your data earlier, and by law you are told now"),
    "citizen:concern:raised": _("You reported a concern"),
    "citizen:concern:replied": _("You replied to the answer to a concern"),
    "agency:concern:answered": _("An agency answered a concern of yours"),
    "aurora:concern:answered": _("Aurora answered a concern of yours"),
    "citizen:concern:closed": _("You closed a concern"),
    "aurora:break_glass:requested": _("Somebody who runs Aurora asked to see your data without your consent"),
    "aurora:break_glass:approved": _("Somebody who runs Aurora was allowed to see your data without your consent"),
    "aurora:break_glass:declined": _("A request to see your data without your consent came to nothing"),
    "aurora:break_glass:read": _("Somebody who runs Aurora looked at your data without your consent"),
    "aurora:break_glass:refused": _("Somebody who runs Aurora was refused your data"),
    "aurora:break_glass:reviewed": _("The access to your data without your consent was reviewed"),
    "citizen:erasure:asked": _("You asked that your log be erased"),
    "citizen:erasure:cancelled": _("You called off the erasure of your log"),
    "citizen:mandate:offered": _("A power of attorney was offered"),
    "citizen:mandate:accepted": _("A power of attorney was accepted"),
    "citizen:mandate:declined": _("A power of attorney was declined"),
    "citizen:mandate:revoked": _("A right to act for another was ended"),
    "citizen:mandate:confirmed": _("A right to act for another was confirmed"),
    "aurora:mandate:registered": _("A right to act for another was taken from a register"),
    "aurora:mandate:frozen": _("A right to act for another was frozen"),
    "citizen:erasure:done": _("Aurora deleted data of yours, as you asked"),
    "aurora:mandate:ended": _("A right to act for another ended"),
    "citizen:mandate:used": _("Somebody began to act for you"),
}

# By the event's subject; those about the twin by who acted.
KINDS: Final[Mapping[str, EntryKind]] = {
    "mandate": EntryKind.CONSENT,
    "consent": EntryKind.CONSENT,
    "source": EntryKind.CONSENT,
    "notice": EntryKind.CONSENT,
    "deletion": EntryKind.CONSENT,
    "pull": EntryKind.FETCH,
    "facts": EntryKind.FETCH,
    "evaluation": EntryKind.EVALUATE,
    "estimate": EntryKind.EVALUATE,
    "outcome": EntryKind.EVALUATE,
    "feedback": EntryKind.OWN,
    "training": EntryKind.SUGGEST,
    "break_glass": EntryKind.GLASS,
    "use": EntryKind.READ,
    "concern": EntryKind.OWN,
    "erasure": EntryKind.OWN,
}
TWIN_KINDS: Final[Mapping[str, EntryKind]] = {
    "agency": EntryKind.READ,
    "aurora": EntryKind.SUGGEST,
    "citizen": EntryKind.OWN,
}
