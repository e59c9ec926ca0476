"""How mail leaves the house: `EMAIL_URL`, parsed and typed. Read by `aurora.env` only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TIMEOUT_SECONDS = 20
_SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_FORM = "smtp://user:password@host:587?from=aurora@example.org, smtps://... (TLS from the start), or file:///folder?from=..."


@dataclass(frozen=True, slots=True)
class MailUrl:
    """Where mail is handed over and in whose name. With `folder` each mail becomes a file there (the demo); else SMTP.

    `smtp` means STARTTLS, without which nothing is sent; only to this machine itself may it be plain (RFC 8314).
    """

    sender: str
    folder: Path | None = None
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(repr=False, default="")
    tls: bool = False
    starttls: bool = False

    @classmethod
    def parse(cls, url: str, variable: str = "EMAIL_URL") -> MailUrl:
        """Raises ValueError with a sentence that names the variable and never quotes it: it may hold a password."""
        try:
            parts = urlsplit(url)
            port, query = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        except ValueError:
            raise ValueError(f"{variable} is not a valid URL; it looks like {_FORM}") from None
        sender = query.pop("from", "")
        if not _SENDER.fullmatch(sender):
            raise ValueError(f"{variable} must say in whose name mail goes out, as in ?from=aurora@example.org")
        if query or parts.fragment:
            raise ValueError(f"{variable} has a part that means nothing here; only ?from= may follow the address")
        if parts.scheme == "file":
            return cls(sender, folder=_folder(parts.netloc, parts.path, variable))
        if parts.scheme not in ("smtp", "smtps"):
            raise ValueError(f"{variable} must start with smtp://, smtps:// or file://; it looks like {_FORM}")
        if not parts.hostname or parts.path.strip("/"):
            raise ValueError(f"{variable} must name one mail server; it looks like {_FORM}")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if bool(user) != bool(password):
            raise ValueError(f"{variable} must give both user and password, or neither")
        tls = parts.scheme == "smtps"
        starttls = not tls and parts.hostname not in LOOPBACK
        return cls(sender, None, parts.hostname, port or (465 if tls else 587), user, password, tls, starttls)

    def django(self) -> dict[str, Any]:
        """Django's settings, by name."""
        if self.folder is not None:
            return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": str(self.folder)}
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": self.host,
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": self.user,
            "EMAIL_HOST_PASSWORD": self.password,
            "EMAIL_USE_SSL": self.tls,
            "EMAIL_USE_TLS": self.starttls,
            "EMAIL_TIMEOUT": TIMEOUT_SECONDS,
        }


def _folder(host: str, path: str, variable: str) -> Path:
    folder = Path(unquote(path))
    if host or not folder.is_absolute() or folder == Path("/"):
        raise ValueError(f"{variable} must give the folder's absolute path, as in file:///var/spool/aurora?from=aurora@example.org")
    return folder
