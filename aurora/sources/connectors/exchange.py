"""One answer of a source, page by page: asked within bounds, taken as a whole or not at all.

A connector is a `Way` (where the question goes and what goes with it) and a `Form` (what a page says). Here is what all of them have in common:
conditional requests (RFC 9110, 13.1.2), pages (RFC 8288), signatures, and how much of a source's time and words is too much.
"""

from __future__ import annotations

import logging
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from aurora.outbound import peer
from aurora.outbound.kept import kept_client
from aurora.outbound.mutual import ClientTls, TlsUnusable
from aurora.outbound.peer import PeerFailed
from aurora.sources.connectors import envelope, links, signed
from aurora.sources.connectors.answer import Answer, Asked, Mark, Times, Unchanged

logger = logging.getLogger(__name__)
MOST_PAGES = 1000
MOST_BYTES = 20_000_000  # of all pages; the guard bounds each
LONGEST_SECONDS = 300.0
BRACKETS = 20_000  # of one page
DEEPEST = 50
LONGEST_CURSOR = 512
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,256}"')  # RFC 9110 8.8.3


@dataclass(frozen=True, repr=False)
class Page:
    """What one page says. `frame`: an answer's members but for its facts, the same on each page. `since`: the cursor that an increment begins at.

    `next`: the next page's address, if the page itself names it.
    """

    frame: Mapping[str, Any]
    facts: Mapping[str, Any]
    gone: Sequence[str] | None = None
    since: str | None = None
    cursor: str = ""
    times: Mapping[str, Times] = field(default_factory=dict)
    next: str | None = None


class Form(Protocol):
    """What a page's JSON says, in the words of docs/architecture.md ("Sources over HTTP"). Raises `PeerFailed`."""

    def __call__(self, found: dict[str, Any]) -> Page: ...


class Way(Protocol):
    """Where the question goes, and by which certificate of ours, if any. `check` sees every answer before its status is judged. Raises `PeerFailed`."""

    @property
    def address(self) -> str: ...
    @property
    def tls(self) -> ClientTls | None: ...
    def headers(self) -> dict[str, str]: ...
    def check(self, sent: Mapping[str, str], response: httpx.Response) -> None: ...
    def may_follow(self, address: str) -> bool: ...


def take(asked: Asked, *, way: Way, form: Form, cursors: bool = False) -> Answer | Unchanged:
    """The whole answer. `cursors`: this form knows `?since=`. Raises `PeerFailed`; no value is in the error."""
    since = asked.since.cursor if cursors else ""
    address = f"{way.address}?{urlencode({'since': since})}" if since else way.address
    # An ETag is of one address: with a cursor the question is another each time.
    etag = "" if since else asked.since.etag
    seen: set[str] = set()
    pages: list[Page] = []
    attested = True
    kept_etag, taken, until = "", 0, time.monotonic() + LONGEST_SECONDS
    with kept_client(way.address, tls=_shown(way)) as client:
        while True:
            seen.add(address)
            response = _ask(client, asked, way, address, etag if not pages else "")
            if response.status_code == 304:
                if not etag or pages:
                    raise _invalid()
                return Unchanged(asked.category.category_id, asked.since)
            taken += len(response.content)
            if taken > MOST_BYTES:
                raise PeerFailed("too_large", retryable=False)
            page, is_signed = _page(response, asked, form)
            attested = attested and is_signed
            pages.append(page)
            kept_etag = _etag(response)
            following = _following(response, page, is_signed, address, way)
            if following is None:
                return _joined(asked, pages, attested=attested, etag=kept_etag, since=since)
            if following in seen:
                raise _invalid()
            if len(pages) >= MOST_PAGES:
                raise PeerFailed("too_large", retryable=False)
            if time.monotonic() > until:
                raise PeerFailed("timeout")
            asked.still()
            address = following


def _shown(way: Way) -> ssl.SSLContext | None:
    """Where our own files are amiss, it is as if the source were down: tried again, since an operator mends it, and said in our log."""
    try:
        return way.tls.context() if way.tls is not None else None
    except TlsUnusable as error:
        logger.error("A source cannot be asked: %s", error)
        raise PeerFailed("source_down") from None


