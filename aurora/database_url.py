"""Where the database is: `DATABASE_URL`, parsed and typed. Read by `aurora.env` only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


class EnvError(ValueError):
    """A setting is missing, malformed or contradicts another; the message names the variable, never a secret value."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A parsed PostgreSQL URL. `host` is a name, an address, or the folder of a unix socket (then `port` may be None)."""

    name: str
    user: str
    password: str = field(repr=False, default="")
    host: str = ""
    port: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, url: str, variable: str = "DATABASE_URL") -> DatabaseUrl:
        """`postgresql://user:password@host:port/name?sslmode=...`, or `postgresql://user@/name?host=/folder/of/socket`.

        Raises EnvError. Percent-encoding is decoded in every part, so a socket folder may also stand where the host does.
        """
        parts = split_url(url, variable)
        if parts.scheme not in ("postgresql", "postgres"):
            raise EnvError(f"{variable} must start with postgresql:// (Aurora runs on PostgreSQL only), not {parts.scheme}://")
        options = _query(parts, variable)
        host = options.pop("host", "") or _raw_host(parts)
        name = unquote(parts.path.removeprefix("/")) or options.pop("dbname", "")
        user = unquote(parts.username or "") or options.pop("user", "")
        if not name or "/" in name:
            raise EnvError(f"{variable} must name one database after the host, as in postgresql://user@host/aurora")
        if not user:
            raise EnvError(f"{variable} must name the role to connect as, as in postgresql://aurora_app@host/aurora")
        return cls(name, user, unquote(parts.password or ""), host, _port(parts, options, variable), options)

    def django(self) -> dict[str, Any]:
        """The entry for Django's DATABASES."""
        return {
            "ENGINE": "aurora.database",
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": str(self.port or ""),
            "OPTIONS": dict(self.options),
        }

    @property
    def server(self) -> tuple[str, int, str]:
        """What says whether two URLs mean the same database: host, port, name."""
        return (self.host, self.port or 5432, self.name)


def split_url(url: str, variable: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # urlsplit checks the port only when asked
    except ValueError:
        # "from None": urllib's own message quotes the URL, which may carry a password.
        raise EnvError(f"{variable} is not a valid URL") from None
    if not parts.scheme or "://" not in url:
        raise EnvError(f"{variable} is not a URL")
    return parts


def _raw_host(parts: SplitResult) -> str:
    """The host as written, decoded: `hostname` lowers it, which breaks %2Fpaths."""
    host = parts.netloc.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return unquote(host.partition(":")[0])


def _query(parts: SplitResult, variable: str) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise EnvError(f"{variable} gives a query parameter twice")
    return dict(pairs)


def _port(parts: SplitResult, options: dict[str, str], variable: str) -> int | None:
    text = options.pop("port", "")
    if not text:
        return parts.port
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise EnvError(f"{variable} has a port that is no port number")
    return int(text)
