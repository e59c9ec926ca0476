"""Error pages. See the package for the conventions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """`errors/400.html`, 403, 404, 405, 413, 429, 500, 503, `errors/csrf.html`, `errors/session_expired.html`.

    All fields are optional: each template says its own piece without a context. `reason` is a translated sentence
    that adds to it; `reference` is what support may ask for; `retry_after` in seconds (429, 503). `back_url`: where the form was, of one that
    could not be taken. `again`: the same address may be asked for once more, and nothing is done twice by that. `framed`: who is signed in keeps the menu.
    `console`: the address is one of the operators' console, and so are the frame and the way back; `for_whom`: the roles that open that page, where it is not
    for this operator's.
    """

    home_url: str = ""
    sign_in_url: str = ""
    reason: str = ""
    reference: str = ""
    retry_after: int | None = None
    framed: bool = False
    again: bool = False
    back_url: str = ""
    console: bool = False
    for_whom: str = ""
