"""Acting for another in plain words: codes of `consent.rules.mandates` as sentences, as `aurora.ui.words` does for the rest."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from aurora.ui import words
from aurora.ui.contexts import Banner, NoticeKind, Text
from aurora.ui.words import Sentence

_MANDATE_FAULTS: Final[Mapping[str, Sentence]] = {
    "mandate_not_accepted": _("The power of attorney has not been accepted yet."),
    "mandate_declined": _("The power of attorney was declined."),
    "mandate_revoked": _("The right to act was ended."),
    "mandate_frozen": _("The right to act is frozen: the person has turned 18 and decides how it goes on."),
    "mandate_ended": _("The right to act is no longer in force."),
    "mandate_not_yet": _("The right to act has not begun yet."),
    "mandate_outside_themes": _("This lies outside the themes of your right to act."),
    "mandate_not_delegable": _("This can only be done by the person themself."),
    "mandate_for_the_dead": _(
        "An estate sees the dead person's data, takes it along and ends consents. Nobody consents, answers or asks for suggestions for the dead."
    ),
    "mandate_own_decision": _("The person has decided this themself. Only they can decide it anew."),
    "mandate_others_no": _("Somebody else who may act for this person has said no to this. Only they, or the person, can allow it again."),
    "mandate_minor": _(
        "You are under 18 and have a guardian in Aurora, so a guardian must do this for you. At 15 you may withdraw consents alone."
    ),
    "mandate_own_offer": _("An offer is answered by the person to whom it was made."),
    "mandate_oneself": _("You cannot act for yourself as an attorney."),
    "mandate_not_yours": _("This right to act is not yours."),
    "mandate_no_onward": _("This right to act cannot be passed on."),
    "mandate_wider": _("A substitute can get no more than you have."),
    "mandate_too_long": _("The last day can be at most five years from today."),
    "mandate_past": _("The end date must be in the future."),
    "mandate_no_theme": _("Select at least one theme."),
    "mandate_no_basis": _(
        "Aurora may no longer ask the register about your right to act. Connect the population register again for the purpose that it rests on."
    ),
}
# Of suggestions, what to do is said too: a right to act from before may lack a theme that there was none of then.
SUGGESTIONS_OUTSIDE: Final[Sentence] = _(
    "Suggestions are made from all that the person has allowed for them, and a part of it lies outside the themes of your right to act. "
    "The person can give you a new right to act that has those themes too."
)
# After these nobody acts any longer; after the others only this one thing is refused.
ACTING_OVER: Final = frozenset(
    {
        "mandate_not_accepted",
        "mandate_declined",
        "mandate_revoked",
        "mandate_frozen",
        "mandate_ended",
        "mandate_not_yet",
        "mandate_not_yours",
        "mandate_no_basis",
    }
)
MANDATE_FAULTS: Final = frozenset(_MANDATE_FAULTS)

_FORM_ERRORS: Final[Mapping[str, Sentence]] = {
    "identifier_required": _("Enter the person's identifier."),
    "identifier_invalid": _("Enter the identifier as it is written: 4 to 64 letters, digits and signs."),
    "theme_required": _("Select at least one theme."),
    "mandate_oneself": _("Name somebody who is neither you nor the person for whom you act."),
    "mandate_too_long": _("The last day can be at most five years from today."),
    "mandate_wider": _("A substitute can get no more than you have."),
    "too_many_offers": _("You have many offers waiting. End one before you make another."),
}

_MANDATE_KINDS: Final[Mapping[str, Sentence]] = {
    "guardian": _("Guardian of a child, from the population register"),
    "power_of_attorney": _("Power of attorney"),
    "estate": _("Administrator of an estate"),
}
_MANDATE_EVENTS: Final[Mapping[str, Sentence]] = {
    "offered": _("The power of attorney was offered."),
    "addressed": _("The offer reached its receiver."),
    "accepted": _("The power of attorney was accepted."),
    "declined": _("The power of attorney was declined."),
    "registered": _("The population register told of it."),
    "frozen": _("It was frozen, since the child turned 18."),
    "confirmed": _("The grown child decided that it goes on as a power of attorney."),
    "revoked": _("It was ended."),
    "ended": _("It ran out, or what it rested on ended."),
}
_MANDATE_NOTES: Final[Mapping[str, Sentence]] = {
    "waiting": _("The offer waits until its receiver signs in and answers."),
    "frozen_attorney": _(
        "The person has turned 18 and decides whether you may go on as their attorney. Until then you do not act for them."
    ),
    "frozen_principal": _("You have turned 18. Until you decide, this guardian does not act for you."),
}
_MANDATE_BANNERS: Final[Mapping[str, Sentence]] = {
    "offered": _("The offer has been sent. It waits until its receiver answers."),
    "accepted": _("You accepted. You may now act for that person."),
    "declined": _("You declined. The person who made the offer is told."),
    "revoked": _("The right to act has ended. The other side is told."),
    "taken_back": _("The offer has ended. If it has reached its receiver, they are told."),
    "stopped": _("You act for yourself again."),
    "changed": _("The page that you came from was about somebody else: for whom you act has changed meanwhile. Nothing was downloaded."),
}

# What an attorney or guardian did; read by both.
_ACTED_TITLES: Final[Mapping[str, Sentence]] = {
    "citizen:consent:given": _("An attorney or guardian gave a consent"),
    "citizen:consent:declined": _("An attorney or guardian declined a request"),
    "citizen:consent:withdrawn": _("An attorney or guardian withdrew a consent"),
    "citizen:consent:narrowed": _("An attorney or guardian withdrew a part of a consent"),
    "citizen:twin:viewed": _("An attorney or guardian looked at the data"),
    "citizen:twin:exported": _("An attorney or guardian downloaded the data"),
    "citizen:twin:downloaded": _("An attorney or guardian downloaded the encrypted copy of the data"),
    "citizen:mandate:used": _("An attorney or guardian began to act"),
    "citizen:concern:raised": _("A guardian reported a concern"),
    "citizen:concern:replied": _("A guardian replied to the answer to a concern"),
    "citizen:concern:closed": _("A guardian closed a concern"),
    "citizen:correction:asked": _("A guardian asked a source to correct a fact"),
    "citizen:correction:closed": _("A guardian took back a request to correct a fact"),
}
# The same of whoever handles an estate, which does less; read by its administrators.
_ESTATE_TITLES: Final[Mapping[str, Sentence]] = {
    "citizen:consent:withdrawn": _("An administrator of the estate ended a consent"),
    "citizen:consent:narrowed": _("An administrator of the estate ended a part of a consent"),
    "citizen:twin:viewed": _("An administrator of the estate looked at the data"),
    "citizen:twin:exported": _("An administrator of the estate downloaded the data"),
    "citizen:twin:downloaded": _("An administrator of the estate downloaded the encrypted copy of the data"),
    "citizen:mandate:used": _("An administrator of the estate began to act"),
}
# What the person did themself or had done to them; read by whoever acts for them.
_PERSONS_TITLES: Final[Mapping[str, Sentence]] = {
    "citizen:consent:given": _("The person gave a consent"),
    "citizen:consent:declined": _("The person declined a request"),
    "citizen:consent:withdrawn": _("The person withdrew a consent"),
    "citizen:consent:narrowed": _("The person withdrew a part of a consent"),
    "citizen:source:connected": _("The person connected a source"),
    "citizen:source:disconnected": _("The person disconnected a source"),
    "citizen:twin:viewed": _("The person looked at the data"),
    "citizen:twin:exported": _("The person downloaded the data"),
    "citizen:twin:downloaded": _("The person downloaded the encrypted copy of the data"),
    "aurora:pull:completed": _("Aurora fetched the person's data"),
    "aurora:pull:failed": _("Aurora could not fetch the person's data"),
    "aurora:pull:refused": _("Aurora was not allowed to fetch the person's data"),
    "citizen:facts:allowed": _("The person allowed an agency to send their data to Aurora by itself"),
    "agency:facts:pushed": _("An agency sent data of the person's to Aurora"),
    "agency:facts:refused": _("An agency was not allowed to send data of the person's to Aurora"),
    "agency:twin:read": _("An agency read the person's data"),
    "agency:twin:refused": _("An agency was refused the person's data"),
    "aurora:twin:suggested": _("Aurora used the person's data to suggest services"),
    "aurora:twin:refused": _("Aurora was refused the person's data"),
    "aurora:training:collected": _("Aurora copied the person's data for training its model"),
    "aurora:training:refused": _("Aurora was refused the person's data for training its model"),
    "aurora:evaluation:made": _("Aurora used the person's data to work out an estimate"),
    "aurora:evaluation:refused": _("Aurora was refused the person's data for an estimate"),
    "aurora:evaluation:replayed": _("Aurora worked out an estimate of the person's again, to check that it comes out the same"),
    "citizen:estimate:kept": _("The person kept an estimate among their data"),
    "citizen:estimate:deleted": _("The person deleted an estimate"),
    "aurora:estimate:deleted": _("Aurora deleted an estimate that the person had kept: its model was taken out of use"),
    "aurora:outcome:paired": _("Aurora compared what a model says of the person with what followed"),
    "aurora:outcome:refused": _("Aurora was refused the person's data for checking a model"),
    "citizen:feedback:given": _("Feedback on a suggestion was given for the person"),
    "citizen:feedback:undone": _("Feedback on a suggestion was taken back for the person"),
    "citizen:twin:refused": _("The person was refused the data"),
    "citizen:twin:erased": _("The person deleted data that they had kept"),
    "citizen:twin:declared": _("The person told about their life situation, their home or their household"),
    "citizen:twin:retracted": _("The person deleted what they had told about themself"),
    "aurora:break_glass:requested": _("Somebody who runs Aurora asked to see the person's data without their consent"),
    "aurora:break_glass:approved": _("Somebody who runs Aurora was allowed to see the person's data without their consent"),
    "aurora:break_glass:declined": _("A request to see the person's data without their consent came to nothing"),
    "aurora:break_glass:read": _("Somebody who runs Aurora looked at the person's data without their consent"),
    "aurora:break_glass:refused": _("Somebody who runs Aurora was refused the person's data"),
    "aurora:break_glass:reviewed": _("The access to the person's data without their consent was reviewed"),
    "agency:consent:returned": _("An agency gave back the person's consent"),
    "agency:deletion:confirmed": _("An agency confirmed that it deleted the person's data"),
    "agency:use:reported": _("An agency told that it used the person's data"),
    "agency:use:disclosed": _("An agency used the person's data earlier, and by law this is told now"),
    "citizen:concern:raised": _("The person reported a concern"),
    "citizen:concern:replied": _("The person replied to the answer to a concern"),
    "agency:concern:answered": _("An agency answered a concern of the person's"),
    "aurora:concern:answered": _("Aurora answered a concern of the person's"),
    "citizen:concern:closed": _("The person closed a concern"),
    "citizen:fact:chosen": _("The person said which of two statements about them is right"),
    "citizen:fact:released": _("The person left it to the rule again which statement about them is used"),
    "citizen:correction:asked": _("The person asked a source to correct a fact about them"),
    "citizen:correction:closed": _("The person took back a request to correct a fact"),
    "agency:correction:read": _("A source read the person's request to correct a fact"),
    "agency:correction:answered": _("A source answered the person's request to correct a fact"),
    "aurora:correction:told": _("Agencies that had read a fact about the person were told that it was corrected"),
}

# One line of a consent's history, where it was not the reader who decided.
_DECIDED: Final[Mapping[str, Sentence]] = {
    "given": _("This consent was given by %(who)s."),
    "declined": _("This request was declined by %(who)s."),
    "narrowed": _("A part of this consent was withdrawn by %(who)s."),
    "withdrawn": _("This consent was withdrawn by %(who)s."),
}

# What follows from withdrawing, read by whoever does it for another. Nothing is promised of a new consent: it may not be theirs to give.
WITHDRAW_CONNECTION_FOR: Final[tuple[Sentence, ...]] = (
    _("Aurora stops using the data for this purpose at once."),
    _("Data that none of the person's other consents covers is deleted from Aurora and no longer fetched."),
    _("What has been done until now stays lawful and stays in the person's activity."),
)
WITHDRAW_DECLARED_FOR: Final[Sentence] = _("What the person told is deleted from Aurora, unless it is kept.")
WITHDRAW_KEPT_EARLIER_FOR: Final[Sentence] = _(
    "Data that none of the person's other consents covers and that the person has not kept is deleted from Aurora and no longer fetched. "
    "What the person kept earlier stays until they delete it."
)
WITHDRAW_ACCESS_FOR: Final[tuple[Sentence, ...]] = (
    _("The agency's next attempt to read the person's data is refused."),
    words.WITHDRAW_ACCESS[1],
    _("What has been done until now stays lawful and stays in the person's activity."),
)

_PERSONS_REFUSALS: Final[Mapping[str, Sentence]] = {
    "consent_outdated": _("What is meant had changed since the person consented, so the consent did not cover it any more."),
}

_AS: Final[Mapping[str, Mapping[str, str]]] = {
    "fi": {"nobody": "Joku muu", "guardian": "huoltajana", "power_of_attorney": "valtuutettuna", "estate": "kuolinpesän hoitajana"},
    "sv": {"nobody": "Någon annan", "guardian": "som vårdnadshavare", "power_of_attorney": "som ombud", "estate": "som dödsboförvaltare"},
    "en": {
        "nobody": "Somebody else",
        "guardian": "as guardian",
        "power_of_attorney": "as attorney",
        "estate": "as administrator of the estate",
    },
}


def fault(code: str) -> Sentence:
    """Why somebody may not act for another (`consent.rules.mandates.MandateFault`)."""
    return _MANDATE_FAULTS.get(code, _("The rules did not allow this."))


def form_error(code: str) -> Sentence:
    """The message beside a field of the forms about mandates."""
    return _FORM_ERRORS.get(code) or words.form_error(code)


def kind(code: str) -> Sentence:
    """What kind of right it is."""
    return _MANDATE_KINDS.get(code, code)


def event(code: str) -> Sentence:
    """One line of a mandate's history."""
    return _MANDATE_EVENTS.get(code, _("Something was recorded"))