def _ask(client: httpx.Client, asked: Asked, way: Way, address: str, etag: str) -> httpx.Response:
    accept = signed.MEDIA_TYPE if "signature" in asked.settings else f"application/json, {signed.MEDIA_TYPE};q=0.9"
    headers = {"Accept": accept, "Authorization": f"Bearer {asked.token}", **way.headers()}
    if etag:
        headers["If-None-Match"] = etag
    response = peer.ask(client, "GET", address, headers=headers)
    way.check(headers, response)
    return peer.judged(response, protected=True, also=(304,))


def _page(response: httpx.Response, asked: Asked, form: Form) -> tuple[Page, bool]:
    """What a page says, and whether its source has signed it. A source that signs is not believed unsigned."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == signed.MEDIA_TYPE:
        opened = signed.opened(response.content, asked)
        return replace(form(_shallow(opened.data)), next=opened.next), True
    if "signature" in asked.settings:
        raise PeerFailed("signature_invalid", retryable=False)
    return form(_shallow(peer.json_object_of(response.content, brackets=BRACKETS))), False


def _shallow(found: dict[str, Any]) -> dict[str, Any]:
    """What a parser still reads may be too deep for whoever walks it. Raises `PeerFailed`."""
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        level = [
            inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer) if isinstance(inner, dict | list)
        ]
        if not level:
            return found
    raise _invalid()


def _following(response: httpx.Response, page: Page, is_signed: bool, address: str, way: Way) -> str | None:
    """Where the next page is: as the page itself names it, and else, unless a signature would have to cover it, as its `Link` header does."""
    try:
        target = page.next if is_signed or page.next else links.following(response.headers.get("Link", ""))
        if target is None:
            return None
        found = links.resolve(address, target)
    except links.LinkWrong:
        raise _invalid() from None
    if not way.may_follow(found):
        raise _invalid()
    return found


def _joined(asked: Asked, pages: Sequence[Page], *, attested: bool, etag: str, since: str) -> Answer:
    """All pages as one answer, under the checks that any answer passes. Only here does the source's mark come into being."""
    first, last = pages[0], pages[-1]
    if any((page.frame, page.since) != (first.frame, first.since) for page in pages):
        raise _invalid()
    if first.since is not None and (not since or first.since != since):
        raise _invalid()
    facts: dict[str, Any] = {}
    times: dict[str, Times] = {}
    gone: set[str] = set()
    for page in pages:
        # Said twice is said in two ways, sooner or later; and a page that comes again is not told from one that goes on.
        if facts.keys() & page.facts.keys() or gone & set(page.gone or ()):
            raise _invalid()
        facts |= {key: plain(value) for key, value in page.facts.items()}
        times |= page.times
        gone |= set(page.gone or ())
    if not times.keys() <= facts.keys():
        raise _invalid()
    whole = {**first.frame, "facts": facts, **({"gone": sorted(gone)} if first.since is not None else {})}
    answer = envelope.read(whole, asked.category, attested=attested)
    # The ETag of a page is not that of the answer.
    mark = Mark(cursor=last.cursor) if last.cursor else Mark(etag=etag if len(pages) == 1 and first.since is None else "")
    return replace(answer, times=times, mark=mark)


def plain(value: Any) -> Any:
    """A number on which all readers agree (RFC 7493 2.2), in the one spelling that a twin holds, however deep it stands. Raises `PeerFailed`."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return envelope.value_of(value)


def cursor_of(value: Any) -> str:
    """What may be sent back in an address later. Raises `PeerFailed`."""
    if not isinstance(value, str) or len(value) > LONGEST_CURSOR or not (value.isascii() and value.isprintable()):
        raise _invalid()
    return value


def _etag(response: httpx.Response) -> str:
    """Sent back word for word; one that is no header value, or too long to keep, is as none."""
    found: str = response.headers.get("ETag", "").strip()
    return found if _ETAG.fullmatch(found) else ""


def _invalid() -> PeerFailed:
    return PeerFailed("invalid_answer", retryable=False)
