"""How the OpenAPI document names the agency API's authentication."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class AgencyTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A token of a citizen's consent."""

    target_class = "aurora.api.authentication.AgencyToken"
    name = "agencyToken"
    description = "An access token of a citizen's consent, from /oauth/token."

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """`DPoP` is a registered HTTP authentication scheme (RFC 9449, 12.4); OpenAPI names schemes by that registry."""
        proof = "It is bound to a key: send `Authorization: DPoP <token>` and a header `DPoP` with a proof of that key (RFC 9449)."
        return {"type": "http", "scheme": "DPoP", "description": f"{self.description} {proof}"}


class AgencyItselfScheme(AgencyTokenScheme):
    """A token of the agency itself."""

    target_class = "aurora.api.authentication.AgencyItself"
    name = "agencyItself"
    description = "An access token of the agency itself, from /oauth/token with grant_type client_credentials and a scope."
