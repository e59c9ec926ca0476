"""A citizen connects a source: our consent page, the source's own page, then consents, connection and pull in one transaction."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from aurora import crash
from aurora.journeys import _pushing, pull
from aurora.journeys._asked import CHANGED
from aurora.journeys._basis import Ground
from aurora.journeys._log import log
from aurora.journeys._release import release_uncovered
from aurora.outbound import oauth
from aurora.outbound.oauth import PeerFailed, Registration
from aurora.sources import connections, connectors, credentials, feeds, pulls, registry
from aurora.sources.models import ConnectAttempt, DataSource
from aurora.sources.pushes import batches
from aurora.twin import write
from consent import earlier, notices, queries, services, terms
from consent.days import day_of
from consent.errors import AuroraError, Conflict, InvalidInput
from consent.ledger.events import Event
from consent.mandates import SUGGESTIONS
from consent.models import Agency, DataCategoryVersion, Purpose, PurposeVersion
from consent.notices import NoticeText
from consent.purposes import fitting, only_for
from consent.rules import AURORA, CITIZEN, latest_end
from consent.scope import citizen_scope
from consent.terms import Identity, Period, Term

logger = logging.getLogger(__name__)
_FIRST = ("own-overview", "service-suggestions")


class NotConnected(AuroraError):
    """The way to the source and back did not end well; nothing was recorded. `code` says how it ended."""

    code = "not_connected"
    sentence = "The source was not connected. Nothing was changed. You can try again."
    status = 400
    retryable = True


@dataclass(frozen=True)
class Offer:
    """What the consent page shows for one source in one language, and a token that stands for exactly that text."""

    source: DataSource
    language: str
    purposes: tuple[PurposeVersion, ...]
    categories: tuple[DataCategoryVersion, ...]
    terms: tuple[Term, ...]
    texts: tuple[NoticeText, ...]

    @property
    def token(self) -> str:
        return hashlib.sha256("".join(t.digest for t in self.texts).encode()).hexdigest()


def offer(*, citizen_id: UUID, code: str, language: str, today: date) -> Offer:
    """What can be consented to at a source on a day, and what is different from what the citizen agreed to before. Raises `NotFound`."""
    source = registry.by_code(code)
    # What is for every citizen comes before what is for some.
    asked = sorted(Purpose.objects.filter(kind=Purpose.Kind.CONNECT), key=lambda p: (p.code not in _FIRST, p.code))
    # So with data: what serves one purpose only comes after the rest.
    categories = tuple(sorted(queries.current_categories(source=code), key=lambda c: bool(only_for(c.category_id))))
    held = [c.category_id for c in categories]
    codes = [p.code for p in asked if fitting(p.code, held)]
    wordings = queries.current_purposes(codes)
    purposes = tuple(wordings[code] for code in codes)
    aurora = Agency.objects.get(code=AURORA)
    version = queries.current_recipient(aurora)
    data = [c.name[language] for c in categories]

    def said(period: Period, identity: Identity | None) -> tuple[Term, ...]:
        name = source.agency.name[language]
        under = terms.push if batches.is_pushed(source) else terms.connect
        return under(language=language, source=name, period=Period(period.start, latest_end(period.start)), identity=identity, data=data)

    now_said = said(Period(today, today), terms.identity_of(version, language))
    with citizen_scope(citizen_id):
        before = earlier.find_each(citizen_id=citizen_id, recipient=aurora, source=source.agency, purposes=codes, today=today)
        composed = [
            notices.compose(
                language=language, recipient=aurora, source=source.agency, purpose=p, terms=now_said,
                categories=[c for c in categories if c.category_id in fitting(p.purpose_id, held)],
                recipient_version=version.version if version else 1,
            )
            for p in purposes
        ]  # fmt: skip
        texts = earlier.told_each(composed, before, terms=said)
    return Offer(source, language, purposes, categories, now_said, texts)


@dataclass(frozen=True)
class Choices:
    """What the citizen ticked, as codes, and the last day of the consent."""

    purposes: tuple[str, ...]
    categories: tuple[str, ...]
    until: date


def check(*, shown: Offer, purposes: Iterable[str], categories: Iterable[str], until: date | None, today: date) -> Choices:
    """Only what was offered, at least one of each, and an end. Raises `InvalidInput` with every field that is wrong, at once."""
    chosen_purposes, chosen = sorted(set(purposes)), sorted(set(categories))
    wrong = {
        **_wrong("purposes", "purpose", chosen_purposes, [p.purpose_id for p in shown.purposes]),
        **_wrong("categories", "category", chosen, [c.category_id for c in shown.categories]),
    }
    if until is not None:
        services.check_end(until, today=today)
    if not wrong:
        idle, unused = unmatched(purposes=chosen_purposes, categories=chosen)
        wrong = {
            **({"purposes": "purpose_without_data"} if idle else {}),
            **({"categories": "data_without_purpose"} if unused else {}),
        }
    if wrong or until is None:
        raise InvalidInput(wrong)
    return Choices(tuple(chosen_purposes), tuple(chosen), until)


def depart(*, citizen_id: UUID, shown: Offer, token: str, chosen: Choices, now: datetime) -> str:
    """Keep the choices and return the source's address. Raises `Conflict` when the text has changed, `PeerFailed`."""
    _same_text(shown, token)
    mine, manner, declared = registry.registration(shown.source), connectors.manner(shown.source.connector), shown.source.settings
    departure = oauth.depart(mine, scope=manner.scope(chosen.categories, declared), extra=manner.beside(mine, declared))
    choices = {
        "purposes": list(chosen.purposes),
        "categories": list(chosen.categories),
        "until": chosen.until.isoformat(),
        "language": shown.language,
        "token": token,
    }
    with citizen_scope(citizen_id):
        connections.begin(citizen_id=citizen_id, source=shown.source, departure=departure, choices=choices, now=now)
    return departure.url


