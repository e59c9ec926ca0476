"""The vault: everything a citizen owns is sealed under their own data key, so that destroying the key erases it.

AES-256-GCM; associated data = citizen, what it is (`context`), key version (NIST SP 800-38D). A sealed value moved to another citizen, fact
or key does not open. The data key is wrapped by the key-encryption key and kept open in memory for five minutes. While it is rotated
(`aurora.identity.rotation`) two versions open side by side, and the newer one seals.

What must be found again without being readable (the name of a fact) has a mark beside it, by a second key of the citizen's that does not rotate.
"""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection
from django.utils import timezone

from aurora.identity import keys
from aurora.identity.models import DataKey, FormerKey
from aurora.telemetry import metrics
from consent.errors import OutsideTransaction

OPEN_KEYS = 10_000
OPEN_SECONDS = 300.0
MARK_BYTES = 16
_MARKING_KEY_BYTES = 32
_FORMAT = b"\x01"
_LAST_VERSION = 2**15 - 1  # that its column can say


class VaultClosed(RuntimeError):
    """There is no key for this citizen, or the value was not sealed for this place. No value is in the message."""


class _Kept:
    """A citizen's newest key, those former ones that something was opened by, and the key that marks, wrapped until something is marked."""

    __slots__ = ("formers", "key", "marking", "marking_wrapped", "until", "version")

    def __init__(self, until: float, version: bytes, key: AESGCM, marking_wrapped: bytes) -> None:
        self.until, self.version, self.key, self.marking_wrapped = until, version, key, marking_wrapped
        self.formers: dict[bytes, AESGCM] = {}
        self.marking: bytes | None = None


class _OpenKeys:
    """The keys opened last, each for five minutes from when the database was asked for it, those of at most ten thousand citizens."""

    def __init__(self) -> None:
        self._keys: OrderedDict[UUID, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, citizen_id: UUID) -> tuple[bytes, AESGCM] | None:
        with self._lock:
            kept = self._keys.get(citizen_id)
            if kept is None or kept.until < time.monotonic():
                self._keys.pop(citizen_id, None)
                return None
            self._keys.move_to_end(citizen_id)
            return kept.version, kept.key

    def marking(self, citizen_id: UUID) -> tuple[bytes | None, bytes] | None:
        """The key that marks, if it was opened, and as it is wrapped."""
        with self._lock:
            kept = self._keys.get(citizen_id)
            return (kept.marking, kept.marking_wrapped) if kept is not None and kept.until >= time.monotonic() else None

    def put_marking(self, citizen_id: UUID, wrapped: bytes, key: bytes) -> None:
        with self._lock:
            kept = self._keys.get(citizen_id)
            if kept is not None and kept.marking_wrapped == wrapped:
                kept.marking = key

    def put(self, citizen_id: UUID, version: bytes, key: AESGCM, marking_wrapped: bytes, *, asked: float | None = None) -> None:
        with self._lock:
            self._keys[citizen_id] = _Kept((time.monotonic() if asked is None else asked) + OPEN_SECONDS, version, key, marking_wrapped)
            self._keys.move_to_end(citizen_id)
            while len(self._keys) > OPEN_KEYS:
                self._keys.popitem(last=False)

    def former(self, citizen_id: UUID, version: bytes) -> AESGCM | None:
        with self._lock:
            kept = self._keys.get(citizen_id)
            return kept.formers.get(version) if kept is not None and kept.until >= time.monotonic() else None

    def put_former(self, citizen_id: UUID, version: bytes, key: AESGCM) -> None:
        with self._lock:
            kept = self._keys.get(citizen_id)
            if kept is not None:
                kept.formers[version] = key

    def forget(self, citizen_id: UUID) -> None:
        with self._lock:
            self._keys.pop(citizen_id, None)


_open_keys = _OpenKeys()


def create_key(*, citizen_id: UUID) -> None:
    """Make a citizen's data key, and the key that marks. In a `citizen_scope`; once a citizen."""
    DataKey.objects.create(
        citizen_id=citizen_id,
        wrapped=new_wrapped(citizen_id=citizen_id),
        marking_wrapped=new_marking_wrapped(citizen_id=citizen_id),
        kek_id=keys.kek_id(),
        created_at=timezone.now(),
    )


def new_wrapped(*, citizen_id: UUID) -> bytes:
    """A new data key, wrapped. Nobody has seen it otherwise."""
    return keys.seal_for_platform(AESGCM.generate_key(bit_length=256), context=wrapping_context(citizen_id))


def wrapping_context(citizen_id: UUID) -> bytes:
    """What a citizen's data keys are wrapped for."""
    return b"data-key:" + citizen_id.bytes


def new_marking_wrapped(*, citizen_id: UUID) -> bytes:
    """A new key that marks, wrapped. Nobody has seen it otherwise."""
    return keys.seal_for_platform(secrets.token_bytes(_MARKING_KEY_BYTES), context=marking_context(citizen_id))


def marking_context(citizen_id: UUID) -> bytes:
    """What the key that marks is wrapped for: it never opens as a data key, nor a data key as this."""
    return b"marking-key:" + citizen_id.bytes


def has_key(*, citizen_id: UUID) -> bool:
    """Whether anything of this citizen can be opened at all: not after they were erased. Asked of the row, not of what is in memory. In their scope."""
    return DataKey.objects.filter(pk=citizen_id).exists()


def destroy_key(*, citizen_id: UUID) -> None:
    """Erase all that is sealed for a citizen, by destroying its key, with all versions of it. In a `citizen_scope`.

    Other processes forget the key when their copy is five minutes old.
    """
    DataKey.objects.filter(pk=citizen_id).delete()  # former versions and a rotation go with it, by the database
    _open_keys.forget(citizen_id)


