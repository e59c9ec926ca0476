"""Sources, the consent page before connecting one, and a pull's progress."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from aurora.journeys.connect_source import Offer, unmatched
from aurora.portal.present import again
from aurora.portal.present.vocabulary import Vocabulary, category_view, connect_url, purpose_view
from aurora.sources import connections, feeds, pulls, registry
from aurora.sources.models import Connection, DataSource, Pull, PullPart
from aurora.sources.pushes import batches
from aurora.ui import connect_words, words
from aurora.ui.contexts import (
    Banner,
    CategoryChoice,
    ConnectPage,
    EndChoice,
    FieldError,
    NoticeKind,
    NoticePart,
    PullPage,
    PullStep,
    PullStepState,
    PurposeChoice,
    SourcesPage,
    SourceState,
    SourceView,
    Text,
)
from aurora.ui.renewals import renewal as why_again
from consent import queries
from consent.models import ConsentRecord, PurposeVersion
from consent.purposes import fitting, limited, only_for
from consent.rules import latest_end
from consent.terms import Term

OPEN = (Pull.State.QUEUED, Pull.State.RUNNING)
# What only a new consent, or a new sign-in at the source, mends.
FOR_THE_CITIZEN = frozenset({"revoked", "wrong_citizen", "oauth_error", "no_consent", "consent_outdated", "cancelled"})
ENDS = (3, 6, 12)
STEP_STATES = {
    PullPart.State.WAITING: PullStepState.WAITING,
    PullPart.State.FETCHED: PullStepState.FETCHING,
    PullPart.State.DONE: PullStepState.DONE,
    PullPart.State.SAME: PullStepState.SAME,
    PullPart.State.FAILED: PullStepState.FAILED,
}


def sources_page(*, citizen_id: UUID, now: datetime, problem: str = "", declined: bool = False, connected: bool = False) -> SourcesPage:
    """All sources with the citizen's state at each. In their scope."""
    words_ = Vocabulary()
    standing = {c.source_id: c for c in connections.standing(citizen_id=citizen_id)}
    newest = {p.connection_id: p for p in pulls.latest(citizen_id=citizen_id)}
    seen = feeds.seen_of(citizen_id=citizen_id)
    consents: dict[Any, ConsentRecord] = {}
    renewals: dict[Any, str] = {}
    live = [r for r in queries.live(citizen_id=citizen_id, at=now) if r.source_id]
    for record in live:
        consents.setdefault(record.source_id, record)
        if queries.behind(record) & set(record.covered):
            renewals.setdefault(record.source_id, why_again(queries.changed_kind(record)))
    return SourcesPage(
        tuple(
            _source(source, words_, standing.get(source.pk), newest, seen, consents.get(source.pk), renewals.get(source.pk, ""))
            for source in registry.active()
        ),
        _banner(problem, declined, connected),
    )


def _banner(problem: str, declined: bool, connected: bool) -> Banner | None:
    if problem:
        return Banner(NoticeKind.ATTENTION, str(words.connect_error(problem)))
    if connected:
        return Banner(NoticeKind.INFO, str(words.banner("connected_pushing")))
    return Banner(NoticeKind.INFO, str(words.banner("connect_declined"))) if declined else None


def _source(
    source: DataSource,
    words_: Vocabulary,
    connection: Connection | None,
    newest: Mapping[UUID, Pull],
    seen: Mapping[UUID, datetime],
    consent: ConsentRecord | None,
    renewal: str,
) -> SourceView:
    code = source.agency.code
    pull = newest.get(connection.pk) if connection else None
    state = _state(connection, pull)
    troubled = state is SourceState.ATTENTION and pull is not None
    again = _may_fetch_again(connection, pull)
    return SourceView(
        code=code,
        name=source.agency.name,
        description={},
        categories=tuple(category_view(c) for c in words_.categories.values() if c.category.source_id == source.pk),
        state=state,
        connect_url=connect_url(code),
        pull_url=reverse("portal:pull", args=[pull.pk]) if pull else "",
        consent_url=reverse("portal:consent", args=[consent.pk]) if consent else "",
        since=connection.connected_at if connection else None,
        last_pull_at=seen.get(connection.pk) if connection else None,
        fetch_url=reverse("portal:fetch_again", args=[code]) if again and state is not SourceState.FETCHING else "",
        reason=str(words.pull_error(_error(pull))) if troubled and pull else "",
        remedy=str(words.pull_remedy(_error(pull))) if troubled and pull else "",
        can_reconnect=state is SourceState.ATTENTION and not again,
        renewal=renewal,
        pushes=batches.is_pushed(source),
    )


def _may_fetch_again(connection: Connection | None, pull: Pull | None) -> bool:
    """Of a source that is asked at all, unless the citizen must do something at it first."""
    return connection is not None and connection.state == Connection.State.LIVE and pull is not None and _error(pull) not in FOR_THE_CITIZEN


def _error(pull: Pull) -> str:
    if pull.error:
        return pull.error
    return next((p.error for p in pull.parts.all() if p.error), "")


def _state(connection: Connection | None, pull: Pull | None) -> SourceState:
    if connection is None:
        return SourceState.NOT_CONNECTED
    if connection.state == Connection.State.BROKEN:
        return SourceState.ATTENTION
    if pull is not None and pull.state in OPEN:
        return SourceState.FETCHING
    failed = pull is not None and (pull.state == Pull.State.FAILED or any(p.error for p in pull.parts.all()))
    return SourceState.ATTENTION if failed else SourceState.CONNECTED


