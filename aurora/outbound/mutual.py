"""TLS with a client certificate of ours (RFC 8446, 4.4.2), where a peer wants to see one: an operator's files, in a folder that the operator sets.

The database knows the names of the files and never what is in them. The peer's certificate is verified as always, its name included: against
the system's authorities, or, where the operator names a file of its own, against what is in that file and nothing else.
"""

from __future__ import annotations

import re
import ssl
import stat
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from django.conf import settings

# A file of the folder, and no way out of it.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_Stamp = tuple[str, int, int]


class TlsUnusable(ValueError):
    """The files are not there, not readable, or not a certificate with its key. The text names a file and never what is in it. For operators."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """Names of files in `AURORA_TLS_DIR`: our certificate with its chain, its private key, and whom to believe (PEM each). "": the system's authorities."""

    certificate: str
    key: str
    ca: str = ""

    def context(self) -> ssl.SSLContext:
        """Made once a process and state of the files: a certificate that the operator renews is used from then on. Raises `TlsUnusable`."""
        files = [name for name in (self.certificate, self.key, self.ca) if name]
        return _context(self, tuple(_stamp(name, private=name == self.key) for name in files))

    def ends_at(self) -> datetime:
        """When this will open nothing any more: the first certificate of our chain has run out, or the last of those whom we believe. Raises
        `TlsUnusable`. The key is not looked at.
        """
        chain = _certificates(self.certificate)
        believed = _certificates(self.ca) if self.ca else []
        ours = min(one.not_valid_after_utc for one in chain)
        return min(ours, max(one.not_valid_after_utc for one in believed)) if believed else ours


@lru_cache(maxsize=32)
def _context(tls: ClientTls, stamps: tuple[_Stamp, ...]) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context(cafile=str(_path(tls.ca)) if tls.ca else None)
    except (OSError, ssl.SSLError):
        raise TlsUnusable(f"{tls.ca} holds no certificate of an authority") from None
    try:
        # Asked for a passphrase a worker would wait at a terminal that it has not: a key that has one is none.
        made.load_cert_chain(_path(tls.certificate), _path(tls.key), password=lambda: "")
    except (OSError, ssl.SSLError):
        raise TlsUnusable(f"{tls.certificate} and {tls.key} are not a certificate and its private key without a passphrase") from None
    return made


def _stamp(name: str, *, private: bool) -> _Stamp:
    try:
        found = _path(name).stat()
    except OSError as error:
        raise TlsUnusable(f"{name} in AURORA_TLS_DIR cannot be read: {type(error).__name__}") from None
    if private and found.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise TlsUnusable(f"{name} in AURORA_TLS_DIR is open to other users; run: chmod 600 {name}")
    return name, found.st_ino, found.st_mtime_ns


def _certificates(name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_path(name).read_bytes())
    except OSError as error:
        raise TlsUnusable(f"{name} in AURORA_TLS_DIR cannot be read: {type(error).__name__}") from None
    except ValueError:
        raise TlsUnusable(f"{name} in AURORA_TLS_DIR holds no certificate") from None


def _path(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise TlsUnusable("a file is named by its name alone: letters, digits, dots, dashes and underscores")
    folder: Path = settings.AURORA_TLS_FOLDER
    return folder / name