def forget(*, citizen_id: UUID) -> None:
    """Ask the database for this citizen's key when it is needed next."""
    _open_keys.forget(citizen_id)


def seal(plaintext: bytes, *, citizen_id: UUID, context: bytes) -> bytes:
    """Seal a value of one citizen for one place, by the newest version of their key. In the transaction that writes it, in their `citizen_scope`:
    a rotation destroys a former version when no transaction is left that may have sealed by it. Raises `VaultClosed` when there is no key,
    `OutsideTransaction`.
    """
    return seal_each((plaintext,), (context,), citizen_id=citizen_id)[0]


def seal_each(plaintexts: Iterable[bytes], contexts: Iterable[bytes], *, citizen_id: UUID) -> list[bytes]:
    """`seal` of several values of one citizen, each for its own place: the key is looked for once."""
    if not connection.in_atomic_block:
        raise OutsideTransaction("vault.seal must run in the transaction that writes what it seals")
    version, key = _open_keys.get(citizen_id) or _newest(citizen_id)
    begins, bound, sealed, random = head(version), citizen_id.bytes + version, key.encrypt, os.urandom
    return [
        begins + (nonce := random(keys.NONCE_BYTES)) + sealed(nonce, plaintext, bound + context)
        for plaintext, context in zip(plaintexts, contexts, strict=True)
    ]


def open_sealed(sealed: bytes | memoryview, *, citizen_id: UUID, context: bytes) -> bytes:
    """Open what `seal` made for the same citizen and place, by the version of the key that it names. Raises `VaultClosed`."""
    blob = bytes(sealed)
    version = blob[1:3]
    if blob[:1] != _FORMAT or len(version) < 2:
        raise VaultClosed("Sealed in another format.")
    key = _key_of(citizen_id, version)
    nonce, body = blob[3 : 3 + keys.NONCE_BYTES], blob[3 + keys.NONCE_BYTES :]
    try:
        return key.decrypt(nonce, body, citizen_id.bytes + version + context)
    except (InvalidTag, ValueError):  # ValueError: too little is left of it
        raise VaultClosed("Not sealed for this place.") from None


def mark(text: bytes, *, citizen_id: UUID) -> bytes:
    """By what something of one citizen is found again, by who has its name and the citizen's key: the same for the same text, whatever has been
    rotated, and never the same for two citizens. `MARK_BYTES` bytes (HMAC-SHA-256, cut short as RFC 2104, 5 allows). In their `citizen_scope`.
    Raises `VaultClosed`.
    """
    return marks((text,), citizen_id=citizen_id)[0]


def marks(texts: Iterable[bytes], *, citizen_id: UUID) -> list[bytes]:
    """`mark` of several texts, in their order."""
    key, digest = _marking_key(citizen_id), hmac.digest
    return [digest(key, text, "sha256")[:MARK_BYTES] for text in texts]


def head(version: bytes) -> bytes:
    """How everything begins that a version (two bytes) of a citizen's key has sealed."""
    return _FORMAT + version


def version_bytes(version: int) -> bytes:
    """A version as it stands in what it has sealed."""
    return version.to_bytes(2, "big")


def _key_of(citizen_id: UUID, version: bytes) -> AESGCM:
    kept = _open_keys.get(citizen_id)
    if kept is not None and kept[0] == version:
        return kept[1]
    former = _open_keys.former(citizen_id, version)
    if former is not None:
        return former
    newest, key = _newest(citizen_id)  # also where one is kept: it may have got a successor meanwhile
    if newest == version:
        return key
    wrapped = _former(citizen_id, int.from_bytes(version, "big"))
    if wrapped is None:
        raise VaultClosed("Sealed under another version of the key.")
    former = AESGCM(keys.open_for_platform(wrapped, context=wrapping_context(citizen_id)))
    _open_keys.put_former(citizen_id, version, former)
    return former


def _marking_key(citizen_id: UUID) -> bytes:
    kept = _open_keys.marking(citizen_id)
    if kept is None:
        _newest(citizen_id)
        kept = _open_keys.marking(citizen_id)
        if kept is None:  # ten thousand others came between
            raise VaultClosed("There is no key for this citizen.")
    key, wrapped = kept
    if key is None:
        key = keys.open_for_platform(wrapped, context=marking_context(citizen_id))
        _open_keys.put_marking(citizen_id, wrapped, key)
    return key


def _newest(citizen_id: UUID) -> tuple[bytes, AESGCM]:
    asked = time.monotonic()
    row = DataKey.objects.filter(pk=citizen_id).values_list("wrapped", "version", "marking_wrapped").first()
    if row is None:
        raise VaultClosed("There is no key for this citizen.")
    metrics.unwrapped()
    raw = keys.open_for_platform(row[0], context=wrapping_context(citizen_id))
    opened = version_bytes(row[1]), AESGCM(raw)
    _open_keys.put(citizen_id, *opened, bytes(row[2]), asked=asked)
    return opened


def _former(citizen_id: UUID, version: int) -> bytes | None:
    """A former version, wrapped, while a rotation is under way. After it, for what a law keeps back and is due: by a function that asks whether it is."""
    if version > _LAST_VERSION:
        return None
    found = FormerKey.objects.filter(citizen_id=citizen_id, version=version).values_list("wrapped", flat=True).first()
    if found is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT vault.key_of_kept(%s, %s)", [citizen_id, version])
            found = cursor.fetchone()[0]
    return None if found is None else bytes(found)
