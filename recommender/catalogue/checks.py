"""What a service must be, whoever wrote it: codes that exist, dates in order, links that are safe, relations without cycles. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from recommender.catalogue.areas import MUNICIPALITIES
from recommender.catalogue.model import CHANNELS, PublicService
from recommender.catalogue.text import Text
from recommender.errors import CatalogueError

LONGEST_IDENTIFIER = 100  # characters
MOST = 2000  # entries of any list of a service; a service for each municipality but one has 308 areas
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_REGION = re.compile(r"R[0-9]{2}\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,59}\Z")
# Host with a dot, no user name, no port tricks: what a citizen may be sent to.
_LINK = re.compile(
    r"https://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(:[0-9]{1,5})?([/?#][^\s<>\"'\\^`{|}]*)?\Z", re.IGNORECASE
)
LONGEST_LINK = 2000  # characters


def is_link(address: str) -> bool:
    """Whether an address may stand behind a link: https, a named host, nobody's user name in it, no blanks, quotes or markup."""
    return len(address) <= LONGEST_LINK and address.isascii() and _LINK.match(address) is not None


def check(service: PublicService) -> None:
    """Raises `CatalogueError` with the first fault."""
    if len(service.identifier) > LONGEST_IDENTIFIER or not _IDENTIFIER.match(service.identifier):
        raise CatalogueError(
            f"{service.identifier[:40]!r} is no identifier: small letters, digits and hyphens, at most {LONGEST_IDENTIFIER}."
        )
    for name in ("life_events", "channels", "areas", "languages", "target_groups", "service_classes", "contacts", "requires", "related"):
        found = getattr(service, name)
        if len(found) > MOST:
            raise CatalogueError(f"There are more than {MOST} {name}.")
        if len(set(found)) != len(found):
            raise CatalogueError(f"The same is said twice in {name}.")
    _codes(service)
    if service.valid_from and service.valid_until and service.valid_until < service.valid_from:
        raise CatalogueError(f"It ends ({service.valid_until}) before it begins ({service.valid_from}).")
    for contact in service.contacts:
        if contact.web and not is_link(contact.web):
            raise CatalogueError("A link must begin with https:// and name a host.")
    if service.meters is not None and (len(service.meters) != 10 or not all(0 <= one <= 1 for one in service.meters)):
        raise CatalogueError("Meters are ten numbers from 0 to 1.")
    if service.identifier in service.requires + service.related:
        raise CatalogueError("It is related to itself.")


def _codes(service: PublicService) -> None:
    for area in service.areas:
        if area not in MUNICIPALITIES and not _REGION.match(area):
            raise CatalogueError(f"There is no municipality with the code {area[:20]!r}.")
    if not all(_LANGUAGE.match(one) for one in service.languages):
        raise CatalogueError("A language is a code of ISO 639 in two or three small letters.")
    if not all(_TERM.match(one) for one in (*service.life_events, *service.target_groups, *service.service_classes)):
        raise CatalogueError("Life events, target groups and classes are codes of letters, digits, dots and hyphens.")
    if not set(service.channels) <= set(CHANNELS) or not {one.kind for one in service.contacts} <= set(CHANNELS):
        raise CatalogueError(f"Channels are some of {', '.join(CHANNELS)}.")


def check_relations(services: Mapping[str, PublicService]) -> dict[str, str]:
    """Faults by identifier: what is required must be there, and requiring goes in no circle. Related services may name each other."""
    faults = {
        one.identifier: "It requires a service that is not in the catalogue."
        for one in services.values()
        if not services.keys() >= set(one.requires)
    }
    for identifier in on_cycles({one.identifier: one.requires for one in services.values()}):
        faults[identifier] = "It requires itself, in a circle of services that require each other."
    return faults


def on_cycles(edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The nodes from which one comes back to them (Tarjan's strongly connected components, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    found: set[str] = set()
    for root in edges:
        work: list[tuple[str, Any]] = [] if root in index else [(root, iter(tuple(edges[root])))]
        while work:
            node, children = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
                waiting.add(node)
            child = next(children, None)
            if child is not None:
                if child == node:
                    found.add(node)
                if child not in index:
                    work.append((child, iter(tuple(edges.get(child, ())))))
                elif child in waiting:
                    low[node] = min(low[node], index[child])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                component: list[str] = []
                while not component or component[-1] != node:
                    component.append(stack.pop())
                waiting -= set(component)
                found |= set(component) if len(component) > 1 else set()
    return frozenset(found)


def first_words(text: Text) -> str:
    """A service's name for a report of refusals: in the language there is, cut."""
    return text["fi"][:80]
