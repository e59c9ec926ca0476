"""How accessible these pages are, and whom to tell where they are not."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aurora.portal.auth import for_everyone
from aurora.ui.contexts.accessibility import AccessibilityPage


@require_safe
@for_everyone
def accessibility(request: HttpRequest) -> HttpResponse:
    """The statement. Feedback goes to the address in whose name Aurora's mail goes out; without one the page says that there is none."""
    return render(request, "portal/accessibility.html", {"page": AccessibilityPage(settings.AURORA_MAIL_FROM)})
