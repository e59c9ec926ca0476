"""Where a key-encryption key is: `file:///absolute/path`, or an object in a PKCS#11 token (RFC 7512). Read by `aurora.env`; opens nothing.

    pkcs11:token=aurora;object=kek-2026?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin

Of RFC 7512's attributes these: `token`, `object`, `id` (percent-encoded bytes) and `serial`, all of which must match, then `module-path` and
`pin-source`. `pin-value` is refused: an address stands in logs, process lists and tickets, and a PIN must not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from aurora.database_url import EnvError
from aurora.keyfiles import KeyFile

_PATH, _QUERY = {"token", "object", "id", "serial", "type"}, {"module-path", "pin-source"}


@dataclass(frozen=True, slots=True)
class KekToken:
    """A secret key in a token: what finds it, the library that speaks to the token, and the file with the PIN."""

    token: str
    label: str
    object_id: bytes
    serial: str
    module: Path
    pin_file: Path

    def __str__(self) -> str:
        return f"{self.label or self.object_id.hex()} in the token {self.token}"


KekPlace = KeyFile | KekToken


def parse(url: str, variable: str) -> KekPlace:
    """One address. Raises EnvError, which names the variable and never repeats the address: somebody may have put a PIN into it."""
    scheme = url.partition(":")[0].lower()
    if scheme == "file":
        return _file(url, variable)
    if scheme == "pkcs11":
        return _token(url[len("pkcs11:") :], variable)
    raise EnvError(f"{variable} must be addresses that start with file:// or pkcs11:")


def _file(url: str, variable: str) -> KeyFile:
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or not path.is_absolute():
        raise EnvError(f"{variable}: a key file is named as in file:///etc/aurora/kek")
    if not path.is_file():
        raise EnvError(f"{variable} names {path}, which is not a file")
    return KeyFile(path, "aes256", create=False)


def _token(text: str, variable: str) -> KekToken:
    path, _, query = text.partition("?")
    found = _attributes(path, ";", _PATH, variable) | _attributes(query, "&", _QUERY, variable)
    if not found.get("token") or not (found.get("object") or found.get("id")):
        raise EnvError(f"{variable}: a pkcs11 address names the token, and the key by object or id")
    if found.get("type", "secret-key") != "secret-key":
        raise EnvError(f"{variable}: the key in the token must be a secret-key")
    module, source = Path(unquote(found.get("module-path", ""))), unquote(found.get("pin-source", ""))
    if not module.is_absolute():
        raise EnvError(f"{variable}: module-path must be the absolute path of the token's PKCS#11 library")
    pin = Path(urlsplit(source).path if source.startswith("file:") else source)
    if not pin.is_absolute():
        raise EnvError(f"{variable}: pin-source must be a file, as in pin-source=file:/run/secrets/pin")
    return KekToken(
        token=unquote(found["token"]), label=unquote(found.get("object", "")), object_id=unquote_to_bytes(found.get("id", "")),
        serial=unquote(found.get("serial", "")), module=module, pin_file=pin,
    )  # fmt: skip


def _attributes(text: str, separator: str, known: set[str], variable: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, has_value, value = part.partition("=")
        if name == "pin-value":
            raise EnvError(f"{variable}: a PIN has no place in an address; put it into a file and name that by pin-source")
        if name not in known or not has_value or name in found:
            raise EnvError(f"{variable}: a pkcs11 address may have {', '.join(sorted(known))} there, each once")
        found[name] = value
    return found
