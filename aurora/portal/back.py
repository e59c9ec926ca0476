"""Where a form was that could not be taken, so that whoever filled it in finds the way back to it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from aurora.ui.contexts import ErrorPage
from aurora.ui.layout import answered_by_post

LONGEST_NEXT = 512


def safe_next(path: str | None) -> str:
    """A path on this host, or nothing: no open redirector (RFC 9700 4.11), and nothing that would fill the session."""
    if path and len(path) <= LONGEST_NEXT and path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return path
    return ""


def came_from(request: HttpRequest) -> str:
    """The page of this service on which the form was, as the browser tells by `Referer`; "" if it tells none, or another's."""
    try:
        said = urlsplit(request.headers.get("Referer", "")[: 4 * LONGEST_NEXT])
    except ValueError:  # no address at all, such as "http://["
        return ""
    if (said.scheme, said.netloc) != (request.scheme, request.get_host()):
        return ""
    path = safe_next(said.path + (f"?{said.query}" if said.query else ""))
    try:
        view = resolve(said.path).url_name or ""
    except Resolver404:
        return ""
    return reverse(f"portal:{answered_by_post(view)}") if answered_by_post(view) else path


def signed_out(request: HttpRequest, form_page: str) -> HttpResponse:
    """A form came after its session was over: nothing was done with it, and signing in leads back to its page."""
    url = f"{reverse('portal:sign_in')}?{urlencode({'next': form_page})}"
    page = ErrorPage(home_url=reverse("portal:landing"), sign_in_url=url)
    return render(request, "errors/session_expired.html", {"page": page}, status=403)
