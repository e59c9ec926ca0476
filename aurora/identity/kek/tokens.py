"""A key-encryption key in a PKCS#11 token (an HSM, or a KMS by its vendor's library): the key never leaves it, we hand in what is to be wrapped.

CKM_AES_GCM with our own random nonce of 96 bits and associated data (PKCS #11 3.0, 2.10.2.1). A token that makes nonces itself cannot be used:
logging in says so. One process speaks to a library by one thread at a time: libraries are started without locks of their own, and a
fork must start them anew.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aurora.identity.kek.errors import WRONG, KeyUnavailable
from aurora.kek_url import KekToken

_PROBE = b"aurora kek probe"


class TokenAway(KeyUnavailable):
    """The token does not answer. Not said of a PIN that is refused: that is not tried twice, since a token counts."""


class _Module:
    """A vendor's library in this process: started once, started anew after a fork or when its token has come back. Hold `lock` to speak to it."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock, self.generation = path, threading.RLock(), 0
        self._library: Any = None
        self._pid = 0

    def library(self) -> Any:
        import pkcs11

        if self._library is None:
            if not self.path.is_file():
                raise KeyUnavailable(f"There is no PKCS#11 library at {self.path}.")
            try:
                self._library = pkcs11.lib(str(self.path))
            except (pkcs11.PKCS11Error, OSError):
                raise KeyUnavailable(f"The PKCS#11 library {self.path} cannot be started.") from None
        elif self._pid != os.getpid():
            self.restart()
        self._pid = os.getpid()
        return self._library

    def restart(self) -> None:
        """All sessions of this process end; whoever has one of an earlier generation must log in again."""
        import pkcs11

        self.generation, self._pid = self.generation + 1, os.getpid()
        try:
            self._library.reinitialize()
        except pkcs11.PKCS11Error:
            raise KeyUnavailable(f"The PKCS#11 library {self.path} does not start again.") from None


_modules: dict[Path, _Module] = {}


class TokenKek:
    """Logs in when it is first used. `id` is of the key's CKA_ID (its label, where it has none): the same key in a second token has the same."""

    def __init__(self, place: KekToken) -> None:
        self._place = place
        self._module = _modules.setdefault(place.module, _Module(place.module))
        self._key: Any = None
        self._session: Any = None
        self._of: tuple[int, int] = (0, 0)
        self.id = hashlib.sha256(b"pkcs11-kek" + (place.object_id or place.label.encode())).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"TokenKek({self.id}: {self._place})"

    def encrypt(self, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        return self._ask(lambda key: key.encrypt(plaintext, mechanism=_gcm(), mechanism_param=_with(nonce, associated)))

    def decrypt(self, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
        return self._ask(lambda key: key.decrypt(ciphertext, mechanism=_gcm(), mechanism_param=_with(nonce, associated)))

    def _ask(self, operation: Callable[[Any], Any]) -> bytes:
        """Tokens say the same of a value that does not open and of a session that is gone: so a failure is followed by a probe, and by a new
        session where the probe fails too."""
        import pkcs11

        with self._module.lock:
            fresh = self._connect()
            try:
                return bytes(operation(self._key))
            except pkcs11.PKCS11Error:
                if fresh or self._answers():
                    raise KeyUnavailable(WRONG) from None
            self._connect(again=True)
            try:
                return bytes(operation(self._key))
            except pkcs11.PKCS11Error:
                raise KeyUnavailable(WRONG if self._answers() else f"The key-encryption key {self._place} does not answer.") from None

    def _answers(self) -> bool:
        """Whether what it encrypts it decrypts again, under the nonce that we chose."""
        import pkcs11

        parameters = _with(os.urandom(12), b"probe")
        try:
            sealed = self._key.encrypt(_PROBE, mechanism=_gcm(), mechanism_param=parameters)
            return bytes(self._key.decrypt(sealed, mechanism=_gcm(), mechanism_param=parameters)) == _PROBE
        except pkcs11.PKCS11Error:
            return False

    def _connect(self, *, again: bool = False) -> bool:
        """Log in, if need be; True where that was done. Raises `KeyUnavailable`."""
        library = self._module.library()
        if not again and self._key is not None and self._of == (self._module.generation, os.getpid()):
            return False
        self._key = self._session = None
        if again:
            self._module.restart()
        try:
            self._session, self._key = _open(library, self._place)
        except TokenAway:
            if again:
                raise
            # A library that has seen its token leave does not see it come back.
            self._module.restart()
            self._session, self._key = _open(library, self._place)
        self._of = (self._module.generation, os.getpid())
        if not self._answers():
            self._key = None
            raise KeyUnavailable(f"The key {self._place} does not do AES-GCM with a nonce and associated data of ours.")
        return True


def _open(library: Any, place: KekToken) -> tuple[Any, Any]:
    import pkcs11

    wanted = {"token_label": place.token} | ({"serial": place.serial.encode()} if place.serial else {})
    template: dict[Any, Any] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY, pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES}
    if place.label:
        template[pkcs11.Attribute.LABEL] = place.label
    if place.object_id:
        template[pkcs11.Attribute.ID] = place.object_id
    try:
        pin = place.pin_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnavailable(f"The PIN file {place.pin_file} cannot be read: {type(error).__name__}.") from None
    try:
        session = library.get_token(**wanted).open(user_pin=pin)
        found = list(session.get_objects(template))
        if len(found) != 1:
            raise KeyUnavailable(f"There are {len(found)} AES keys {place} where one is meant.")
        if found[0][pkcs11.Attribute.EXTRACTABLE] or not found[0][pkcs11.Attribute.SENSITIVE]:
            raise KeyUnavailable(f"The key {place} can be read out of it: make one that is sensitive and not extractable.")
    except (pkcs11.PinIncorrect, pkcs11.PinLocked):
        raise KeyUnavailable(f"The token {place.token} refuses the PIN in {place.pin_file}.") from None
    except pkcs11.PKCS11Error as error:
        raise TokenAway(f"The token of the key {place} is away: {type(error).__name__}.") from None
    return session, found[0]


def _gcm() -> Any:
    import pkcs11

    return pkcs11.Mechanism.AES_GCM


def _with(nonce: bytes, associated: bytes) -> Any:
    import pkcs11

    return pkcs11.GCMParams(nonce, associated, 128)
