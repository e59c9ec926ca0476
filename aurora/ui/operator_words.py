"""Operators' roles, in words that an official understands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# In the order in which pages list them. The codes are those of `aurora.identity.models.Operator.Role`; a test compares.
ROLES: Mapping[str, str | Promise] = {
    "operations": _("Operations"),
    "agency_officer": _("Agency officer"),
    "catalogue_editor": _("Catalogue editor"),
    "model_steward": _("Model steward"),
    "privacy_officer": _("Privacy officer"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
}
# What each may do, in a sentence: where a role is given.
DUTIES: Mapping[str, str | Promise] = {
    "operations": _("Keeps sources, fetching and the access log running."),
    "agency_officer": _("Registers agencies and says what they may ask for."),
    "catalogue_editor": _("Keeps the catalogue of services."),
    "model_steward": _("Releases models and watches how they do."),
    "privacy_officer": _("Ends consents, answers concerns, and asks for access without a consent."),
    "auditor": _("Reads what others do in the console, and judges access without a consent."),
    "administrator": _("Says who is an operator, and with which roles."),
}


def role(code: str) -> str:
    """A role's name; a code that has none stands for itself."""
    return str(ROLES.get(code, code))


def roles(codes: Iterable[str]) -> str:
    """Several, in the order of `ROLES`, with commas between; "None" if there are none."""
    held = set(codes)
    return ", ".join(str(word) for code, word in ROLES.items() if code in held) or gettext("No roles")


_ASKED: Mapping[str, str | Promise] = {
    "invite": _("Invite an operator"),
    "give": _("Give a role"),
    "reset": _("New password and second factor"),
    "restore": _("Let an operator come back"),
    "take": _("Take a role"),
    "suspend": _("Suspend an operator"),
}
_STATES: Mapping[str, str | Promise] = {
    "open": _("Waiting for a second person"),
    "approved": _("Done"),
    "declined": _("Declined"),
    "withdrawn": _("Taken back"),
}
FAULTS: Mapping[str, str | Promise] = {
    "operator_username": _("Enter a user name of 3 to 64 small letters a to z, digits, dots or hyphens."),
    "operator_username_taken": _("There is an operator with this user name already."),
    "operator_name": _("Enter a name of at most 120 characters."),
    "operator_roles": _("Choose at least one role."),
    "operator_role": _("Choose a role."),
    "operator_role_alone": _("An auditor and an administrator have no other role."),
    "operator_decision": _("Choose what to do."),
    "operator_impossible": _("What was asked for is no longer possible. Decline it, and ask anew."),
    "operator_request_open": _("The same has been asked for already. Decide on that first."),
    "operator_asker_gone": _("Whoever asked for this is no administrator any more. Decline it, and ask anew."),
    "last_administrator": _("Somebody must stay who manages operators. Make another administrator first."),
    "too_near": _("One of you made the other an administrator less than 30 days ago. A third administrator must decide."),
    "about_oneself": _("Nobody asks for this for themselves, nor agrees to it."),
    "same_person": _("Somebody else must decide on what you asked for."),
    "conflict": _("This has already been changed. Look at its present state."),
    "reason": _("Say why, in at most 300 characters."),
    "not_invited": _("The user name and the two secrets do not fit together, or their time is over."),
    "passwords_differ": _("The two passwords are not the same."),
    "password_wrong": _("This is not the password that you have now."),
    "password_missing": _("Enter the password that you have now."),
    "password_same": _("This is the password that you have now. Choose another one."),
}
# What has just been done about one's own account, and what may have been done since one was last here.
ACCOUNT_DONE: Mapping[str, str | Promise] = {
    "changed": _("Your password has been changed. You are signed in here, and nowhere else."),
    "ended": _("You have been signed out there."),
}
CHANGES: Mapping[str, str | Promise] = {
    "password:changed": _("Your password was changed:"),
    "factor:enrolled": _("An authenticator was set up for your account:"),
}
KINDS: Mapping[str, str | Promise] = {
    "opened": _("Opened a page"),
    "sent": _("Sent a form"),
    "deed": _("Did"),
    "sign_in": _("Signed in or out"),
}
# The colour of the tag and the word; any other outcome is the code of why not, which the rest of the console explains.
_OUTCOMES: Mapping[str, tuple[str, str | Promise]] = {
    "done": ("au-tag--good", _("Done")),
    "shown": ("", _("Shown")),
    "moved": ("", _("Led to another page")),
    "begun": ("", _("Begun")),
    "invalid": ("au-tag--attention", _("Wrongly filled in")),
    "factor_asked": ("", _("Code asked for first")),
    "forbidden": ("au-tag--bad", _("Refused")),
    "not_found": ("au-tag--attention", _("Not there")),
    "wrong": ("au-tag--bad", _("Wrong")),
    "locked_out": ("au-tag--bad", _("Locked out")),
}


def asked(kind: str, codes: Iterable[str]) -> str:
    """What was asked for, with its role where it is of one."""
    words = str(_ASKED.get(kind, kind))
    return f"{words}: {roles(codes)}" if kind in ("give", "take") else words


def state(code: str) -> str:
    """How far a request is."""
    return str(_STATES.get(code, code))


def fault(code: str) -> str:
    """What is wrong with a form."""
    return str(FAULTS.get(code, _("Check the marked fields.")))


def kind(code: str) -> str:
    """What sort of thing a row of the trail tells of."""
    return str(KINDS.get(code, code))


def outcome(code: str) -> tuple[str, str]:
    """How it ended: the tag's colour and its word."""
    css, word = _OUTCOMES.get(code, ("au-tag--attention", code))
    return css, str(word)
