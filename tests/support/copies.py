"""A citizen's copy of their data, asked for, made and opened as in the portal and the worker."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from aurora.exports import forgetting, seal
from aurora.journeys import export
from consent.scope import citizen_scope


@dataclass(frozen=True)
class Copy:
    """What came out: the zip, and by name of a file in it its text."""

    export_id: UUID
    passphrase: str
    page: bytes
    packed: zipfile.ZipFile

    def text(self, name: str) -> str:
        return self.packed.read(name).decode()

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text("export.jsonld"))
        return found


def copied(citizen_id: UUID, *, language: str = "en") -> Copy:
    """Ask, make, fetch and open, as whoever acts in this test. The copy is deleted again."""
    asked = export.ask(citizen_id=citizen_id, language=language, now=timezone.now())
    export.run(export_id=asked.export_id)
    stands = export.progress(citizen_id=citizen_id, export_id=asked.export_id)
    assert stands.state == "done", stands
    page = b"".join(export.download(citizen_id=citizen_id, export_id=asked.export_id, now=timezone.now()).pieces)
    with citizen_scope(citizen_id):
        forgetting.forget(citizen_id=citizen_id)  # so that no test comes to the most of a day
    return Copy(asked.export_id, asked.passphrase, page, zipfile.ZipFile(io.BytesIO(opened(page, asked.passphrase))))


def opened(page: bytes, passphrase: str) -> bytes:
    """The zip in a download. Raises `seal.NotOpened`."""

    head = json.loads(re.search(rb'id="aurora-head">(.*?)</script>', page)[1])  # type: ignore[index]
    pieces = [base64.b64decode(one) for one in re.findall(rb'class="piece">(.*?)</script>', page)]
    key = seal.unlocked(lock=head["lock"], passphrase=passphrase, export_id=UUID(head["id"]))
    return b"".join(seal.opened(iter(pieces), key=key, salt=base64.b64decode(head["salt"]), export_id=UUID(head["id"])))


def everything(citizen_id: UUID) -> dict[str, Any]:
    """The machine-readable half of a copy."""
    return copied(citizen_id).document
