"""What the verifier of a citizen's log says, for its page and for the file that opens without a network.

A verifier's codes are those of docs/citizen/log.md. Sentences may hold `{seq}`, an entry's number, and what else stands in braces; the scripts put
it in.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aurora.ui.event_words import TITLES

Words = Mapping[str, str | Promise]

# Beside an entry, by its code.
ENTRIES: Final[Words] = {
    "proved": _("Holds"),
    "pending": _("Waiting to be sealed"),
    "overdue": _("Has waited too long"),
    "malformed": _("Is no entry"),
    "unreadable": _("Cannot be opened"),
    "content_changed": _("Has been changed"),
    "other_citizen": _("Is about somebody else"),
    "repeated": _("Stands twice"),
    "reordered": _("Out of order"),
    "missing_before": _("Entries before this are missing"),
    "unlinked": _("Does not follow from the one before"),
    "not_included": _("Not in the public log"),
    "left_out": _("Kept out of the public log"),
    "kept_changed": _("Not what was kept back"),
    "kept_not_included": _("What was kept back is not in the public log"),
    "kept_late": _("What was kept back was sealed too late"),
    "kept_unproven": _("Without proof of when it was sealed"),
    "shown_differs": _("Shown otherwise than written"),
}

FINDINGS: Final[Words] = {
    "overdue": _("Entry {seq} has waited for its seal for more than ten minutes. Check again later."),
    "malformed": _("Something in the bundle has not the form of an entry."),
    "unreadable": _("Aurora could not open entry {seq}, so what it says cannot be checked. Its seal is there."),
    "content_changed": _("Entry {seq} has been changed since it was written."),
    "other_citizen": _("Entry {seq} was written about somebody else."),
    "repeated": _("Number {seq} stands more than once."),
    "reordered": _("Entry {seq} stands out of its order."),
    "missing_before": _("One or more entries before number {seq} are missing."),
    "unlinked": _("Entry {seq} does not follow from the entry before it: one of the two was put in place of another."),
    "not_included": _("Entry {seq} does not stand in the public log at the place that Aurora names."),
    "left_out": _("Entry {seq} was kept out of the public log, though later entries are in it."),
    "kept_changed": _("A law had entry {seq} kept back for a time. What it tells now is not what was sealed in the public log then."),
    "kept_not_included": _(
        "A law had entry {seq} kept back for a time. What was sealed then does not stand in the public log at the place that Aurora names."
    ),
    "kept_late": _("A law had entry {seq} kept back for a time. It was sealed in the public log later than Aurora says."),
    "kept_unproven": _(
        "A law had entry {seq} kept back for a time. The bundle has no proof that it has been sealed in the public log since then."
    ),
    "shown_differs": _("Aurora's pages show entry {seq} otherwise than it was written. The list below shows what was written."),
    "bad_format": _("This is not a bundle that can be checked here."),
    "no_checkpoint": _("The bundle has no signed state of the public log, so nothing in it is proved."),
    "checkpoint_malformed": _("The signed state of the public log cannot be read."),
    "signature_wrong": _("The signature under the state of the public log is wrong."),
    "wrong_key": _("The state of the public log is not signed by the log's key."),
    "other_log": _("The signed state is of another log."),
    "key_changed": _(
        "The log is signed with another key than last time. Do not trust it until Aurora has told why, somewhere else than here."
    ),
    "missing_at_end": _("Entries are missing at the end: Aurora itself counts up to number {seq}."),
    "head_differs": _("The last entry is not the one that Aurora notes as the last."),
    "witness_wrong": _("The signature of a witness under the state of the public log is wrong."),
    "witness_missing": _("None of the witnesses that you trust has signed the state of the public log."),
    "witness_old": _(
        "The newest signature of a witness is more than a day older than the bundle, or the bundle does not say when it was made. Nobody outside Aurora has confirmed what has been written to the log since then."
    ),
    "witness_changed": _(
        "The witness {name} is named with another key than the one that was noted. What is signed with the new key is not counted until you know from elsewhere that it is the witness's."
    ),
    "earlier_forked": _("The public log no longer contains a state that it had earlier: its past has been changed."),
    "tree_shrunk": _("The public log has fewer entries than last time: some have been taken away."),
    "tree_forked": _(
        "The public log no longer contains what it contained last time: its past has been changed, or you are shown another log than others."
    ),
    "tree_shrunk_noted": _(
        "Entry {seq}, a download of yours, notes a state of the public log that had more entries than it has now: some have been taken away."
    ),
    "tree_forked_noted": _(
        "Entry {seq}, a download of yours, notes a state of the public log that it no longer contains: its past has been changed, or you are shown another log than others."
    ),
    "extension_unproven_noted": _(
        "Entry {seq}, a download of yours, notes a state of the public log. Whether it still contains that state could not be checked now."
    ),
    "chain_shrunk": _("Your log has fewer entries than last time: number {seq} was there then."),
    "chain_forked": _("Entry {seq} is another one than the one that stood there last time."),
    "citizen_differs": _("The two bundles are about two different people."),
    "older_failed": _("The earlier bundle does not hold itself, so nothing can be compared with it."),
    "extension_unproven": _("Whether the public log still contains what it contained last time could not be checked now."),
    "public_forked": _("You are shown another log than the one that everybody is shown."),
    "public_unproven": _("The public log could not be read just now, so it is not known whether everybody is shown the same."),
}

NOTES: Final[Words] = {
    "key_from_bundle": _("The log's key was taken from the bundle. Compare it with the one that is published elsewhere."),
    "unwitnessed": _("No independent witness has signed this state of the log."),
    "witnessed_earlier": _("Independent witnesses have signed an earlier state of the log, and this one contains it."),
    "key_renewed": _(
        "The log has a new key. The key that was noted has signed the same state of the log beside it, so the new one is noted from now on."
    ),
    "witness_gone": _("A key of a witness that was noted before is named no longer."),
    "other_signatures": _("A further signature of the log, of a kind made for the age of quantum computers, is not checked here."),
    "empty": _("There are no entries yet."),
}

# Beside a witness's key.
WITNESSES: Final[Words] = {
    "signed": _("The independent witness {name} has signed this state of the log too, with the key"),
    "signed_earlier": _("The independent witness {name} has signed an earlier state of the log, which this one contains, with the key"),
    "not_signed": _("The witness {name} has not signed. A signature was looked for that fits the key"),
    "unknown": _("The witness {name} is named with a key that is not the noted one, and is not counted:"),
    "gone": _("The witness {name} was noted before and is named no longer. A signature was looked for that fits the key"),
}

SAID: Final[Words] = {
    "verified": _("Your log is whole and true"),
    "incomplete": _("What could be checked holds, but not everything could be checked"),
    "failed": _("Your log does not hold"),
    "verified_what": _(
        "Each entry is what was written, none is missing or out of order, and each sealed entry stands in the public log. This was worked out here, on your device."
    ),
    "failed_what": _("Keep the bundle as evidence: save it before you do anything else."),
    "counts": _("{length} entries, {proved} of them proved and {pending} waiting to be sealed."),
    "pending_why": _(
        "The last entry is the fetching of this very bundle: it is noted before the bundle is made, and sealed a moment later."
    ),
    "same_tree": _("The public log has {size} entries now, and everybody is shown the same."),
    "extends": _("It contains what this browser saw on {at}, unchanged: {size} entries of the public log, and your {seq}."),
    "extends_older": _("The newer bundle contains all of the earlier one, unchanged."),
    "cosigned": _("The newest signature of a witness was given on {at}, and the bundle was made on {made}."),
    "first_time": _("This is the first check in this browser. From now on it is seen when anything of this is changed later."),
    "this_entry": _("The entry that you came from"),
    "working": _("Checking: {done} of {all} entries"),
    "save": _("Save the bundle that was checked"),
    "fetching": _("Fetching your log"),
    "unreachable": _("Your log could not be fetched. Try again."),
    "signed_out": _("You have been signed out. Sign in again, then check."),
    "unreadable_file": _("This file cannot be read."),
    "show_all": _("Show all {all} entries"),
    "number": _("Number"),
    "when": _("When"),
    "what": _("What"),
    "who": _("Who"),
    "result": _("Result"),
    "content": _("As it was written"),
    "entries": _("Entry by entry"),
    "nothing_remembered": _("Nothing yet."),
    "remembered": _("Checked on {at}: your {seq} entries, and {size} entries of the public log {name}."),
    "key": _("The log's key"),
    "witness_keys": _("Witnesses' keys"),
    "forgotten": _("This browser has forgotten what it saw."),
}

OFFLINE: Final[Words] = {
    "title": _("Check your Aurora log without a network"),
    "lead": _("Choose a bundle that you downloaded. It is read and checked on this device; nothing is sent anywhere."),
    "newer": _("The bundle"),
    "older": _("An earlier bundle, if you have one"),
    "older_hint": _("Then it is also checked that the newer one contains all of it, unchanged."),
    "key_label": _("The log's key, if you know it from elsewhere"),
    "check": _("Check"),
    "cannot_show": _("It cannot be seen from a log when somebody used your data outside Aurora and told nobody."),
    "language": _("Language"),
}


def table(*, offline: bool = False) -> dict[str, Any]:
    """All the words in the active language, as the scripts take them."""
    parts: dict[str, Words] = {
        "entries": ENTRIES,
        "findings": FINDINGS,
        "notes": NOTES,
        "witnesses": WITNESSES,
        "said": SAID,
        "events": TITLES,
    }
    if offline:
        parts["offline"] = OFFLINE
    return {name: {code: str(text) for code, text in words.items()} for name, words in parts.items()}