def decline(*, citizen_id: UUID, shown: Offer, token: str, now: datetime) -> None:
    """Record that the citizen said no, to each purpose that was asked for. It changes no consent that stands.

    The same page sent again, with nothing decided in between, is the same no: it is recorded once.
    """
    _same_text(shown, token)
    aurora = Agency.objects.get(code=AURORA)
    with citizen_scope(citizen_id):
        services.take_turn(citizen_id=citizen_id)
        for text in shown.texts:
            if queries.declined_last(
                citizen_id=citizen_id, recipient=AURORA, source=shown.source.agency.code, purpose=text.purpose, digest=text.digest
            ):
                continue
            record = services.decline(
                citizen_id=citizen_id, recipient=aurora, source=shown.source.agency, purpose=text.purpose,
                notice=notices.keep(text, now=now), now=now,
            )  # fmt: skip
            log(
                citizen_id=citizen_id, event=Event.CONSENT_DECLINED, actor=CITIZEN, purpose=text.purpose,
                consent_ids=[record.pk], source=shown.source.agency.code, details={"recipient": AURORA}, at=now,
            )  # fmt: skip


def arrive(*, citizen_id: UUID, code: str, answer: dict[str, str], now: datetime) -> UUID | None:
    """The citizen is back: redeem, then record consents, connection and pull at once. The pull's id; None of a source that pushes, which by the
    tokens that it gave knows now that it may. Raises `NotConnected`.
    """
    source = registry.by_code(code)
    with citizen_scope(citizen_id):
        attempt = connections.take_attempt(citizen_id=citizen_id, source=source, state=answer.get("state", ""), now=now)
        if attempt is None:
            raise NotConnected(code="invalid_state")
        verifier = connections.verifier_of(attempt)
    mine = registry.registration(source)
    try:
        tokens = oauth.redeem(mine, code=oauth.check_answer(mine, expected_state=answer["state"], answer=answer), verifier=verifier)
    except PeerFailed as error:
        raise NotConnected(code=_how_it_ended(error)) from error
    held = _hold(citizen_id, source, tokens, mine)
    crash.reach("connect.held")
    try:
        return _record(citizen_id=citizen_id, attempt=attempt, source=source, tokens=tokens, now=now, held=held)
    except Exception as error:
        _give_back(citizen_id, held, mine)
        raise NotConnected(code=_why_not_recorded(error)) from error


def _how_it_ended(error: PeerFailed) -> str:
    if error.oauth_error == "access_denied":
        return "access_denied"
    return "source_down" if error.retryable else "invalid_answer"


def _hold(citizen_id: UUID, source: DataSource, tokens: dict[str, Any], mine: Registration) -> UUID:
    """The tokens are a row before anything else: whoever dies from here on, the sweep gives them back. Raises `NotConnected`."""
    try:
        with citizen_scope(citizen_id):
            return connections.hold(citizen_id=citizen_id, source=source, tokens=tokens, now=timezone.now())
    except Exception as error:  # such as of a citizen who leaves: nothing of theirs is kept any more
        refresh = tokens.get("refresh_token")
        with suppress(PeerFailed):
            oauth.revoke(mine, token=refresh if isinstance(refresh, str) else tokens["access_token"])
        raise NotConnected(code=_why_not_recorded(error)) from error


