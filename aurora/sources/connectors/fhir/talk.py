"""One conversation with a FHIR server: reads and searches (R4, "RESTful API"), page by page, within bounds. Every failure is a `PeerFailed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from aurora.outbound import peer
from aurora.outbound.guard import guarded_client
from aurora.outbound.oauth import PeerFailed
from aurora.sources.connectors.answer import Asked
from aurora.sources.connectors.fhir import outcome
from aurora.sources.connectors.fhir.declare import base_of

PAGE = 100
MOST_PAGES = 60
MOST_RESOURCES = 3_000
MOST_BYTES = 12_000_000
# Of one page: a resource has some twenty or thirty.
MOST_BRACKETS = 20_000
_ACCEPT = "application/fhir+json; fhirVersion=4.0"


class Reply(NamedTuple):
    """A resource as it came, and its ETag. `body` None: not modified (RFC 9110 15.4.5)."""

    body: dict[str, Any] | None
    etag: str


class Talk:
    """`with Talk(asked) as talk`: one connection, one token, and one measure of how much is listened to."""

    def __init__(self, asked: Asked) -> None:
        self.base = base_of(asked.settings)
        self._still = asked.still
        self._headers = {"Authorization": f"Bearer {asked.token}", "Accept": _ACCEPT}
        self._client = guarded_client()
        self._bytes, self._asked = 0, False

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def read(self, resource: str, identifier: str, *, elements: str = "", etag: str = "") -> Reply:
        """One resource, or only some of its elements. `etag`: the one we have, so that it is told only when it has changed."""
        query = f"?_elements={elements}" if elements else ""
        response = self._get(f"{self.base}/{resource}/{identifier}{query}", {"If-None-Match": etag} if etag else {})
        if response.status_code == httpx.codes.NOT_MODIFIED and etag:
            return Reply(None, etag)
        found = self._checked(response)
        if found.get("resourceType") != resource or found.get("id") != identifier:
            raise invalid()
        return Reply(found, response.headers.get("ETag", ""))

    def pages(self, resource: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The Bundles of a search, followed by their links of relation `next` (R4, "Paging"), each at this server."""
        address = f"{self.base}/{resource}?{urlencode({**query, '_count': str(PAGE)})}"
        seen: set[str] = set()
        while address:
            # A page that leads back to itself, or to yet another one without end.
            if address in seen or len(seen) >= MOST_PAGES:
                raise PeerFailed("too_large", retryable=False)
            response = self._get(address, {})
            if response.status_code == httpx.codes.GONE and seen:
                raise PeerFailed("source_down")  # its pages have grown old: begin again, later
            seen.add(address)
            bundle = self._checked(response)
            if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
                raise invalid()
            yield bundle
            address = self._next(bundle, address)

    def _get(self, address: str, headers: Mapping[str, str]) -> httpx.Response:
        if self._asked:
            self._still()
        self._asked = True
        try:
            response = self._client.get(address, headers={**self._headers, **headers})
        except httpx.RequestError as error:
            raise peer.unreachable(error) from None
        except httpx.InvalidURL:
            raise invalid() from None
        self._bytes += len(response.content)
        if self._bytes > MOST_BYTES:
            raise PeerFailed("too_large", retryable=False)
        return response

    def _checked(self, response: httpx.Response) -> dict[str, Any]:
        """The answer as an object. A refusal is what its status says, or else its OperationOutcome."""
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise PeerFailed("revoked", retryable=False)
        usual = None if response.is_success else peer.failure(response)
        if usual is not None and usual.retryable:
            raise usual
        try:
            found = peer.json_object_of(response.content, brackets=MOST_BRACKETS)
        except PeerFailed as error:
            raise usual or error from None
        if outcome.is_outcome(found):
            raise outcome.failure(found) or usual or invalid()
        if usual is not None:
            raise usual
        return found

    def _next(self, bundle: dict[str, Any], here: str) -> str:
        links = bundle.get("link", [])
        if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
            raise invalid()
        following = [link.get("url") for link in links if link.get("relation") == "next"]
        if not following:
            return ""
        if len(following) > 1 or not isinstance(following[0], str):
            raise invalid()
        try:
            address = urljoin(here, following[0])
            there, own = urlsplit(address), urlsplit(self.base)
            same = (there.scheme, there.hostname, there.port) == (own.scheme, own.hostname, own.port)
        except ValueError:
            raise invalid() from None
        # Our token goes along: to this server, and to no other that it names.
        if not same or there.username is not None or there.password is not None:
            raise invalid()
        return address


def invalid() -> PeerFailed:
    return PeerFailed("invalid_answer", retryable=False)
