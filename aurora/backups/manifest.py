"""What a backup says of itself: a JWS by Aurora's signing key over the hashes of its files and what was in them. It names nobody."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

from django.conf import settings

from aurora.backups.tools import BackupError, sha256
from consent import signing

TYP = "aurora-backup+jwt"
FORMAT = "aurora-backup-1"
NAME = "manifest.jws"


def write(folder: Path, content: dict[str, Any]) -> None:
    """Sign and write it last: a folder without one is an unfinished backup."""
    files = {file.name: {"sha256": sha256(file), "bytes": file.stat().st_size} for file in sorted(folder.iterdir())}
    token = signing.sign({"iss": settings.AURORA_BASE_URL, "format": FORMAT, **content, "files": files}, typ=TYP)
    (folder / NAME).write_text(token + "\n", encoding="ascii")


def read(folder: Path) -> dict[str, Any]:
    """The content, once its signature and every file's hash are right. Raises BackupError."""
    try:
        found: dict[str, Any] = signing.verify((folder / NAME).read_text("ascii").strip(), typ=TYP)
    except FileNotFoundError:
        raise BackupError(f"{folder} is no finished backup: it has no {NAME}") from None
    except (ValueError, OSError):
        raise BackupError(f"the manifest in {folder} was not signed with Aurora's signing key, now or formerly") from None
    if found.get("format") != FORMAT:
        raise BackupError(f"{folder} is a backup in another format")
    for name, told in found["files"].items():
        file = folder / name
        if not file.is_file() or sha256(file) != told["sha256"]:
            raise BackupError(f"{file} is missing or was changed since the backup")
    return found


def lookup_name() -> str:
    """Names the look-up key without telling it: people are found, and known to agencies, by no other."""
    return hmac.digest(settings.AURORA_HMAC_KEY_FILE.raw(), b"backup-names-it", hashlib.sha256).hex()[:16]
