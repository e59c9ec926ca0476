"""What every page's frame needs: navigation, language switch, who is signed in. Add `layout` to TEMPLATES' context processors."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

LANGUAGES = (("fi", "Suomi"), ("sv", "Svenska"), ("en", "English"))

# View names (in `portal:`) and the navigation item under which each stands.
_SECTIONS = {
    "home": "home",
    "sources": "sources",
    "connect": "sources",
    "pull": "sources",
    "suggestions": "suggestions",
    "activity": "activity",
    "entry": "activity",
    "my_data": "my_data",
    "consents": "consents",
    "consent": "consents",
    "withdraw": "consents",
}


@dataclass(frozen=True, slots=True)
class LanguageLink:
    code: str
    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """`section` is the navigation item to mark, `page_is_section` whether it is that very page; `name` who is signed in."""

    language: str
    languages: tuple[LanguageLink, ...]
    signed_in: bool
    name: str
    section: str
    page_is_section: bool


def language_url(full_path: str, code: str) -> str:
    """The same page in another language: `/fi/x?y` -> `/sv/x?y`; a path without a language leads to that language's start."""
    first, _, rest = full_path.removeprefix("/").partition("/")
    if first in dict(LANGUAGES):
        return f"/{code}/{rest}"
    return f"/{code}/"


def layout(request: HttpRequest) -> dict[str, Any]:
    """The name beside "Sign out" is `request.display_name` where a view or middleware has set it; never taken from the log or a cookie."""
    language = (get_language() or "fi").split("-")[0]
    match = request.resolver_match
    view = match.url_name if match and match.namespace == "portal" else ""
    user = getattr(request, "user", None)
    section = _SECTIONS.get(view or "", "")
    return {
        "layout": Layout(
            language=language,
            languages=tuple(
                LanguageLink(code, name, language_url(request.get_full_path(), code), code == language)
                for code, name in LANGUAGES
            ),
            signed_in=bool(user and user.is_authenticated),
            name=str(getattr(request, "display_name", "")),
            section=section,
            page_is_section=section == view,
        )
    }
