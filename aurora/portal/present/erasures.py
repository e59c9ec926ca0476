"""Erasures as pages: before, meanwhile, and the certificate, which is read out of the signed document alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from aurora.erasures import certificate
from aurora.erasures.models import Erasure
from aurora.journeys._erased_told import Held
from aurora.journeys.erase import Preview
from aurora.portal.present.vocabulary import Vocabulary
from aurora.twin import queries as twin
from aurora.ui import erasure_words as words
from aurora.ui.contexts import (
    EraseChoice,
    EraseConfirmPage,
    ErasePage,
    ErasureRow,
    HeldRow,
    KeptByLaw,
    LeavePage,
    PastErasure,
    StaysRow,
    Text,
)
from aurora.ui.contexts import ErasurePage as Page
from consent.rules import CITIZEN
from consent.scope import citizen_scope


def choose(*, citizen_id: Any, past: Iterable[Erasure]) -> ErasePage:
    """What is here, by source and by kind."""
    vocabulary = Vocabulary()
    with citizen_scope(citizen_id):
        held = twin.held_by_source(citizen_id=citizen_id)
    sources = sorted({source for _, source in held})
    categories = sorted({category for category, _ in held})
    return ErasePage(
        tuple(EraseChoice(vocabulary.agency(s), reverse("portal:erase_confirm", args=["source", s])) for s in sources),
        tuple(EraseChoice(vocabulary.category(c), reverse("portal:erase_confirm", args=["category", c])) for c in categories),
        tuple(PastErasure(words.title(e.scope), _of(e.scope, e.code, vocabulary), e.asked_at, _url(e)) for e in past),
        reverse("portal:leave"),
        reverse("portal:my_data"),
    )


def confirm(preview: Preview) -> EraseConfirmPage:
    """What would follow."""
    vocabulary, scope = Vocabulary(), preview.scope
    return EraseConfirmPage(
        title=words.title(scope.kind),
        of=_of(scope.kind, scope.code, vocabulary),
        rows=_rows(preview.counts),
        ends=_once(record.purpose_version.name for record in preview.consents),
        stand=_once(record.recipient.name for record in preview.kept_consents),
        held=_held(preview.agencies, vocabulary),
        back_url=reverse("portal:erase"),
        declared=scope.code == CITIZEN or (scope.kind == "category" and vocabulary.source_of(scope.code) == CITIZEN),
    )


def leave(preview: Preview, *, fresh: bool) -> LeavePage:
    """Before leaving: what goes, and signing in anew where that was not a moment ago."""
    again = urlencode({"next": reverse("portal:leave"), "anew": ""})
    return LeavePage(
        rows=_rows(preview.counts),
        held=_held(preview.agencies, Vocabulary()),
        sign_in_url=f"{reverse('portal:sign_in')}?{again}",
        back_url=reverse("portal:erase"),
        fresh=fresh,
    )


def left(row: Erasure, *, due_at: datetime | None, secret: str = "") -> LeavePage:
    """While somebody leaves. `secret`: the address of the certificate, this once."""
    address = f"{settings.AURORA_BASE_URL}{reverse('portal:erasure_secret', args=[secret])}" if secret else ""
    return LeavePage(
        rows=_rows(row.counts),
        held=(),
        sign_in_url="",
        back_url="",
        under_way=True,
        due_at=due_at,
        certificate_url=address,
        progress=words.state(row.state if "waited" not in row.steps else "running"),
    )


def page(row: Erasure, *, secret: str = "") -> Page:
    """How it stands; once it is done, what the certificate says."""
    vocabulary = Vocabulary()
    if row.state != Erasure.State.DONE:
        return Page(
            title=words.title(row.scope), of=_of(row.scope, row.code, vocabulary), says=words.state(row.state), open=row.state in Erasure.OPEN,
            rows=_rows(row.counts), held=(), stays=(), asked_at=row.asked_at, finished_at=row.finished_at, language=row.language,
            back_url="" if secret else reverse("portal:erase"),
            leave_url=reverse("portal:leave") if row.scope == Erasure.Scope.EVERYTHING and not secret else "",
        )  # fmt: skip
    document = certificate.read(row)
    names = ("erasure_secret_jwt", "erasure_secret_jsonld") if secret else ("erasure_jwt", "erasure_jsonld")
    jwt_url, jsonld_url = (reverse(f"portal:{name}", args=[secret or row.pk]) for name in names)
    key = document.get("aurora:keyDestroyed")
    return Page(
        title=document["dct:title"],
        of=_of(row.scope, row.code, vocabulary),
        says="",
        open=False,
        rows=tuple(ErasureRow(one["dct:title"], words.number(one["aurora:number"])) for one in document["aurora:deleted"]),
        held=tuple(_agency(one, vocabulary) for one in document["aurora:agencies"]),
        stays=tuple(StaysRow(one["dct:title"], one["aurora:because"]) for one in document["aurora:stays"]),
        asked_at=_at(document["aurora:asked"]),
        finished_at=_at(document["dct:issued"]),
        language=document["dct:language"],
        key_lines=tuple(words.key_destroyed(one["aurora:version"], _at(key["aurora:at"])) for one in key["aurora:keys"]) if key else (),
        files_at=_at(key["aurora:filesWrittenAnew"]) if key else None,
        sha256=certificate.digest(row),
        jwt_url=jwt_url,
        jsonld_url=jsonld_url,
        keys_url="/oauth/jwks",
        back_url="" if secret else reverse("portal:erase"),
        not_named=str(words.NOT_NAMED),
        kept_until=row.kept_until,
    )


def _rows(counts: Mapping[str, int]) -> tuple[ErasureRow, ...]:
    found = ((name, number) for name, number in counts.items() if number and name not in words.DEEDS)
    return tuple(ErasureRow(words.part(name), words.number(number)) for name, number in found)


def _held(agencies: Iterable[Held], vocabulary: Vocabulary) -> tuple[HeldRow, ...]:
    return tuple(
        HeldRow(
            vocabulary.agency(one.agency), tuple(map(vocabulary.category, one.categories)), _at(one.last_read_at), words.held(one.state)
        )
        for one in agencies
    )


def _agency(told: Mapping[str, Any], vocabulary: Vocabulary) -> HeldRow:
    return HeldRow(
        vocabulary.agency(told["aurora:agency"]),
        tuple(map(vocabulary.category, told["aurora:categories"])),
        _at(told["aurora:lastRead"]),
        told["aurora:says"],
        _at(told["aurora:confirmBy"]) if "aurora:confirmBy" in told else None,
        _at(told["aurora:confirmed"]) if "aurora:confirmed" in told else None,
        tuple(KeptByLaw(vocabulary.category(one["category"]), one["legal_basis"]) for one in told.get("aurora:keeps", ())),
    )


def _of(scope: str, code: str, vocabulary: Vocabulary) -> Text:
    if scope == "everything":
        return {}
    return vocabulary.agency(code) if scope == "source" else vocabulary.category(code)


def _once(names: Iterable[Text]) -> tuple[Text, ...]:
    return tuple({name["fi"]: name for name in names}.values())


def _url(row: Erasure) -> str:
    return reverse("portal:erasure", args=[row.pk])


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
