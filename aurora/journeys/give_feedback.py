"""What the citizen makes of a suggestion: helpful, not for me, applied; and what is noted by itself: shown, opened.

A citizen's own note is no access to their data, so it stands in no log. What somebody who acts for them says is logged, since it changes
what the citizen is shown, and never takes the place of what the citizen said. docs/decisions/feedback.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from aurora.journeys._log import log
from aurora.twin import feedback, suggestions
from aurora.twin.feedback import LONGEST_WORDS, OPPOSITE, SAID, Kind, Said, Why
from consent import acting, mandates
from consent.acting import Acting, MandateRefused
from consent.errors import InvalidInput, NotFound
from consent.ledger.events import Event
from consent.mandates import SUGGESTIONS
from consent.rules import CITIZEN
from consent.rules.mandates import Deed, MandateFault
from consent.scope import citizen_scope


def give(*, citizen_id: UUID, run_id: UUID, service: str, kind: str, now: datetime, why: str = "", words: str = "") -> None:
    """Say one thing of a suggested service. Saying it again changes the reason only; its opposite is taken back.

    `why`: one of `Why`, for what is not for the citizen and for nothing else; `words`: theirs, for OTHER, sealed. Raises `NotFound` for a run
    that is not theirs or did not suggest the service, `InvalidInput` for `kind`, `why` and `words`, `MandateRefused`.
    """
    said, why, words = _checked(kind, why, words)
    with citizen_scope(citizen_id):
        doing = mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.SUGGEST)
        if service not in _suggested(run_id):
            raise NotFound()
        _not_over_their_own_word(doing, citizen_id, service, {said, OPPOSITE.get(said, said)})
        feedback.say(
            citizen_id=citizen_id, run_id=run_id, service=service, kind=said, why=why, words=words, now=now,
            mandate_id=doing.mandate.id if doing else None,
        )  # fmt: skip
        _log(doing, Event.FEEDBACK_GIVEN, citizen_id, service, said, now)


def undo(*, citizen_id: UUID, service: str, kind: str, now: datetime) -> None:
    """Take back what was said of a service, whatever the run. Nothing there to take back is no error. Raises `InvalidInput`, `MandateRefused`."""
    said, _, _ = _checked(kind, "", "", undone=True)
    with citizen_scope(citizen_id):
        doing = mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.SUGGEST)
        told = [one for one in feedback.of(citizen_id=citizen_id, kinds=[said]) if one.service == service]
        if len(_reached(told)) < len(told):
            return  # as if nothing had been said: that it was is not theirs to learn
        _not_over_their_own_word(doing, citizen_id, service, {said})
        if feedback.retract(citizen_id=citizen_id, service=service, kind=said):
            _log(doing, Event.FEEDBACK_UNDONE, citizen_id, service, said, now)


def hidden(*, citizen_id: UUID) -> frozenset[str]:
    """The services that the citizen has set aside: not suggested until they take it back."""
    with citizen_scope(citizen_id):
        return feedback.hidden(citizen_id=citizen_id)


def said(*, citizen_id: UUID) -> tuple[Said, ...]:
    """What the citizen said, oldest first, without their words."""
    with citizen_scope(citizen_id):
        return feedback.of(citizen_id=citizen_id, kinds=SAID)


def set_aside(*, citizen_id: UUID, said: Iterable[Said]) -> tuple[Said, ...]:
    """Of what was said what is not for the citizen, as far as who is here may know of it: see `_reached`."""
    found = tuple(one for one in said if one.kind is Kind.NOT_FOR_ME)
    if acting.current() is None:
        return found
    with citizen_scope(citizen_id):
        return _reached(found)


def shown(*, citizen_id: UUID, run_id: UUID, services: Iterable[str], now: datetime) -> None:
    """Note that a page showed these services of a run. For the view that answers with that page: making suggestions shows nothing yet."""
    with citizen_scope(citizen_id):
        feedback.measure(citizen_id=citizen_id, run_id=run_id, services=services, kind=Kind.SHOWN, now=now)


def opened(*, citizen_id: UUID, run_id: UUID, service: str, now: datetime) -> None:
    """Note that a suggested service's page was opened. Nothing is noted of a run that is gone, or did not suggest it."""
    with citizen_scope(citizen_id):
        mandates.confirm(citizen_id=citizen_id, now=now, deed=Deed.SUGGEST)
        if service in _suggested(run_id):
            feedback.measure(citizen_id=citizen_id, run_id=run_id, services=[service], kind=Kind.OPENED, now=now)


def forget_without_consent(*, citizen_id: UUID, now: datetime) -> int:
    """Delete all of it once no consent for suggestions is left. How many rows. In the citizen's scope, when a consent has ended."""
    # Whoever ends it: an attorney sees the consents of their themes only, and what others the citizen has given stand all the same.
    return 0 if mandates.suggested_from(citizen_id, now=now) else feedback.forget(citizen_id=citizen_id)


def _suggested(run_id: UUID) -> frozenset[str]:
    """The services of one of the citizen's runs; none of a run that is gone, cannot be opened, or is another's. In their scope."""
    try:
        run = suggestions.get(run_id)
    except suggestions.RunDamaged:
        return frozenset()
    return frozenset() if run is None else frozenset(item["service"] for item in run.content["record"]["slate"])


def _reached(said: Iterable[Said]) -> tuple[Said, ...]:
    """All of it to the citizen. Whoever acts for some themes is told what they said, and what was said of suggestions that were made of their themes
    alone: "I have it" of any other is a fact that their themes do not reach. Of a run that is gone nobody knows what it was made from.
    """
    every, doing = tuple(said), acting.current()
    if doing is None or doing.scope.everything:
        return every
    made_from = suggestions.made_from(one.run_id for one in every)
    return tuple(
        one for one in every
        if one.mandate_id == doing.mandate.id or (one.run_id in made_from and doing.scope.covers(made_from[one.run_id]))
    )  # fmt: skip


def _checked(kind: str, why: str, words: str, *, undone: bool = False) -> tuple[Kind, str, str]:
    if kind not in SAID:
        raise InvalidInput({"kind": "kind_unknown"})
    said, words = Kind(kind), words.strip()
    if undone or said is not Kind.NOT_FOR_ME:
        return said, "", ""
    if why not in Why.values:
        raise InvalidInput({"why": "why_required"})
    if why != Why.OTHER:
        return said, why, ""
    if len(words) > LONGEST_WORDS:
        raise InvalidInput({"words": "words_too_long"})
    return said, why, words


def _not_over_their_own_word(doing: Acting | None, citizen_id: UUID, service: str, kinds: set[Kind]) -> None:
    if doing is None:
        return
    if any(one.service == service and not one.by_other for one in feedback.of(citizen_id=citizen_id, kinds=kinds)):
        raise MandateRefused(MandateFault.OWN_DECISION)


def _log(doing: Acting | None, event: Event, citizen_id: UUID, service: str, said: Kind, now: datetime) -> None:
    if doing is not None:
        details = {"service": service, "kind": said.value}
        log(citizen_id=citizen_id, event=event, actor=CITIZEN, purpose=SUGGESTIONS, details=details, at=now)
