"""The sentences of messages and mails, in the language that is active. No names in titles: a mail's subject may be read by others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aurora.ui import glass_words

Sentence = str | Promise

_TITLES: Final[Mapping[str, Sentence]] = {
    "given": _("You gave a consent"),
    "declined": _("You declined a request"),
    "withdrawn": _("You withdrew a consent"),
    "narrowed": _("You withdrew a part of a consent"),
    "replaced": _("A consent was replaced by a newer one"),
    "expired": _("A consent ran out"),
    "withdrawn:agency": _("An agency gave back your consent"),
    "narrowed:agency": _("An agency gave back a part of your consent"),
    "withdrawn:source": _("A consent ended because of what a source told"),
    "narrowed:source": _("A part of a consent ended because of what a source told"),
    "withdrawn:operator": _("Aurora ended a consent"),
    "narrowed:operator": _("Aurora ended a part of a consent"),
    "given:for": _("A consent was given for you"),
    "declined:for": _("A request was declined for you"),
    "withdrawn:for": _("A consent was withdrawn for you"),
    "narrowed:for": _("A part of a consent was withdrawn for you"),
    "consent_expired": _("A consent ran out"),
    "reminder_ongoing": _("A consent of yours is still in use"),
    "reminder_ending": _("A consent of yours ends soon"),
    "agency_confirmed_deletion": _("An agency confirmed that it deleted your data"),
    "agency_confirmed_deletion:part": _("An agency deleted a part of your data and keeps the rest by law"),
    "agency_confirmed_deletion:all": _("An agency says that it must keep your data by law"),
    "agency_overdue": _("An agency has not confirmed in time that it deleted your data"),
    "mandate_offered": _("A power of attorney was offered"),
    "mandate_changed": _("A right to act for another has changed"),
    "reconsent_needed": _("A consent needs your decision again"),
    "estimate_recalled": _("Aurora deleted an estimate that you had kept"),
    "concern_answered": _("A concern of yours was answered"),
    "concern_put_off": _("The answer to a concern of yours comes later"),
    "concern_overdue": _("A concern of yours was not answered in time"),
    "concern_answered:ward": _("A concern that was reported for a child was answered"),
    "concern_put_off:ward": _("The answer to a concern that was reported for a child comes later"),
    "concern_overdue:ward": _("A concern that was reported for a child was not answered in time"),
    "correction_answered:corrected": _("A source has corrected a fact about you"),
    "correction_answered:refused": _("A source has refused to correct a fact about you"),
    "correction_overdue": _("A source has not answered in time whether it corrects a fact about you"),
    "use_disclosed": _("You are now told of an earlier use of your data"),
    "use_disclosed:several": _("You are now told of earlier uses of your data"),
    "erasure_asked": _("You asked that everything about you be deleted"),
    "erasure_done": _("Data of yours were deleted"),
    "break_glass": glass_words.TITLES["approved"],
    "break_glass:not_justified": glass_words.TITLES["not_justified"],
}

_SAYS: Final[Mapping[str, tuple[Sentence, ...]]] = {
    "consent_expired": (_("Nothing can be fetched or read on the strength of it any longer."),),
    "reminder_ongoing": (
        _("It has been in force for %(days)s days and ends on %(until)s."),
        _("If you no longer want it, you can withdraw it at any time."),
    ),
    "reminder_ending": (
        _("Its last day is %(until)s. After that nothing can be fetched or read on the strength of it."),
        _("You need not do anything."),
    ),
    "agency_confirmed_deletion": (_("The agency has told Aurora that the data it had received under this consent is deleted."),),
    "agency_confirmed_deletion:part": (
        _(
            "The agency has told Aurora that it deleted a part of the data it had received under this consent, and must keep the rest by law."
        ),
        _("On the page of the consent you see what it keeps, and by which law."),
    ),
    "agency_confirmed_deletion:all": (
        _("The agency has told Aurora that it must keep by law all the data it had received under this consent."),
        _("On the page of the consent you see what it keeps, and by which law."),
    ),
    "agency_overdue:unreached": (
        _(
            "Aurora has not been able to tell the agency to delete the data that it had received under this consent, and those who run Aurora see that."
        ),
        _("You can also ask the agency itself."),
    ),
    "agency_overdue": (
        _(
            "Aurora has asked the agency to delete the data that it had received under this consent, and the agency has not answered in time."
        ),
        _("You can also ask the agency itself."),
    ),
    "mandate_offered": (_("Look at what it covers before you accept or decline it."),),
    "mandate_changed": (_("You can see what has changed among your rights to act for another."),),
    "estimate_recalled": (
        _("The model that worked it out, or one whose result went into it, was taken out of use."),
        _("Do not rely on its figures any more. If you have talked about them with somebody, tell them."),
    ),
    "concern_answered": (_("Read the answer. You can accept it, reply to it once, or close the case if you are not satisfied."),),
    "concern_put_off": (_("Whoever must answer has named a later day, and says why. This can be done once."),),
    "concern_overdue": (
        _("Whoever must answer has let the day pass, and those who run Aurora see that."),
        _("On the page of the case you see what you can do."),
    ),
    "correction_answered:corrected": (
        _("Aurora fetches the fact again."),
        _("Agencies that had read the wrong one are told."),
    ),
    "correction_answered:refused": (
        _("Read the reason that the source gives."),
        _("On the page of the request you see where you can complain."),
    ),
    "correction_overdue": (
        _("The source has let the day pass, and those who run Aurora see that."),
        _("On the page of the request you see where you can complain."),
    ),
    "use_disclosed": (
        _("An agency used data about you. By law you could not be told of it at the time, and must be told now."),
        _("In your activity you see by which law it was kept back, since when, and how you can check that."),
    ),
    "use_disclosed:several": (
        _("Data about you were used %(number)s times. By law you could not be told of it at the time, and must be told now."),
        _("In your activity you see of each by which law it was kept back, since when, and how you can check that."),
    ),
    "erasure_asked": (
        _("Your data is deleted now. Your account, your activity and the key go in thirty days; until then you can call it off in Aurora."),
        _("Keep the address below: there the certificate of the deletion waits for you afterwards, without signing in."),
        _("If this was not you, sign in and call it off."),
    ),
    "erasure_done": (_("The certificate says what was deleted, what stays and why, and what agencies may still hold."),),
    "reconsent_needed": (
        _("What you consented to has changed, so the consent does not cover it any longer."),
        _("Look at what has changed, and decide again if you like."),
    ),
}

# What has become of a right to act: to the principal and to whoever holds it. `who` is the other of the two.
_MANDATE_SAYS: Final[Mapping[tuple[str, str], Sentence]] = {
    ("principal", "accepted"): _("%(who)s accepted the power of attorney and may now act for you."),
    ("attorney", "accepted"): _("You may now act for %(who)s by a power of attorney."),
    ("principal", "declined"): _("%(who)s declined the power of attorney. Nobody acts for you by it."),
    ("attorney", "declined"): _("The power of attorney of %(who)s was declined."),
    ("principal", "revoked"): _("The right of %(who)s to act for you was ended."),
    ("attorney", "revoked"): _("Your right to act for %(who)s was ended."),
    ("principal", "revoked:by"): _("%(who)s gave up the right to act for you."),
    ("attorney", "revoked:by"): _("%(who)s ended your right to act for them."),
    ("principal", "confirmed"): _("You decided that %(who)s may go on as your attorney, if they accept."),
    ("attorney", "confirmed"): _(
        "%(who)s has turned 18 and wants you to go on as their attorney. Your right as a guardian has ended, and you can accept or decline the offer."
    ),
    ("principal", "registered"): _("The population register tells that %(who)s is your guardian and may act for you until you turn 18."),
    ("attorney", "registered"): _(
        "The population register tells that you are the guardian of %(who)s. You may act for them until they turn 18."
    ),
    ("principal", "registered:until"): _(
        "The population register tells that %(who)s is your guardian and may act for you until %(until)s."
    ),
    ("attorney", "registered:until"): _(
        "The population register tells that you are the guardian of %(who)s. You may act for them until %(until)s."
    ),
    ("attorney", "registered:estate"): _(
        "The population register tells that you administer the estate of %(who)s. You may see the data in Aurora, take it along and end consents."
    ),
    ("principal", "frozen"): _("You have turned 18, so %(who)s acts for you no longer. You decide how it goes on."),
    ("attorney", "frozen"): _("%(who)s has turned 18, so you act for them no longer. They decide how it goes on."),
    ("principal", "ended"): _("The right of %(who)s to act for you ran out, or what it rested on ended."),
    ("attorney", "ended"): _("Your right to act for %(who)s ran out, or what it rested on ended."),
    ("attorney", "ended:estate"): _("Your right to handle the estate of %(who)s ran out, or the register tells of it no longer."),
}
MANDATE_CHANGES: Final = frozenset(_MANDATE_SAYS)

TITLES: Final = frozenset(_TITLES)


def title(code: str) -> str:
    """A message's title: a kind, or for a receipt the event, with `:agency` (the recipient), `:source`, `:operator` or `:for` where it was not the citizen's own deed.

    A kind that says several things has them behind a colon, too: `agency_confirmed_deletion:part`, `:all`, `agency_overdue:unreached`, `use_disclosed:several`,
    `concern_answered:ward`.
    """
    return str(_TITLES.get(code) or _TITLES.get(code.partition(":")[0]) or gettext("Something was recorded"))


def says(kind: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """What a message of a kind says, beside what it is about."""
    return tuple(str(sentence) % values for sentence in _SAYS.get(kind) or _SAYS.get(kind.partition(":")[0], ()))


def about_consent(purpose: str, recipient: str) -> str:
    return gettext("Purpose: %(purpose)s. Recipient: %(recipient)s.") % {"purpose": purpose, "recipient": recipient}


def by_another(who: str) -> str:
    return gettext("%(who)s did this for you, by right of acting for you.") % {"who": who}


def concerns(who: str) -> str:
    return gettext("The other person is %(who)s.") % {"who": who}


def for_ward(who: str) -> str:
    return gettext("The child is %(who)s.") % {"who": who}


def mandate_changed(side: str, change: str, who: str, *, until: str = "") -> tuple[str, ...]:
    """What has become of a right to act, for the one or the other `side` (principal, attorney). Nothing for a change of before there were sides.

    `until`: its last day as it is written, where the change says that it has one.
    """
    said = _MANDATE_SAYS.get((side, change)) or _MANDATE_SAYS.get((side, change.partition(":")[0]))
    return (str(said) % {"who": who, "until": until},) if said else ()


def link(code: str) -> str:
    """Where a message leads: `consent`, `receipt`, `entry`, `use`, `uses` or `glass` (of the log), `concern`, `correction`, `ward`, `erasure` or `mandate`."""
    words = {
        "consent": gettext("Look at the consent"),
        "receipt": gettext("See the receipt"),
        "entry": gettext("See what was deleted, in your activity"),
        "use": gettext("See the use, in your activity"),
        "uses": gettext("See your activity"),
        "concern": gettext("See the case"),
        "correction": gettext("See the request"),
        "ward": gettext("Act for the child, to see the case"),
        "mandate": gettext("See the rights to act for another"),
        "glass": glass_words.letter_link(),
        "erasure": gettext("See the certificate of the deletion"),
    }
    return words[code]


def mail_subject(title: str) -> str:
    return gettext("Aurora: %(title)s") % {"title": title}


def mail_that_there_is_one(url: str) -> str:
    return gettext("There is a message for you in Aurora. Sign in to read it:\n%(url)s") % {"url": url}


def mail_receipt_attached(keys: str) -> str:
    return gettext("The signed receipt is attached. Anybody can check it with the public keys of Aurora:\n%(url)s") % {"url": keys}


def mail_footer(url: str) -> str:
    return gettext("You get this mail because you asked Aurora to tell you by e-mail. You can end that here:\n%(url)s") % {"url": url}


def confirm_subject() -> str:
    return gettext("Confirm your e-mail address in Aurora")


def confirm_body(url: str) -> str:
    said = gettext(
        "Somebody who is signed in to Aurora wants to be told of their messages at this address. If it was you, open this link "
        "within 24 hours and sign in:\n%(url)s"
    )
    return said % {"url": url}


def confirm_not_you() -> str:
    return gettext("If it was not you, you need not do anything: nothing more is sent here.")


def mail_state(state: str, error: str = "") -> str:
    """What came of a message's mail; "" where there is nothing to say."""
    if state == "failed":
        return (
            gettext("The e-mail could not be delivered. Check your address.")
            if error == "address_refused"
            else gettext("The e-mail could not be delivered: your mail service did not take it.")
        )
    waiting = gettext("The e-mail could not be delivered yet. Aurora is trying again.") if error else gettext("The e-mail is on its way.")
    return {"queued": waiting, "running": waiting, "sent": gettext("Also sent by e-mail.")}.get(state, "")


def mail_use(confirmed: bool, given: bool) -> str:
    """Whether messages go out by e-mail, for the page of messages."""
    if confirmed:
        return gettext("You are also told by e-mail.")
    if given:
        return gettext("Your e-mail address is not confirmed yet.")
    return gettext("You can also be told by e-mail.")


def receipt_labels() -> dict[str, str]:
    """The labels of a receipt's rows, by code."""
    return {
        "what": gettext("Decision"),
        "at": gettext("When"),
        "recipient": gettext("Recipient"),
        "purpose": gettext("Purpose"),
        "data": gettext("Data"),
        "withdrawn": gettext("Withdrawn data"),
        "refused": gettext("Data that was asked for"),
        "until": gettext("In force until"),
        "was_until": gettext("Was to last until"),
        "who": gettext("Who decided"),
        "number": gettext("Receipt number"),
        "consent": gettext("Number of the consent record"),
    }


def decided_for(actor: str, citizen: str) -> str:
    return gettext("%(actor)s, for %(citizen)s") % {"actor": actor, "citizen": citizen}


def once() -> str:
    return gettext("Once: each kind of data can be read one time.")


def operator() -> str:
    return gettext("Those who run Aurora")


def you() -> str:
    return gettext("You yourself")
