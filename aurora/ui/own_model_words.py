"""What the console says about the models behind suggestions, in the active language."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from aurora.ui.words import Sentence

_STATES: Final[Mapping[str, Sentence]] = {
    "shipped": _("Came with the software"),
    "trained": _("Trained, not judged yet"),
    "evaluated": _("Judged"),
    "shadow": _("Shadow"),
    "challenger": _("Challenger"),
    "champion": _("Champion"),
    "retired": _("Retired"),
}
_DATASETS: Final[Mapping[str, Sentence]] = {
    "collecting": _("Being collected"),
    "ready": _("Ready"),
    "closed": _("Given up"),
}
_RETRAININGS: Final[Mapping[str, Sentence]] = {
    "due": _("Waits"),
    "running": _("Under way"),
    "done": _("Done"),
    "failed": _("Failed"),
}
_GATES: Final[Mapping[str, Sentence]] = {
    "households": _("Households that it was judged on"),
    "finite": _("Every answer is a number"),
    "segment_popularity": _("Better than popularity by age and children (nDCG@3)"),
    "champion": _("No worse than the champion (nDCG@3)"),
    "group_gap": _("How much less is found for the worst group"),
    "calibration": _("Distance between foretold and observed chance, worst programme"),
    "programme_loss": _("Loss against the champion in the programme that is surest to lose (AUC)"),
    "group_loss": _("Loss against the champion in the group that is surest to lose (nDCG@3)"),
    "foretold": _("Share by which too many or too few are foretold, where that is surest"),
    "latency": _("Time it takes, against the champion's"),
    "feedback": _("What it would have earned more than what was shown, by citizens' feedback"),
}
_FIELDS: Final[Mapping[str, Sentence]] = {
    "version": _("Version (SHA-256)"),
    "dataset": _("Dataset (SHA-256)"),
    "citizens": _("Citizens' rows in the dataset, rounded"),
    "trained_on": _("Households it learned from"),
    "held_out": _("Households it was measured on"),
    "ndcg3": _("nDCG@3, with its interval"),
    "worst_group": _("Group that is surest to be worse off"),
    "code": _("Code"),
    "signature": _("Signature"),
    "share": _("Share of the citizens"),
}
_DATASET_FIELDS: Final[Mapping[str, Sentence]] = {
    "dataset": _("Dataset (SHA-256)"),
    "extract": _("Open extract in it (SHA-256)"),
    "basis": _("On what ground"),
    "citizens": _("Citizens' rows, rounded"),
    "gone": _("Of them gone since, rounded"),
    "window": _("Suggestions shown in this time"),
    "row_schema": _("Form of the rows"),
    "begun": _("Begun"),
    "ended": _("Ended"),
}
BASIS: Final = _(
    "Each citizen's consent to training. When it ends their row is deleted at once, and nothing more is trained on this dataset."
)
_EARNED: Final[Mapping[str, Sentence]] = {
    "enough": _(
        "By what %(citizens)s citizens, from whom it did not learn, made of the suggestions that they were shown. Of 1 that a place can earn, where the "
        "service is applied for, these earned %(shown)s. Numbers are rounded, so that they tell of nobody."
    ),
    "nobody": _("No citizen whose feedback may be used for this was shown suggestions. Nothing can be said of what it would have earned."),
    "few": _("Too few citizens were shown what this model would place otherwise. Nothing can be said of what it would have earned."),
    "unlike": _("Too much of what this model would place has never been shown there. Nothing can be said of what it would have earned."),
    "no_number": _("The model answers with no number."),
}
_METHODS: Final[Mapping[str, Sentence]] = {
    "ips": _("Weighted by how often it was shown"),
    "snips": _("The same, normalised"),
    "dr": _("Doubly robust"),
    "bounded": _("Doubly robust, with no provider's feedback counting above its share"),
}
_FAULTS: Final[Mapping[str, Sentence]] = {
    "same_person": _("Somebody else must decide on what you asked for."),
    "wrong_state": _("This has already been changed. Look at its present state."),
    "not_evaluated": _("The model has not been judged against the present champion. Judge it again first."),
    "gates_failed": _("The model has failed a gate and cannot be promoted. Nobody can waive a gate."),
    "share_wrong": _("Give a share from 1 to 50 percent."),
    "already_asked": _("A step has been asked for already."),
    "place_taken": _("Another model is in that place. Retire it first."),
    "no_champion": _("No model is champion: the one that came with the software suggests, and there is none before it."),
    "artefact_damaged": _("A file of the model is missing or has been changed since it was registered."),
    "signature_invalid": _("The model's signature is not the platform's, or was made of another model."),
    "unavailable": _("The files could not be checked at this moment. Try again."),
    "reason": _("Say why, in at most 300 characters."),
    "decision": _("Choose what shall happen."),
}
KNOWN_FAULTS: Final = frozenset(_FAULTS)
FEW: Final[Sentence] = _("fewer than 10")
HELD: Final[Sentence] = _("Held")
FAILED: Final[Sentence] = _("Failed")
NOT_JUDGED: Final[Sentence] = _("Not judged")
SIGNED: Final[Sentence] = _("Signed by this platform, and checked at each promotion")
UNSIGNED: Final[Sentence] = _("Came with the software")


def state(code: str) -> str:
    return str(_STATES[code])


def dataset_field(name: str) -> Sentence:
    """What is known of a dataset."""
    return _DATASET_FIELDS[name]


def dataset_state(code: str) -> str:
    return str(_DATASETS[code])


def retraining_state(code: str) -> str:
    return str(_RETRAININGS[code])


def gate(name: str) -> str:
    """A gate that this code does not know (it was kept by another) goes by its own name."""
    return str(_GATES.get(name, name))


def earned(said: str, *, citizens: str, shown: str) -> str:
    """From what it is known what a model would have earned, or why it is not."""
    return str(_EARNED[said]) % {"citizens": citizens, "shown": shown} if said == "enough" else str(_EARNED[said])


def method(name: str) -> str:
    return str(_METHODS[name])


def field(name: str) -> str:
    return str(_FIELDS[name])


def fault(code: str) -> str:
    """Why something was not done."""
    return str(_FAULTS.get(code, _("This could not be done.")))


def deed(kind: str, after: str, step: str) -> str:
    """A line of the history. `kind`: promotion, rollback, retirement; `step`: asked, agreed, declined."""
    if kind == "rollback":
        return str(_("Rolled back: %(state)s")) % {"state": state(after)}
    if kind == "retirement":
        return state("retired")
    said = {"asked": _("Asked for: %(state)s"), "agreed": _("Agreed: %(state)s"), "declined": _("Declined: %(state)s")}
    return str(said[step]) % {"state": state(after)}