def connect_page(shown: Offer, *, today: date, form: QueryDict | None = None, errors: Mapping[str, str] | None = None) -> ConnectPage:
    """The consent page: nothing is ticked but what the citizen ticked before an error."""
    sent = form if form is not None else QueryDict()
    purposes, categories, end = sent.getlist("purposes"), sent.getlist("categories"), sent.get("end", "")
    return ConnectPage(
        source_code=shown.source.agency.code,
        source_name=shown.source.agency.name,
        purposes=tuple(PurposeChoice(purpose_view(p), p.purpose_id in purposes, _needs(shown, p)) for p in shown.purposes),
        categories=tuple(
            CategoryChoice(
                category_view(c),
                c.category_id in categories,
                again.marks(shown.texts, c.category_id),
                again.same(shown.texts, c.category_id),
                tuple(p.name for p in shown.purposes if p.purpose_id in only_for(c.category_id)),
            )
            for c in shown.categories
        ),
        ends=(
            *(EndChoice(str(m), latest_end(today, months=m), end == str(m)) for m in ENDS),
            EndChoice("own", None, end == "own"),
        ),
        latest_end=latest_end(today),
        back_url=reverse("portal:sources"),
        terms=notice_parts(shown.terms),
        source_host=urlsplit(shown.source.issuer).netloc,
        own_day=sent.get("own_day", "")[:4],
        own_month=sent.get("own_month", "")[:4],
        own_year=sent.get("own_year", "")[:6],
        notice_token=shown.token,
        errors=tuple(_connect_errors(shown, purposes, categories, errors or {})),
        again=again.view(shown.texts),
    )


def _needs(shown: Offer, purpose: PurposeVersion) -> tuple[Text, ...]:
    """The only data that a purpose is about, of what the source holds."""
    about = limited().get(purpose.purpose_id, frozenset())
    return tuple(c.name for c in shown.categories if c.category_id in about)


def _connect_errors(shown: Offer, purposes: list[str], categories: list[str], errors: Mapping[str, str]) -> Iterator[FieldError]:
    """Purposes and data that do not go together are named, and what would mend it: a sentence each."""
    idle, unused = unmatched(purposes=purposes, categories=categories)
    held = [c.category_id for c in shown.categories]
    for field, code in errors.items():
        if code == "purpose_without_data":
            said = [
                connect_words.purpose_without_data(
                    p.name, [c.name for c in shown.categories if c.category_id in fitting(p.purpose_id, held)]
                )
                for p in shown.purposes
                if p.purpose_id in idle
            ]
        elif code == "data_without_purpose":
            said = [
                connect_words.data_without_purpose(c.name, [p.name for p in shown.purposes if fitting(p.purpose_id, [c.category_id])])
                for c in shown.categories
                if c.category_id in unused
            ]
        else:
            said = [str(words.form_error(code))]
        yield FieldError(field, " ".join(said))


def notice_parts(terms: Iterable[Term]) -> dict[str, NoticePart]:
    """The terms that are kept with a consent, for the page that shows them."""
    return {t.code: NoticePart(t.heading, t.sentences) for t in terms}


def field_errors(errors: Mapping[str, str]) -> tuple[FieldError, ...]:
    """Codes of `words.form_error` by field, as the page shows them."""
    return tuple(FieldError(field, str(words.form_error(code))) for field, code in errors.items())


def has_failed(pull: Pull) -> bool:
    """Whether anything of it came to nothing, and will not be tried again by this pull."""
    return pull.state not in OPEN and (pull.state == Pull.State.FAILED or any(p.error for p in pull.parts.all()))


def pull_page(pull: Pull, due: Mapping[str, datetime | None] = MappingProxyType({})) -> PullPage:
    """The progress of one pull, category by category. `due`: when each category is asked again, where something failed."""
    words_ = Vocabulary()
    source = pull.connection.source
    again = has_failed(pull) and _may_fetch_again(pull.connection, pull)
    return PullPage(
        source_name=source.agency.name,
        started_at=pull.created_at,
        finished=pull.state not in OPEN,
        steps=tuple(_step(pull, part, words_, due.get(part.category)) for part in pull.parts.all()),
        sources_url=reverse("portal:sources"),
        my_data_url=reverse("portal:my_data"),
        suggestions_url=reverse("portal:suggestions"),
        reconnect_url=connect_url(source.agency.code) if pull.state == Pull.State.FAILED and not again else "",
        fetch_url=reverse("portal:fetch_again", args=[source.agency.code]) if again else "",
        fragment_url=reverse("portal:pull_fragment", args=[pull.pk]),
    )


def _step(pull: Pull, part: PullPart, words_: Vocabulary, due: datetime | None) -> PullStep:
    waiting_again = pull.state == Pull.State.QUEUED and bool(pull.error)
    error = part.error or (pull.error if waiting_again else "")
    state = PullStepState.FAILED if error else STEP_STATES[PullPart.State(part.state)]
    if pull.state == Pull.State.RUNNING and state is PullStepState.WAITING:
        state = PullStepState.FETCHING
    return PullStep(
        category=words_.category(part.category),
        state=state,
        facts=part.facts,
        reason=str(words.pull_error(error)) if error else "",
        retry_at=pull.due_at if waiting_again else due,
    )
