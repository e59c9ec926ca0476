"""The public log as a page for people: what programs read below `/ledger/`, in words."""

from __future__ import annotations

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse

from aurora.portal.present.verify import FOLDER
from aurora.ui.contexts.public_log import PublicLogPage, Watcher
from consent.ledger import queries


def page() -> PublicLogPage:
    """Three queries, none about anybody."""
    newest = queries.newest_checkpoint()
    name = newest.origin if newest else settings.AURORA_LEDGER_ORIGIN
    return PublicLogPage(
        name=name,
        size=newest.size if newest else 0,
        at=newest.at if newest else None,
        root=newest.root_text if newest else "",
        watchers=tuple(
            Watcher(name, row.size, row.cosigned_at) if row and row.cosigned_at else Watcher(name, None, None)
            for name, _, row in queries.witnesses(name)
        ),
        verify_url=reverse("portal:verify"),
        program_url=static(f"{FOLDER}aurora_verify.py"),
        former=bool(queries.former_heads()),
    )