def _give_back(citizen_id: UUID, held: UUID, mine: Registration) -> None:
    """Tokens that nothing rests on must not live on at the source: now, or by the sweep."""
    try:
        credentials.give_back(citizen_id=citizen_id, connection_id=held, now=timezone.now())
        with citizen_scope(citizen_id):
            connections.drop_returned(connection_id=held)
    except PeerFailed as error:
        credentials.put_off(citizen_id=citizen_id, connection_id=held, asked=True, now=timezone.now())
        logger.warning("Tokens of a connection that was not made could not be given back to %s: %s", mine.issuer, error.code)


def _why_not_recorded(error: Exception) -> str:
    """The source gave tokens that are of no use; or another text or another window came in between: then the citizen begins anew. Anything else is
    ours to look into.
    """
    if isinstance(error, PeerFailed):
        return _how_it_ended(error)
    if isinstance(error, AuroraError | IntegrityError):
        return "invalid_state"
    logger.error("A connection could not be recorded: %s", type(error).__name__, exc_info=error)
    return NotConnected.code


def _record(
    *, citizen_id: UUID, attempt: ConnectAttempt, source: DataSource, tokens: dict[str, Any], now: datetime, held: UUID | None = None
) -> UUID | None:
    # The text and the end are judged by the day of the decision: the citizen may come back after midnight.
    decided_on = day_of(attempt.created_at)
    shown = offer(citizen_id=citizen_id, code=source.agency.code, language=attempt.choices["language"], today=decided_on)
    _same_text(shown, attempt.choices["token"])
    aurora = Agency.objects.get(code=AURORA)
    categories = attempt.choices["categories"]
    with citizen_scope(citizen_id):
        queries.for_decision(citizen_id=citizen_id, recipient=AURORA)  # locks in the order in which every access does
        before, given = Ground(citizen_id=citizen_id, now=now).allowed(SUGGESTIONS), []
        covered = queries.covered_categories(citizen_id=citizen_id, recipient=AURORA, source=source.agency.code, at=now)
        for text in (t for t in shown.texts if t.purpose in attempt.choices["purposes"] and fitting(t.purpose, categories)):
            record, _ = services.give(
                citizen_id=citizen_id, recipient=aurora, source=source.agency, purpose=text.purpose, categories=fitting(text.purpose, categories),
                notice=notices.keep(text, now=now), until=date.fromisoformat(attempt.choices["until"]), now=now,
                decided_on=decided_on,
            )  # fmt: skip
            given.append(record)
        for former in connections.standing(citizen_id=citizen_id).filter(source=source):
            pulls.cancel_open(connection_id=former.pk, now=now)
        told = connectors.manner(source.connector).context(tokens)
        if held is not None and not connections.take_held(connection_id=held):
            raise Conflict(CHANGED)
        connection = connections.establish(citizen_id=citizen_id, source=source, tokens=tokens, now=now, context=told)
        if not batches.is_pushed(source):
            feeds.begin(connection=connection, categories=categories, now=now)
        run = None if batches.is_pushed(source) else pulls.enqueue(connection=connection, categories=categories, now=now)
        release_uncovered(citizen_id=citizen_id, source=source.agency.code, now=now)
        if less := before - Ground(citizen_id=citizen_id, now=now).allowed(SUGGESTIONS):
            write.forget_derived(citizen_id=citizen_id, categories=less, purpose=SUGGESTIONS)
        for record in given:
            log(
                citizen_id=citizen_id, event=Event.CONSENT_GIVEN, actor=CITIZEN, purpose=record.purpose_id, categories=record.categories,
                consent_ids=[record.pk], source=source.agency.code,
                details={"recipient": AURORA, "until": attempt.choices["until"], "notice": record.notice_id}, at=now,
            )  # fmt: skip
        _pushing.allowed(citizen_id=citizen_id, source=source, given=given, now=now)
        _pushing.ended(citizen_id=citizen_id, source=source.agency.code, categories=covered, now=now)
        if run is not None:
            pull.wake(run.pk)
    return run.pk if run is not None else None


def _same_text(shown: Offer, token: str) -> None:
    if not hmac.compare_digest(shown.token.encode(), token.encode()):
        raise Conflict(CHANGED)


def unmatched(*, purposes: Iterable[str], categories: Iterable[str]) -> tuple[list[str], list[str]]:
    """The chosen purposes for which no data was chosen, and the chosen data that none of the chosen purposes is about; both as they came."""
    chosen = list(categories)
    used = {purpose: fitting(purpose, chosen) for purpose in purposes}
    found = {category for each in used.values() for category in each}
    return [purpose for purpose, each in used.items() if not each], [category for category in chosen if category not in found]


def _wrong(field: str, word: str, chosen: list[str], offered: list[str]) -> dict[str, str]:
    if not chosen:
        return {field: f"{word}_required"}
    return {} if set(chosen) <= set(offered) else {field: f"{word}_unknown"}
