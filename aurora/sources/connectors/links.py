"""The `Link` header (RFC 8288), as far as pages need it: what comes next. Pure; linear in the header's length, whatever stands in it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

LONGEST = 4096
LONGEST_ADDRESS = 2000


class LinkWrong(ValueError):
    """It cannot be read, or names two next pages."""


def following(header: str) -> str | None:
    """The target of the one link whose relation is `next`, as it stands. None without one. Raises `LinkWrong`."""
    if len(header) > LONGEST:
        raise LinkWrong
    found = [target for target, relations, anchored in _links(header) if "next" in relations and not anchored]
    if len(set(found)) > 1:
        raise LinkWrong
    return found[0] if found else None


def resolve(base: str, target: str) -> str:
    """The target as an address of the same origin, without fragment. Raises `LinkWrong` for any other."""
    if len(target) > LONGEST_ADDRESS or not (target.isascii() and target.isprintable()) or " " in target or "\\" in target:
        raise LinkWrong
    try:
        address = urljoin(base, target).partition("#")[0]
        here, there = urlsplit(base), urlsplit(address)
        same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    except ValueError:
        raise LinkWrong from None
    if not same or len(address) > LONGEST_ADDRESS:
        raise LinkWrong
    return address


def _links(header: str) -> list[tuple[str, frozenset[str], bool]]:
    """Of each link: target, relations, and whether it is said of another page than this one (`anchor`, 3.2)."""
    links: list[tuple[str, frozenset[str], bool]] = []
    rest = header.strip()
    while rest:
        if not rest.startswith("<") or ">" not in rest:
            raise LinkWrong
        target, _, rest = rest[1:].partition(">")
        parameters, rest = _parameters(rest.lstrip())
        # Only the first `rel` counts (3.3).
        links.append((target.strip(), frozenset(parameters.get("rel", "").lower().split()), "anchor" in parameters))
        rest = rest.lstrip(" \t,")
    return links


def _parameters(rest: str) -> tuple[dict[str, str], str]:
    """The parameters that follow a target, and what is left of the header."""
    found: dict[str, str] = {}
    while rest.startswith(";"):
        rest = rest[1:].lstrip()
        end = next((i for i, c in enumerate(rest) if c in "=;,"), len(rest))
        name, rest = rest[:end].strip().lower(), rest[end:]
        value = ""
        if rest.startswith("="):
            value, rest = _value(rest[1:].lstrip())
        found.setdefault(name, value)
        rest = rest.lstrip()
    if rest and not rest.startswith(","):
        raise LinkWrong
    return found, rest


def _value(rest: str) -> tuple[str, str]:
    """A token or a quoted string (RFC 9110 5.6.4)."""
    if not rest.startswith('"'):
        end = next((i for i, c in enumerate(rest) if c in ";, \t"), len(rest))
        return rest[:end], rest[end:]
    said, i = [], 1
    while i < len(rest) and rest[i] != '"':
        i += rest[i] == "\\"
        said.append(rest[i : i + 1])
        i += 1
    if i >= len(rest):
        raise LinkWrong
    return "".join(said), rest[i + 1 :]
