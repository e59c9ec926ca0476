"""The encrypted copy of the citizen's data, as its page shows it."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from aurora.exports.models import Export
from aurora.journeys.export import Progress
from aurora.ui import export_words, formats, mandate_words
from aurora.ui.contexts import CopyPage, CopyState

_STATES = {
    Export.State.QUEUED: CopyState.WAITING,
    Export.State.RUNNING: CopyState.WRITING,
    Export.State.DONE: CopyState.READY,
    Export.State.FAILED: CopyState.FAILED,
    Export.State.EXPIRED: CopyState.OVER,
}


def page(found: Progress | None, *, whom: str, passphrase: str = "", renewed: bool = False, changed: bool = False) -> CopyPage:
    """`passphrase`: to be shown now, and never again. `changed`: the page that sent the form was about somebody else."""
    frame: dict[str, Any] = {
        "ask_url": reverse("portal:copy"), "my_data_url": reverse("portal:my_data"), "whom": whom,
        "program_url": static("aurora/export/aurora_open.py"), "banner": mandate_words.banner("changed") if changed else None,
    }  # fmt: skip
    if found is None:
        return CopyPage(CopyState.NONE, **frame)
    state, address = _STATES[found.state], [found.id]
    live = state in (CopyState.WAITING, CopyState.WRITING, CopyState.READY)
    return CopyPage(
        state, **frame, percent=found.percent, part=_part(found.part), size=_size(found.size), asked_at=found.requested_at,
        expires_at=found.expires_at, downloads_left=found.downloads_left, why=export_words.why(found.code) if not live else "",
        download_url=reverse("portal:copy_download", args=address) if state is CopyState.READY else "",
        delete_url=reverse("portal:copy_delete", args=address) if live else "",
        passphrase_url=reverse("portal:copy_passphrase", args=address) if live else "",
        fragment_url=reverse("portal:copy_fragment", args=address) if found.open else "", passphrase=passphrase, renewed=renewed,
    )  # fmt: skip


def _part(name: str) -> str:
    """What is being written. The log is the last part."""
    if not name:
        return ""
    return export_words.part("activity" if name == "log" else name)[0][formats.language()]


def _size(count: int | None) -> str:
    """In megabytes, the last digit rounded up: a file is not smaller than it says. A third is more than lies here: the page writes it in letters."""
    if count is None:
        return ""
    megabytes = count * 4 / 3 / 1_000_000
    return (
        f"{formats.measure(round(megabytes + 0.05, 1))} Mt"
        if formats.language() == "fi"
        else f"{formats.measure(round(megabytes + 0.05, 1))} MB"
    )
