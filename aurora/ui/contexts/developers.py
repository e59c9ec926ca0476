"""The developers' pages. See the package for the conventions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.safestring import SafeString

from aurora.ui.contexts.shared import FieldError, Text
from aurora.ui.developers.changes import Entry
from aurora.ui.developers.openapi import Answer, Operation
from aurora.ui.developers.problems import Problem


@dataclass(frozen=True, slots=True)
class Link:
    """A page with what it is about."""

    url: str
    name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class DevelopersPage:
    """`developers/index.html`. `documents` are in English; `credentials_url` is the page that gives credentials, or says where to ask."""

    start: tuple[Link, ...]
    reference: tuple[Link, ...]
    documents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """`developers/document.html`: one of docs/agency, in English. `above`: the document of which this is a chapter."""

    title: str
    body: SafeString
    above: Link | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent and what came back, as text. `words` says what happens, in English."""

    title: str
    words: str
    request: str
    answer: str
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationPage:
    """`developers/authorization.html`: the way to a first read, step by step."""

    steps: tuple[Exchange, ...]
    metadata_url: str


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """`developers/webhooks.html`. `python`, `javascript`: programs that verify a notice; tests run them."""

    python: str
    javascript: str
    keys_url: str
    events: tuple[tuple[str, str], ...]
    ping: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """`by`: for whom it is counted, "" where nothing is."""

    what: str
    by: str
    most: str


@dataclass(frozen=True, slots=True)
class LimitGroup:
    name: str
    rows: tuple[LimitRow, ...]

    @property
    def counted(self) -> bool:
        return any(row.by for row in self.rows)


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """`developers/limits.html`: in English, as the installation is configured. `problem_url`: what to do about a 429."""

    groups: tuple[LimitGroup, ...]
    problem_url: str
    reference_url: str


@dataclass(frozen=True, slots=True)
class ReferenceGroup:
    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """`developers/reference.html`: all operations by tag, and the documents to download."""

    groups: tuple[ReferenceGroup, ...]
    json_url: str
    yaml_url: str


@dataclass(frozen=True, slots=True)
class OperationPage:
    """`developers/operation.html`. `request`, `answer`: as it went over the wire; `signed`: what is inside of a body that is signed."""

    operation: Operation
    about: tuple[str, ...]
    token: str
    answers: tuple[Answer, ...]
    problems: tuple[Problem, ...]
    request: str = ""
    answer: str = ""
    signed: str = ""


@dataclass(frozen=True, slots=True)
class ProblemRow:
    problem: Problem
    url: str
    means: Text


@dataclass(frozen=True, slots=True)
class ProblemsPage:
    """`developers/problems.html`."""

    api: tuple[ProblemRow, ...]
    oauth: tuple[ProblemRow, ...]


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """`developers/problem.html`. `todo` may hold links."""

    problem: Problem
    type_uri: str
    means: str
    todo: SafeString
    retry: str
    operations: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CategoryRow:
    code: str
    name: Text
    about: Text
    sensitive: bool
    source: str
    url: str


@dataclass(frozen=True, slots=True)
class PurposeRow:
    code: str
    name: Text
    about: Text


@dataclass(frozen=True, slots=True)
class ConceptsPage:
    """`developers/concepts.html`: purposes and categories that there are."""

    purposes: tuple[PurposeRow, ...]
    categories: tuple[CategoryRow, ...]
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FactLine:
    key: str
    label: Text
    kind: str
    unit: str


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """`developers/category.html`: the facts of a category. `schema`: as JSON text."""

    row: CategoryRow
    version: int
    facts: tuple[FactLine, ...]
    schema: str


@dataclass(frozen=True, slots=True)
class ChangelogPage:
    """`developers/changelog.html`."""

    entries: tuple[Entry, ...]
    feed_url: str


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    name: Text
    checked: bool = False


@dataclass(frozen=True, slots=True)
class CredentialsPage:
    """`developers/credentials.html`. `open`: this is a sandbox and gives credentials."""

    open: bool
    name: str = ""
    redirect_uri: str = ""
    notice_uri: str = ""
    jwk: str = field(default="", repr=False)
    purposes: tuple[Choice, ...] = ()
    categories: tuple[Choice, ...] = ()
    days: int = 0
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class CredentialsMadePage:
    """`developers/credentials_made.html`: shown once. `secret` opens the page of events."""

    client_id: str
    agency: str
    expires_at: datetime
    events_url: str
    metadata_url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EventRow:
    """A request of the client's. `hint`: what to do, by the problem's code."""

    at: datetime
    what: str
    status: int
    code: str
    code_url: str
    hint: str
    proved: bool


@dataclass(frozen=True, slots=True)
class PingRow:
    """A test notice. `state` and `wrong` in words, "" if nothing is wrong; `headers`: those of the signature that was sent."""

    at: datetime
    state: str
    pending: bool
    status: int | None
    took: int | None
    wrong: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice of something that happened: of what kind, how often it was tried, and what was wrong with the last try."""

    at: datetime
    kind: str
    state: str
    attempts: int
    wrong: str


@dataclass(frozen=True, slots=True)
class EventsPage:
    """`developers/events.html`: of one client of the sandbox."""

    client_id: str
    expires_at: datetime
    notice_uri: str
    requests: tuple[EventRow, ...]
    pings: tuple[PingRow, ...]
    notices: tuple[NoticeRow, ...]
    most: int
    kept_days: int
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class EventsEntryPage:
    """`developers/events_enter.html`: the secret is asked for."""

    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientPingsPage:
    """`console/client_pings.html`. `notice_uri` is "" where no test can be sent."""

    client_id: str
    name: Text
    notice_uri: str
    back_url: str
    pings: tuple[PingRow, ...]
    errors: tuple[FieldError, ...] = ()
