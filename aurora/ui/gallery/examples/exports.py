"""The encrypted copy of a citizen's data in each of its states."""

from dataclasses import replace
from datetime import timedelta

from aurora.ui import formats
from aurora.ui.contexts import CopyPage, CopyState
from aurora.ui.gallery import parts as p
from aurora.ui.gallery.example import Example


def pages() -> list[Example]:
    none = CopyPage(CopyState.NONE, "/my-data/copy/", "/my-data/", program_url="/static/aurora/export/aurora_open.py")
    live = replace(
        none, state=CopyState.WAITING, asked_at=p.NOW, delete_url="/my-data/copy/x/delete/", passphrase_url="/my-data/copy/x/passphrase/",  # noqa: S106 (an address)
        fragment_url="/my-data/copy/x/progress/",
    )  # fmt: skip
    ready = replace(
        live, state=CopyState.READY, size=f"{formats.measure(1.4)} {'Mt' if formats.language() == 'fi' else 'MB'}", expires_at=p.NOW + timedelta(days=7), downloads_left=3, fragment_url="",
        download_url="/my-data/copy/x/download/",
    )  # fmt: skip
    shown = "7K3M-Q9TX-0B4N-HW2R-6D8C-VZ1P-5YJF"
    pages = {
        "none": none,
        "asked": replace(live, passphrase=shown),
        "writing": replace(live, state=CopyState.WRITING, percent=42, part="Receipts"),
        "ready": ready,
        "renewed": replace(ready, passphrase=shown, renewed=True, downloads_left=1),
        "failed": replace(none, state=CopyState.FAILED, asked_at=p.NOW, why="There was no room for the file."),
    }
    return [Example(f"copy-{name}", "portal/copy.html", "my-data/copy/", page) for name, page in pages.items()]
