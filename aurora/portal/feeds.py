"""The changelog of the API as Atom (RFC 4287)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from aurora.ui.developers import changes


def api_changes() -> str:
    """All entries, newest first. Ids are of the feed's own, not of the address at which this installation happens to be."""
    with translation.override("en"):
        page = f"{settings.AURORA_BASE_URL}{reverse('portal:developers_changelog')}"
    found = changes.entries()
    entries = "".join(_entry(one, page) for one in found)
    itself = f"{settings.AURORA_BASE_URL}{reverse('api_changes')}"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>urn:aurora:api:changes</id>'
        f"<title>Aurora agency API: changes</title><updated>{found[0].day.isoformat()}T00:00:00Z</updated><author><name>Aurora</name></author>"
        f'<link rel="self" href="{escape(itself)}"/><link href="{escape(page)}"/>{entries}</feed>\n'
    )


def _entry(one: changes.Entry, page: str) -> str:
    said = "\n".join(f"{'Breaks: ' if line.breaks else ''}{line.what}" for line in one.lines)
    return (
        f"<entry><id>urn:aurora:api:changes:{escape(one.identifier)}</id><title>{escape(one.lines[0].what)}</title>"
        f'<updated>{one.day.isoformat()}T00:00:00Z</updated><link href="{escape(page)}#{escape(one.identifier)}"/>'
        f'<content type="text">{escape(said)}</content></entry>'
    )
