"""An owner's package: a zip with the contract, the test vectors and the models, read within limits and never unpacked by its own names.

Layout: `contract.json`, `vectors.json`, `models/<name>.onnx`. The signature comes beside it. A package is what its bytes are: `sha256` is over the zip.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from recommender.errors import EvaluatorRefused

LARGEST_ZIP = 20 * 1024 * 1024  # bytes
LARGEST_WHOLE = 32 * 1024 * 1024  # unpacked
MOST_FILES = 16
CONTRACT, VECTORS, MODELS = "contract.json", "vectors.json", "models/"
# Compiled with fullmatch in mind: `$` would let a name end in a new line.
MODEL_NAME = re.compile(r"models/[a-z][a-z0-9_]{0,39}\.onnx")
LARGEST = MappingProxyType({CONTRACT: 256 * 1024, VECTORS: 2 * 1024 * 1024})
LARGEST_MODEL = 20 * 1024 * 1024

# APPNOTE.TXT 4.3.16 and 4.3.15. A comment or the 64-bit form has no use in so small a file.
_END, _END_SIZE, _LOCATOR_64, _LOCATOR_SIZE = b"PK\x05\x06", 22, b"PK\x06\x07", 20
_LARGEST_DIRECTORY = 16 * 1024
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Package:
    """`models`: file name to bytes. `sha256`: hex, of the zip."""

    sha256: str
    contract: bytes = field(repr=False)
    vectors: bytes = field(repr=False)
    models: Mapping[str, bytes] = field(repr=False)

    @property
    def contents(self) -> dict[str, bytes]:
        """Every file by its name, sorted."""
        return dict(sorted({CONTRACT: self.contract, VECTORS: self.vectors, **self.models}.items()))

    @property
    def files(self) -> dict[str, str]:
        """Every file's SHA-256 in hex by its name, sorted: what the signature must be over, no more and no less."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.contents.items()}


def read(content: bytes) -> Package:
    """Raises `EvaluatorRefused`: package_too_large, package_unreadable, package_layout."""
    if len(content) > LARGEST_ZIP:
        raise EvaluatorRefused("package_too_large")
    _directory_is_small(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = _files(archive)
    except EvaluatorRefused:
        raise
    # zipfile reports a damaged file by any of these.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, IndexError, OverflowError):
        raise EvaluatorRefused("package_unreadable") from None
    models = {name: data for name, data in found.items() if name.startswith(MODELS)}
    if CONTRACT not in found or VECTORS not in found or not models:
        raise EvaluatorRefused("package_layout")
    return Package(hashlib.sha256(content).hexdigest(), found[CONTRACT], found[VECTORS], MappingProxyType(models))


def _directory_is_small(content: bytes) -> None:
    """Before zipfile reads the whole directory into memory: as many entries as fit into the file would be a million."""
    end = content[-_END_SIZE:]
    if len(end) < _END_SIZE or not end.startswith(_END):
        raise EvaluatorRefused("package_unreadable")
    if content[-_END_SIZE - _LOCATOR_SIZE :].startswith(_LOCATOR_64):
        raise EvaluatorRefused("package_unreadable")
    if int.from_bytes(end[12:16], "little") > _LARGEST_DIRECTORY or int.from_bytes(end[10:12], "little") > MOST_FILES + 1:
        raise EvaluatorRefused("package_layout")


def _files(archive: zipfile.ZipFile) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    room = LARGEST_WHOLE
    for entry in archive.infolist():
        if entry.filename == MODELS and entry.file_size == 0:
            continue
        _is_plain(entry, found)
        largest = min(LARGEST.get(entry.filename, LARGEST_MODEL), room)
        # The size that an entry states may be a lie: what comes out is counted.
        with archive.open(entry) as stream:
            data = stream.read(largest + 1)
        if len(data) > largest:
            raise EvaluatorRefused("package_too_large", f"{entry.filename} is larger than is taken.")
        room -= len(data)
        found[entry.filename] = data
    if len(found) > MOST_FILES:
        raise EvaluatorRefused("package_layout")
    return found


def _is_plain(entry: zipfile.ZipInfo, found: Mapping[str, bytes]) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    # `filename` has lost what follows a NUL; `orig_filename` has not.
    named = entry.filename == entry.orig_filename and (entry.filename in LARGEST or MODEL_NAME.fullmatch(entry.filename))
    if not named or entry.filename in found or kind not in (0, stat.S_IFREG):
        raise EvaluatorRefused("package_layout")
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise EvaluatorRefused("package_unreadable")
