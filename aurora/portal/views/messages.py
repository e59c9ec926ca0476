"""Messages, and being told of them by e-mail."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from aurora.journeys import message_box
from aurora.messages import address, mails
from aurora.portal import forms
from aurora.portal.auth import for_citizens, me
from aurora.portal.present import messages as present
from aurora.ui.contexts import EmailConfirmPage
from consent.errors import InvalidInput, NotFound
from consent.scope import citizen_scope


@require_safe
@for_citizens
def messages(request: HttpRequest) -> HttpResponse:
    """The box, newest first."""
    with citizen_scope(me(request)):
        page = present.page(citizen_id=me(request), number=forms.page_number(request.GET))
    return render(request, "portal/messages.html", {"page": page})


@require_safe
@for_citizens
def message(request: HttpRequest, id: UUID) -> HttpResponse:
    """One message. Opening it marks it read; asking for its headers alone does not."""
    opened = message_box.read(citizen_id=me(request), message_id=id, now=timezone.now(), mark=request.method == "GET")
    return render(request, "portal/message.html", {"page": present.message_page(opened)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def email(request: HttpRequest) -> HttpResponse:
    """Give an address, choose what mails say, remove it. Not there where this service sends no mail."""
    if not mails.offered():
        raise NotFound()
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return _changed(request)
        except InvalidInput as error:
            errors = error.fields
    typed, whole = request.POST.get("address", "")[:300], request.POST.get("content") == "whole" if errors else None
    with citizen_scope(me(request)):
        page = present.email_page(citizen_id=me(request), typed=typed, whole=whole, errors=errors)
    return render(request, "portal/email.html", {"page": page}, status=400 if errors else 200)


def _changed(request: HttpRequest) -> HttpResponse:
    action, mine, now = request.POST.get("action", ""), me(request), timezone.now()
    if action == "save":
        message_box.give_address(citizen_id=mine, typed=request.POST.get("address", ""), whole=forms.whole(request.POST), now=now)
    elif action == "choose":
        message_box.choose_content(citizen_id=mine, whole=forms.whole(request.POST))
    elif action == "again":
        message_box.send_again(citizen_id=mine, now=now)
    elif action == "remove":
        message_box.remove_address(citizen_id=mine, now=now)
    else:
        raise InvalidInput({"content": "choice_required"})
    return HttpResponseRedirect(reverse("portal:email"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_citizens
def email_confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """The link from the mail. Only the button confirms: mail services open links before people do."""
    if not mails.offered():
        raise NotFound()
    if request.method == "POST":
        message_box.confirm_address(citizen_id=me(request), secret=secret, now=timezone.now())
        return HttpResponseRedirect(reverse("portal:email"))
    address.check_form(secret)  # a link that the mail program cut is told at once
    return render(request, "portal/email_confirm.html", {"page": EmailConfirmPage(email_url=reverse("portal:email"))})
