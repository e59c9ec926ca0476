"""RFC 6749: the token endpoint's two grants. Authlib leads through the clauses; what it leaves open is closed here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from django.utils import timezone

from consent.scope import citizen_scope

from . import config, grants, rfc9396, tokens
from .digests import digest_of
from .models import (
    AccessToken,
    AuthorizationCode,
    Client,
    Grant,
    RefreshToken,
    RevokedReason,
)


class _Issues:
    """Both grants: authenticate the same way, know no scope, and issue for what was granted (or the part asked for)."""

    TOKEN_ENDPOINT_AUTH_METHODS = (config.AUTH_METHOD,)
    request: Any

    def authenticate_token_endpoint_client(self) -> Client:
        client: Client = super().authenticate_token_endpoint_client()  # type: ignore[misc]
        if "scope" in self.request.form:
            raise InvalidScopeError("There are no scopes: use authorization_details.")
        return client

    def authenticate_user(self, credential: AuthorizationCode | RefreshToken) -> UUID:
        """Authlib's "user" is the citizen's id: nothing here needs to know more of them."""
        citizen_id: UUID = credential.citizen_id
        return citizen_id

    def prepare(self, grant: Grant, code_digest: bytes) -> None:
        """What the token is for; read by `generate_token` and the server's `save_token`."""
        granted = rfc9396.from_json(grant.authorization_details)
        self.request.grant = grant
        self.request.code_digest = code_digest
        self.request.detail = rfc9396.narrowed(granted, self.request.form.get("authorization_details"))

    def generate_token(self, *, include_refresh_token: bool = True, **kwargs: Any) -> dict[str, Any]:
        grant, detail = self.request.grant, self.request.detail
        left = int((grant.consent_ends - timezone.now()).total_seconds())
        kwargs["expires_in"] = min(int(config.ACCESS_LIFETIME.total_seconds()), left)
        # A consent for one use needs no second token.
        include = include_refresh_token and not detail.once
        token: dict[str, Any] = super().generate_token(include_refresh_token=include, **kwargs)  # type: ignore[misc]
        return token | {"authorization_details": [detail.as_json()], "grant_id": str(grant.id)}


class CodeGrant(_Issues, AuthorizationCodeGrant):  # type: ignore[misc]
    """4.1.3. A code works once: the row is claimed by compare-and-set and stays; a second use kills what the first one got (4.1.2)."""

    def query_authorization_code(self, code: str, client: Client) -> AuthorizationCode | None:
        found = tokens.held(AuthorizationCode, code)
        if found is None:
            return None
        if found.used_at is not None:
            self._replayed(found)
            return None
        if found.client_id != client.pk or found.expires_at <= timezone.now():
            return None
        return found

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        code, now = self.request.authorization_code, timezone.now()
        with citizen_scope(code.citizen_id):
            grant = grants.lock_alive(grant_id=code.grant_id, now=now)
            if AuthorizationCode.objects.filter(pk=code.pk, used_at__isnull=True, expires_at__gt=now).update(used_at=now) == 1:
                if grant is None:
                    raise InvalidGrantError("The consent has ended.")
                self.prepare(grant, code.pk)
                answer: tuple[int, dict[str, Any], list[tuple[str, str]]] = super().create_token_response()
                return answer
        self._replayed(code)
        raise InvalidGrantError("Invalid 'code' in request.")

    def delete_authorization_code(self, authorization_code: AuthorizationCode) -> None:
        """Nothing: `used_at` was set before a token was made, and the row is what a replay is recognised by."""

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Codes are made by `responses.approve`, in the citizen's transaction, never by Authlib's authorization endpoint."""
        raise NotImplementedError

    def _replayed(self, code: AuthorizationCode) -> None:
        """RFC 9700, 4.5 and FAPI 2.0, 5.3.2.1: who presents a code a second time may be its thief, and so may who came first."""
        with citizen_scope(code.citizen_id):
            Grant.objects.select_for_update().get(pk=code.grant_id)
            tokens.revoke(now=timezone.now(), reason=RevokedReason.CODE_REPLAYED, code=code)


class RefreshGrant(_Issues, RefreshTokenGrant):  # type: ignore[misc]
    """6. The refresh token stays the same: routine rotation is not for confidential clients (FAPI 2.0, 5.3.2.1)."""

    INCLUDE_NEW_REFRESH_TOKEN = False

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        found = tokens.held(RefreshToken, refresh_token)
        return found if found and not found.is_revoked() and not found.is_expired() else None

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        held, now = self.request.refresh_token, timezone.now()
        with citizen_scope(held.citizen_id):
            grant = grants.lock_alive(grant_id=held.grant_id, now=now)
            # Asked again under the lock: it may have been revoked while we waited.
            if grant is None or not RefreshToken.objects.filter(pk=held.pk, revoked_at__isnull=True).exists():
                raise InvalidGrantError("The consent has ended or the token was revoked.")
            self.prepare(grant, held.code_id)
            answer: tuple[int, dict[str, Any], list[tuple[str, str]]] = super().create_token_response()
            return answer

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Nothing: it lives until the consent ends."""


def save(token: dict[str, Any], request: Any) -> None:
    """Keep digests of what was generated. Called in the citizen's scope, in the transaction that claimed the code."""
    now = timezone.now()
    common = {
        "citizen_id": request.user,
        "client": request.client,
        "grant": request.grant,
        "code_id": request.code_digest,
        "created_at": now,
    }
    AccessToken.objects.create(
        digest=digest_of(token["access_token"]),
        expires_at=now + timedelta(seconds=token["expires_in"]),
        consent_id=request.grant.consent_id,
        detail=request.detail.as_json(),
        **common,
    )
    if "refresh_token" in token:
        RefreshToken.objects.create(digest=digest_of(token["refresh_token"]), expires_at=request.grant.consent_ends, **common)
