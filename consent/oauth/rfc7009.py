"""RFC 7009: a client gives a token back. It ends tokens, not the consent: the client may ask the citizen nothing and still come again."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint as _RevocationEndpoint
from django.utils import timezone

from consent.scope import citizen_scope

from . import config, grants, rfc9068, tokens
from .models import (
    AccessToken,
    Client,
    ClientToken,
    RefreshToken,
    RevokedReason,
)

Token = AccessToken | RefreshToken | ClientToken


def find(text: str) -> Token | None:
    """The token, of whichever kind: a hint only tells where to look first (2.1), and all looks are by key."""
    return tokens.held(AccessToken, text) or tokens.held(RefreshToken, text) or tokens.own(text) or rfc9068.held(text)


class RevocationEndpoint(_RevocationEndpoint):  # type: ignore[misc]
    """POST /oauth/revoke. Unknown tokens are answered with 200 (2.2), another client's with `invalid_grant`."""

    CLIENT_AUTH_METHODS = (config.AUTH_METHOD,)

    def check_params(self, request: Any, client: Client) -> None:
        """A hint of unknown kind is ignored (2.1); Authlib would refuse it."""
        if "token" not in request.form:
            raise InvalidRequestError("token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return find(token_string)

    def revoke_token(self, token: Token, request: Any) -> None:
        """A refresh token takes the access tokens of its grant with it (2.1), also the one that a refresh is just about to issue."""
        if isinstance(token, ClientToken):
            ClientToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
            return
        reason = RevokedReason.BY_CLIENT
        with citizen_scope(token.citizen_id):
            grants.lock(token.grant_id)
            now = timezone.now()
            if isinstance(token, RefreshToken):
                tokens.revoke(now=now, reason=reason, grant_id=token.grant_id)
            else:
                AccessToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=now, revoked_reason=reason)
