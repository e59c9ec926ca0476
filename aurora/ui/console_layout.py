"""The console's frame: the pages that an operator's roles open, in groups, where one is, and for whom the page is.

Which page is for whom stands at the view (`aurora.console.auth.for_roles`) and nowhere else: what this shows is what the guard lets in. A new page is a
line in `GROUPS`; one below it (`agencies/<code>/` below `agencies/`) is found by its address, others by `_BELOW`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, get_urlconf, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aurora.ui import operator_words

# Groups, and in each the pages: view name (in `console:`) and what the link says. A name that has no address is left out.
GROUPS: tuple[tuple[str | Promise, tuple[tuple[str, str | Promise], ...]], ...] = (
    (_("Overview"), (("overview", _("Overview")),)),
    (_("Agencies"), (("agencies", _("Agencies and clients")), ("uses", _("Reported uses")), ("delays", _("Uses kept back by law")))),
    (_("Sources and fetches"), (("sources", _("Fetching from sources")),)),
    (
        _("Consents and withdrawals"),
        (("consents", _("Consents in numbers")), ("withdrawals", _("Withdrawals")), ("end_consent", _("End a consent"))),
    ),
    (_("Log"), (("ledger", _("The access log")),)),
    (_("Models"), (("models", _("Agencies' models")), ("suggestion_models", _("Suggestion models")), ("monitoring", _("Monitoring")))),
    (_("Catalogue"), (("catalogue", _("Service catalogue")), ("new_import", _("Import services")))),
    (
        _("People and safety"),
        (
            ("concerns", _("Concerns")),
            ("feedback", _("Feedback on accessibility")),
            ("break_glass", _("Access without a consent")),
            ("operators", _("Operators and roles")),
            ("audit", _("Operators' trail")),
            ("own_trail", _("My own trail")),
            ("account", _("My account")),
        ),
    ),
)
# Pages whose address does not begin with that of the page below which they stand.
_BELOW = {
    "new_client": "agencies",
    "change_client": "agencies",
    "client_state": "agencies",
    "client_pings": "agencies",
    "draft": "agencies",
    "agency_draft": "agencies",
    "dataset": "suggestion_models",
}
# Addresses that answer a POST alone: in another language there is nothing there, so the links lead to where the form was.
POSTED = {
    "retry_source": "sources",
    "decide_delay": "delays",
    "ledger_alarm": "ledger",
    "decide_source_ending": "withdrawals",
    "retry_delivery": "withdrawals",
}


@dataclass(frozen=True, slots=True)
class Link:
    """`current`: "page" for this very page, "true" for one below which it stands or a group in which it is, "" else: the value of aria-current."""

    label: str
    url: str
    current: str = ""


@dataclass(frozen=True, slots=True)
class ConsoleFrame:
    """`groups` each lead to their first page; `pages` are those of the group where one is. `for_whom`: the roles that open this page, "" if all do.
    `news_url`: the page of one's account, where there is something to read there.
    """

    groups: tuple[Link, ...]
    pages: tuple[Link, ...]
    for_whom: str = ""
    news_url: str = ""


def frame(request: HttpRequest | None) -> ConsoleFrame:
    """The navigation of one page, for who sits there. Without a request there is none."""
    if request is None:
        return ConsoleFrame((), ())
    here, roles = _stands_below(request), getattr(getattr(request, "user", None), "roles", None)
    groups, pages = list[Link](), tuple[Link, ...]()
    for label, names in GROUPS:
        links = tuple(_links(names, roles, here, request.path))
        if not links:
            continue
        inside = any(link.current for link in links)
        pages = links if inside and len(links) > 1 else pages
        current = ("page" if len(links) == 1 and links[0].current == "page" else "true") if inside else ""
        groups.append(Link(str(label), links[0].url, current))
    return ConsoleFrame(tuple(groups), pages, _for_whom(request), _news_url(request))


def address(request: HttpRequest, view: str) -> str:
    """The page's path for who sits there, or "" if it is not for them: what other pages link to."""
    allowed, roles = _open_to(view), getattr(getattr(request, "user", None), "roles", None)
    return reverse(f"console:{view}") if roles is None or allowed is None or allowed & set(roles) else ""


def page_of(view: str) -> str:
    """The page to which the language links of a POST's address lead; "" for an address that is a page itself."""
    return POSTED.get(view, "")


def may_open(name: str, *, roles: Iterable[str]) -> bool:
    """Whether somebody with these roles may open a page of the console."""
    allowed = _open_to(name)
    return allowed is None or bool(allowed & set(roles))


def _links(names: tuple[tuple[str, str | Promise], ...], roles: list[str] | None, here: str, path: str) -> Iterator[Link]:
    for name, label in names:
        try:
            url = reverse(f"console:{name}")
        except NoReverseMatch:
            continue
        allowed = _open_to(name)
        # Whoever has no roles at all is the gallery's visitor, who sees every link; an operator has a list of them.
        if roles is None or allowed is None or allowed & set(roles):
            yield Link(str(label), url, ("page" if url == path else "true") if name == here else "")


def _stands_below(request: HttpRequest) -> str:
    """The page of the navigation where this one stands: the one with the longest address that this one's begins with."""
    match = request.resolver_match
    if match is None or match.namespace != "console":
        return ""
    view = match.url_name or ""
    named = _BELOW.get(view) or page_of(view)
    if named:
        return named
    found = ""
    longest = 0
    for _label, names in GROUPS:
        for name, _words in names:
            try:
                url = reverse(f"console:{name}")
            except NoReverseMatch:
                continue
            if len(url) > longest and (request.path == url or (name != "overview" and request.path.startswith(url))):
                found, longest = name, len(url)
    return found


def _open_to(name: str) -> frozenset[str] | None:
    """The roles for which the view is; None: everybody here."""
    return _asked_of_view(name, get_urlconf() or settings.ROOT_URLCONF)


@cache
def _asked_of_view(name: str, addresses: str) -> frozenset[str] | None:
    """It is asked of the view once a process; the gallery has addresses of its own, whose views open to everybody."""
    try:
        view = resolve(reverse(f"console:{name}")).func
    except Resolver404:
        return None
    return None if getattr(view, "open_to_all", False) else getattr(view, "open_to", None)


def _news_url(request: HttpRequest) -> str:
    """Told on every page but the one where it stands."""
    return (
        reverse("console:account")
        if getattr(request, "account_news", False) and getattr(request.resolver_match, "url_name", "") != "account"
        else ""
    )


def _for_whom(request: HttpRequest) -> str:
    view = getattr(request.resolver_match, "func", None)
    open_to = getattr(view, "open_to", None)
    return "" if open_to is None or getattr(view, "open_to_all", False) else operator_words.roles(open_to)
