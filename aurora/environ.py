"""Reads environment variables, one at a time, each by its kind. Used by `aurora.env` only."""

from __future__ import annotations

import importlib.util
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aurora import kek_url, keyfiles
from aurora.database_url import DatabaseUrl, EnvError, split_url
from aurora.mail_url import LOOPBACK, MailUrl
from consent.ledger.note import COSIGNATURE, ML_DSA_44, NotVerified, parse_vkey

MOST_WITNESSES = 8


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness of the access log: its verifier key (C2SP signed-note) and its submission prefix (C2SP tlog-witness), without a trailing slash."""

    vkey: str
    url: str

    @property
    def name(self) -> str:
        return self.vkey.partition("+")[0]


@dataclass(frozen=True, slots=True)
class Address:
    """Where something listens: an address of this host, and a port."""

    host: str
    port: int


class Reader:
    """Reads one variable at a time; an empty value counts as unset, since that is what compose files and CI leave behind."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def _get(self, variable: str) -> str:
        return self._environ.get(variable, "").strip()

    def flag(self, variable: str) -> bool:
        value = self._get(variable).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("", "0", "false", "no", "off"):
            return False
        raise EnvError(f"{variable} must be 1 or 0, not {value!r}")

    def number(self, variable: str, default: int, *, most: int, of: str = "", least: int = 1) -> int:
        """A whole number from `least` to `most`; `of` says what it counts."""
        value = self._get(variable) or str(default)
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not least <= int(value) <= most:
            raise EnvError(f"{variable} must be a whole number{of} from {least} to {most}, not {value[:20]!r}")
        return int(value)

    def seconds(self, variable: str, default: int) -> timedelta:
        return timedelta(seconds=self.number(variable, default, most=86_400, of=" of seconds"))

    def address(self, variable: str) -> Address | None:
        """`host:port`, as in 127.0.0.1:9464 or [::1]:9464. The host is an address: a name might come to mean all of this host's."""
        value = self._get(variable)
        if not value:
            return None
        host, _, port = value.rpartition(":")
        try:
            found = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        except ValueError:
            raise EnvError(f"{variable} must be an address and a port, as in 127.0.0.1:9464, not {value[:60]!r}") from None
        if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            raise EnvError(f"{variable} must end with a port from 1 to 65535, as in 127.0.0.1:9464")
        return Address(str(found), int(port))

    def choice(self, variable: str, allowed: tuple[str, ...], default: str) -> Any:
        value = self._get(variable) or default
        if value not in allowed:
            raise EnvError(f"{variable} must be one of {', '.join(allowed)}, not {value!r}")
        return value

    def path(self, variable: str, default: Path) -> Path:
        value = self._get(variable)
        path = Path(value).expanduser() if value else default
        if not path.is_absolute():
            raise EnvError(f"{variable} must be an absolute path, not {value!r}: processes start in different folders")
        return path

    def key_file(self, variable: str, folder: Path, kind: keyfiles.Kind, name: str = "") -> keyfiles.KeyFile:
        """A key file named by the operator must exist: making a new key in silence would orphan what the old one protects."""
        if not self._get(variable):
            return keyfiles.KeyFile(folder / (name or keyfiles.DEFAULT_NAMES[kind]), kind, create=True)
        path = self.path(variable, folder)
        if not path.is_file():
            raise EnvError(f"{variable} names {path}, which is not a file")
        return keyfiles.KeyFile(path, kind, create=False)

    def key_files(self, variable: str, kind: keyfiles.Kind) -> tuple[keyfiles.KeyFile, ...]:
        """Key files separated by colons, as in PATH; each must exist."""
        paths = [Path(part).expanduser() for part in self._get(variable).split(":") if part]
        if missing := [path for path in paths if not path.is_file()]:
            raise EnvError(f"{variable} names {missing[0]}, which is not a file")
        return tuple(keyfiles.KeyFile(path, kind, create=False) for path in paths)

    def kek(self, url: str, file: str, folder: Path) -> kek_url.KekPlace:
        """The key-encryption key that seals: by its address, or by the short form for a file."""
        if not self._get(url):
            return self.key_file(file, folder, "aes256")
        if self._get(file):
            raise EnvError(f"{url} and {file} are both set: they mean the same key, so name it once")
        return kek_url.parse(self._get(url), url)

    def former_keks(self, urls: str, files: str) -> tuple[kek_url.KekPlace, ...]:
        """Further keys that open and do not seal: addresses separated by spaces, files by colons."""
        return (*(kek_url.parse(one, urls) for one in self._get(urls).split()), *self.key_files(files, "aes256"))

    def database(self, variable: str) -> DatabaseUrl | None:
        value = self._get(variable)
        return DatabaseUrl.parse(value, variable) if value else None

    def url(self, variable: str, schemes: tuple[str, ...]) -> str | None:
        value = self._get(variable)
        if not value:
            return None
        parts = split_url(value, variable)
        if parts.scheme not in schemes:
            raise EnvError(f"{variable} must start with one of {', '.join(f'{s}://' for s in schemes)}, not {parts.scheme}://")
        on_socket = parts.scheme in ("unix", "redis+socket")
        if on_socket and not parts.path.startswith("/"):
            raise EnvError(f"{variable} must give the socket's absolute path, as in {parts.scheme}:///run/valkey.sock")
        if not on_socket and not parts.hostname:
            raise EnvError(f"{variable} must name a host, as in {parts.scheme}://host:6379/0")
        return value

    def traces(self, places: tuple[str, ...], *, off: str, exporter: str, protocols: tuple[str, ...]) -> bool:
        """Whether one of `places` names a receiver of traces. The library that reads them is imported by who traces, and nobody else."""
        named = [variable for variable in places if self.url(variable, ("http", "https"))]
        if not named or self.flag(off) or self._get(exporter) == "none":
            return False
        for variable in protocols:
            if self._get(variable) not in ("", "http/protobuf"):
                raise EnvError(f"{variable} must be http/protobuf, the one way by which Aurora sends traces")
        try:
            found = importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http")
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise EnvError(
                f"{named[0]} is set, and what sends traces is not installed: pip install --require-hashes -r requirements-otel.txt"
            )
        return True

    def mail(self, variable: str, folder: Path | None) -> MailUrl | None:
        """Without an address the sandbox puts mails into `folder`, and a service in earnest sends none."""
        value = self._get(variable)
        if not value:
            return MailUrl(sender="aurora@localhost", folder=folder) if folder else None
        try:
            return MailUrl.parse(value, variable)
        except ValueError as error:
            raise EnvError(str(error)) from None

    def jurisdiction(self, variable: str, default: str) -> str:
        """Whose law holds, for records and receipts: a code of DPV's locations."""
        value = self._get(variable) or default
        if not re.fullmatch(r"[A-Z]{2}", value):
            raise EnvError(f"{variable} must be a country's code (ISO 3166-1 alpha-2) such as FI, or EU")
        return value

    def contacts(self, variable: str, default: str) -> tuple[str, ...]:
        """Where to write to, best first, as RFC 9116 2.5.3 has it: addresses separated by spaces."""
        found = tuple((self._get(variable) or default).split())
        for one in found:
            if not re.fullmatch(r"(mailto:[^\s@:/]+@[^\s@/]+|tel:[+0-9-]+|https://[^\s@]+)", one, re.ASCII):
                raise EnvError(
                    f"{variable} must be addresses such as mailto:security@aurora.example or https://..., separated by spaces, not {one[:40]!r}"
                )
        return found

    def base_url(self, variable: str, default: str, *, plain_http: bool) -> str:
        """The public address, without a trailing slash: it is the issuer, and issuers are compared byte for byte (RFC 8414)."""
        value = self._get(variable)
        parts = split_url(value or default, variable)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EnvError(f"{variable} must be an http(s) address, as in https://aurora.example")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise EnvError(f"{variable} must be scheme, host and port only: no path, query, fragment or user")
        loopback = parts.hostname in LOOPBACK
        if value and parts.scheme == "http" and not (plain_http and loopback):
            raise EnvError(f"{variable} must be https; plain http is for AURORA_SANDBOX=1 on localhost only")
        if plain_http and not loopback:
            raise EnvError(f"AURORA_SANDBOX=1 is for a base address on localhost only, but {variable} is {parts.hostname}")
        return f"{parts.scheme}://{parts.netloc}".lower()

    def witnesses(self, variable: str, *, plain_http: bool) -> tuple[WitnessAddress, ...]:
        """Pairs of verifier key and address, all separated by white space."""
        words = self._get(variable).split()
        if len(words) % 2:
            raise EnvError(
                f"{variable} must be pairs of a verifier key and an address, separated by spaces; one of them lacks its other half"
            )
        found = tuple(
            WitnessAddress(*self._witness(variable, *words[at : at + 2], plain_http=plain_http)) for at in range(0, len(words), 2)
        )
        if len({one.name for one in found}) < len(found) or len({one.url for one in found}) < len(found):
            raise EnvError(f"{variable} names a witness twice: each has a name, a key and an address of its own")
        if len(found) > MOST_WITNESSES:
            raise EnvError(f"{variable} names {len(found)} witnesses; at most {MOST_WITNESSES} fit into a checkpoint's note")
        return found

    def _witness(self, variable: str, vkey: str, url: str, *, plain_http: bool) -> tuple[str, str]:
        try:
            key = parse_vkey(vkey)
        except NotVerified:
            raise EnvError(f"{variable}: {vkey[:40]!r} is not a verifier key such as witness.example+1a2b3c4d+BA...") from None
        if key.kind not in (COSIGNATURE, ML_DSA_44):
            raise EnvError(f"{variable}: the key of {key.name} is a log's, not a witness's (its type is neither 4 nor 6)")
        parts = split_url(url, variable)
        plain = plain_http and parts.scheme == "http" and parts.hostname in LOOPBACK
        if (parts.scheme != "https" and not plain) or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise EnvError(f"{variable}: the address of {key.name} must be https, without query, fragment or user")
        return str(key), url.rstrip("/")

    def origin(self, variable: str, base_url: str) -> str:
        """The ledger's name in its checkpoints (C2SP tlog-checkpoint): a schema-less URL without spaces or plus signs."""
        value = self._get(variable) or f"{base_url.split('://', 1)[1]}/ledger"
        if any(c.isspace() or c == "+" for c in value) or "://" in value or not value.isascii() or len(value) > 255:
            raise EnvError(
                f"{variable} must be a name such as aurora.example/ledger: ASCII, without scheme, spaces or '+', of at most 255 characters"
            )
        return value