def note(code: str) -> Sentence:
    """What is to be known of a mandate's state."""
    return _MANDATE_NOTES[code]


def banner(code: str) -> Banner | None:
    """What has just been done with a mandate; nothing for a code that is none."""
    kind = NoticeKind.SUCCESS if code in ("accepted", "offered") else NoticeKind.INFO
    return Banner(kind, str(_MANDATE_BANNERS[code])) if code in _MANDATE_BANNERS else None


def acted_title(event: str, kind: str = "") -> Sentence:
    """The title of what an attorney or guardian did, or an administrator of an estate; the citizen's own deeds have `words.event_title`."""
    if kind == "estate" and event in _ESTATE_TITLES:
        return _ESTATE_TITLES[event]
    return _ACTED_TITLES.get(event) or words.event_title(event)


def persons_title(event: str) -> Sentence:
    """The title of an entry for whoever acts for the person whom it is about."""
    return _PERSONS_TITLES.get(event) or words.event_title(event)


def persons_refusal(code: str) -> Sentence:
    """Why something was not allowed, for whoever acts for the person whom it is about."""
    return _PERSONS_REFUSALS.get(code) or words.refusal(code)


def persons_decision(refusal_code: str = "") -> Sentence:
    """The decision behind an entry, for the same reader."""
    if not refusal_code:
        return _("Allowed: a consent of the person covered this recipient, this purpose and this data at that moment.")
    return persons_refusal(refusal_code)


def acted_deed() -> Sentence:
    """The decision behind what an attorney or guardian did."""
    return _("Allowed: the right to act covered this at that moment.")


def decided(kind: str, who: str) -> str:
    """One line of a consent's history for what `who` decided: the person, or somebody as `attorney_as` names them. Else as for everybody."""
    return str(_DECIDED[kind]) % {"who": who} if kind in _DECIDED else str(words.consent_event(kind))


def attorney_as(name: str, kind: str) -> Text:
    """Who did it, in the log: "Bertil Virta, as attorney". Without a name: it is not the reader's to know."""
    shown = {language: name or said["nobody"] for language, said in _AS.items()}
    return {language: f"{shown[language]}, {said[kind if kind in said else 'power_of_attorney']}" for language, said in _AS.items()}
