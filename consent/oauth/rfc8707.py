"""RFC 8707: for whom a token is. Aurora's API, or one of the agency's own that is registered; one audience a token.

`resource` may come with the pushed request, which binds the code and what comes of it, with the token request, or with both.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import addresses, config
from .errors import InvalidTarget
from .models import Client

AURORA = ""


def requested(form: Mapping[str, str], client: Client) -> str:
    """What a request names, as it names it; "" if it names nothing. Raises `InvalidTarget`."""
    named = form.get("resource", "")
    audience_of(named, client)
    return named


def at_token(form: Mapping[str, str], client: Client, *, pushed: str) -> str:
    """The audience of a token: what the token request names, else what was pushed, else Aurora. Raises `InvalidTarget`.

    Once something was pushed, nothing else is issued (2.2: what was granted).
    """
    named = form.get("resource", "")
    if pushed and named and named != pushed:
        raise InvalidTarget("This is not the resource that the request was for.")
    return audience_of(named or pushed, client)


def audience_of(named: str, client: Client) -> str:
    """`AURORA`, or the address of an API of the client's own agency. Judged at each use: a registration may have gone meanwhile."""
    if named in ("", config.resource()):
        return AURORA
    if addresses.fault_of_resource(named):
        raise InvalidTarget("resource must be an absolute https address without query and fragment.")
    # Another agency's API and an unknown one look alike: nobody learns who has registered what.
    if not Client.objects.filter(resource=named, agency_id=client.agency_id, active=True).exists():
        raise InvalidTarget("resource is not an API that the agency has registered.")
    return named


def only_aurora(form: Mapping[str, str]) -> None:
    """An agency's token of its own is for Aurora. Raises `InvalidTarget`."""
    if form.get("resource", "") not in ("", config.resource()):
        raise InvalidTarget("Tokens of the agency itself are for Aurora's API.")
