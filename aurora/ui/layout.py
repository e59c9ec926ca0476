"""What every page's frame needs: navigation, language switch, who is signed in. `ui/base.html` asks for it by a tag."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from aurora.ui import console_layout, formats
from aurora.ui import help as help_texts

LANGUAGES = (("fi", "Suomi"), ("sv", "Svenska"), ("en", "English"))

# View names (in `portal:`) and the navigation item under which each stands.
_SECTIONS = {
    "home": "home",
    "sessions": "home",
    "sources": "sources",
    "connect": "sources",
    "fetch_again": "sources",
    "pull": "sources",
    "suggestions": "suggestions",
    "suggestion_why": "suggestions",
    "not_for_me": "suggestions",
    "recompute": "suggestions",
    "life": "suggestions",
    "services": "services",
    "service": "services",
    "evaluations": "evaluations",
    "evaluation": "evaluations",
    "use_estimate": "evaluations",
    "keep_estimate": "evaluations",
    "activity": "activity",
    "activity_export": "activity",
    "entry": "activity",
    "concern_new": "activity",
    "concerns": "activity",
    "concern": "activity",
    "verify": "activity",
    "my_data": "my_data",
    "copy": "my_data",
    "erase": "my_data",
    "erase_confirm": "my_data",
    "erasure": "my_data",
    "leave": "my_data",
    "disagreements": "my_data",
    "fact_history": "my_data",
    "correction_new": "my_data",
    "corrections": "my_data",
    "correction": "my_data",
    "consents": "consents",
    "training": "consents",
    "consent": "consents",
    "withdraw": "consents",
    "mandates": "mandates",
    "mandate": "mandates",
    "mandate_offer": "mandates",
    "mandate_revoke": "mandates",
    "receipt": "consents",
    "messages": "messages",
    "message": "messages",
    "email": "messages",
    "email_confirm": "messages",
}

# Pages that answer a POST alone: in another language there is nothing at their address, so the links lead to where the form was.
_POSTED = {
    "recompute": "suggestions",
    "activity_export": "activity",
    "copy_passphrase": "copy",
    "copy_download": "copy",
    "copy_delete": "copy",
}


@dataclass(frozen=True, slots=True)
class LanguageLink:
    code: str
    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """`section` is the navigation item to mark, `page_is_section` whether it is that very page.

    `console_url`: the way back for an operator who looks at a page outside the console, where they are nobody: no menu of a citizen's is theirs.
    `acting_for`: the name of the citizen for whom this session acts, "" if for nobody else. `help_url`: help with this page, "" on a page that is help
    itself and in the console.
    """

    language: str
    languages: tuple[LanguageLink, ...]
    signed_in: bool
    name: str
    section: str
    page_is_section: bool
    acting_for: str = ""
    acting_for_estate: bool = False
    unread: int = 0
    help_url: str = ""
    console_url: str = ""


def answered_by_post(view: str) -> str:
    """The page on which the form of a view is that answers a POST alone, "" for any other view."""
    return _POSTED.get(view, "")


def language_url(full_path: str, code: str) -> str:
    """The same page in another language: `/fi/x?y` -> `/sv/x?y`; a path without a language: its start."""
    first, _, rest = full_path.removeprefix("/").partition("/")
    if first in dict(LANGUAGES):
        return f"/{code}/{rest}"
    return f"/{code}/"


def layout(request: HttpRequest | None, *, language_urls: Mapping[str, str] | None = None, anonymous: bool = False) -> Layout:
    """The frame of one page. `language_urls` is for a page whose address has no language in it.

    The name beside "Sign out" is `request.display_name` where a view has set it. `anonymous` asks nothing of the
    session: the page of an error must not fail because the database does.
    """
    language = formats.language()
    match = request.resolver_match if request else None
    view = (match.url_name or "") if match and match.namespace == "portal" else ""
    path = request.get_full_path() if request and match else "/"
    if view in _POSTED:
        path = reverse(f"portal:{_POSTED[view]}")
    if match and match.namespace == "console" and (stood := console_layout.page_of(match.url_name or "")):
        path = reverse(f"console:{stood}")
    user = None if anonymous else getattr(request, "user", None)
    section = _SECTIONS.get(view, "")
    astray = _operator_outside(request, user)
    return Layout(
        language=language,
        languages=tuple(
            LanguageLink(code, name, (language_urls or {}).get(code) or language_url(path, code), code == language)
            for code, name in LANGUAGES
        ),
        signed_in=bool(user and user.is_authenticated) and not astray,
        name=str(getattr(request, "display_name", "")),
        section=section,
        page_is_section=bool(section) and section == view,
        acting_for=str(getattr(getattr(request, "acting", None), "principal_name", "")),
        acting_for_estate=getattr(getattr(request, "acting", None), "of_estate", False),
        unread=int(getattr(user, "unread_messages", 0)),
        help_url=_help_url(request, section),
        console_url=reverse("console:overview") if astray else "",
    )


def _operator_outside(request: HttpRequest | None, user: object) -> bool:
    """Whether an operator looks at a page that is none of the console's. Who is no operator has no list of roles."""
    return request is not None and getattr(user, "roles", None) is not None and not request.path.startswith(reverse("console:overview"))


def _help_url(request: HttpRequest | None, section: str) -> str:
    match = request.resolver_match if request else None
    if match is not None and match.namespace not in ("portal", ""):
        return ""
    topic = help_texts.topic_of((match.url_name or "") if match else "", section)
    return reverse("portal:help_topic", args=[topic]) if topic else ""
