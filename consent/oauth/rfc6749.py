"""RFC 6749: the token endpoint's three grants. Authlib leads through the clauses; what it leaves open is closed here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from django.utils import timezone

from consent.scope import citizen_scope

from . import config, grants, rfc8707, rfc9068, rfc9396, rfc9449, tokens
from .digests import digest_of
from .errors import InvalidAuthorizationDetails
from .grants import Standing, StandingPart
from .models import (
    AccessToken,
    AuthorizationCode,
    Client,
    ClientToken,
    RefreshToken,
    RevokedReason,
)


class _Binds:
    """All grants: authenticate the same way, and bind what they issue to the key of a DPoP proof (FAPI 2.0, 5.3.2.1: sender-constrained)."""

    TOKEN_ENDPOINT_AUTH_METHODS = (config.AUTH_METHOD,)
    request: Any

    def authenticate_token_endpoint_client(self) -> Client:
        """The client first, then its proof: strangers use none up. What fails here leaves a code or refresh token as it was."""
        client: Client = super().authenticate_token_endpoint_client()  # type: ignore[misc]
        self.check_scope()
        rfc9449.prove(self.request, client)
        return client

    def check_scope(self) -> None:
        raise NotImplementedError()


class _Issues(_Binds):
    """The two grants of a citizen's consent: know one scope, which says nothing, and issue for what was granted (or the part asked for)."""

    def check_scope(self) -> None:
        if self.request.form.get("scope", config.CITIZEN_SCOPE) != config.CITIZEN_SCOPE:
            raise InvalidScopeError(f"The only scope with this grant_type is {config.CITIZEN_SCOPE}: use authorization_details.")

    def _validate_token_scope(self, token: RefreshToken) -> None:
        """Judged already; Authlib would look for scopes that were granted."""

    def authenticate_user(self, credential: AuthorizationCode | RefreshToken) -> UUID:
        """Authlib's "user" is the citizen's id: nothing here needs to know more of them."""
        citizen_id: UUID = credential.citizen_id
        return citizen_id

    def prepare(self, held: Standing, parts: Sequence[StandingPart], code_digest: bytes) -> None:
        """What the token is for, of `parts` of the grant; read by `generate_token` and the server's `save_token`.

        One token is for one part, as one decision is for one purpose: the first, or the one that the token request names (RFC 9396, 6.1).
        """
        text = self.request.form.get("authorization_details")
        wanted = rfc9396.parse(text) if text is not None else parts[0].detail
        part = next((p for p in parts if p.detail.covers(wanted)), None)
        if part is None:
            raise InvalidAuthorizationDetails("The token request asks for more than was granted.")
        self.request.held, self.request.part, self.request.detail = held, part, wanted
        self.request.code_digest = code_digest
        code = getattr(self.request, "authorization_code", None) or AuthorizationCode.objects.get(pk=code_digest)
        self.request.audience = rfc8707.at_token(self.request.form, self.request.client, pushed=code.resource)
        self.request.access_digest, self.request.citizen_id = None, code.citizen_id

    def generate_token(self, *, include_refresh_token: bool = True, **kwargs: Any) -> dict[str, Any]:
        held, part = self.request.held, self.request.part
        left = int((part.expires_at - timezone.now()).total_seconds())
        life = rfc9068.LIFETIME if self.request.audience else config.ACCESS_LIFETIME
        kwargs["expires_in"] = min(int(life.total_seconds()), left)
        include = include_refresh_token and bool(held.lasting)
        token: dict[str, Any] = super().generate_token(include_refresh_token=include, **kwargs)  # type: ignore[misc]
        if self.request.audience:
            token["access_token"], self.request.access_digest = self._jwt(kwargs["expires_in"])
        return token | {"authorization_details": [self.request.detail.as_json()], "grant_id": str(held.grant_id)}

    def _jwt(self, seconds: int) -> tuple[str, bytes]:
        return rfc9068.issue(
            client=self.request.client,
            citizen_id=self.request.citizen_id,
            audience=self.request.audience,
            grant_id=self.request.held.grant_id,
            consent_id=self.request.part.consent_id,
            detail=self.request.detail,
            jkt=self.request.proof.jkt,
            seconds=seconds,
            now=timezone.now(),
        )


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
        if found.dpop_jkt and found.dpop_jkt != self.request.proof.jkt:
            return None  # RFC 9449, 10: it is for the key that the request was pushed with
        return found

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        code, now = self.request.authorization_code, timezone.now()
        with citizen_scope(code.citizen_id):
            held = grants.lock_alive(grant_id=code.grant_id, now=now, client=self.request.client)
            decided = held.of_consent(code.part.consent_id) if held else None
            if AuthorizationCode.objects.filter(pk=code.pk, used_at__isnull=True, expires_at__gt=now).update(used_at=now) == 1:
                if held is None or decided is None:
                    raise InvalidGrantError("The consent has ended, or the client is no longer registered for what it covers.")
                self.prepare(held, [decided], code.pk)
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
            grants.lock(code.grant_id)
            tokens.revoke(now=timezone.now(), reason=RevokedReason.CODE_REPLAYED, code=code)


class RefreshGrant(_Issues, RefreshTokenGrant):  # type: ignore[misc]
    """6. The refresh token stays the same: routine rotation is not for confidential clients (FAPI 2.0, 5.3.2.1), unless one asks for it.

    It is bound to the client's authentication, not to a proof's key (RFC 9449, 5): a refresh may bring a new one.
    """

    @property
    def INCLUDE_NEW_REFRESH_TOKEN(self) -> bool:
        return bool(self.request.client.rotate_refresh)

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        found = tokens.held(RefreshToken, refresh_token)
        if found and found.used_at is not None:
            self._replayed(found)
        return found if found and not found.is_revoked() and not found.is_expired() else None

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        held, now = self.request.refresh_token, timezone.now()
        with citizen_scope(held.citizen_id):
            grant = grants.lock_alive(grant_id=held.grant_id, now=now, client=self.request.client)
            # Asked again under the lock: it may have been revoked while we waited.
            if grant is None or not grant.lasting or not RefreshToken.objects.filter(pk=held.pk, revoked_at__isnull=True).exists():
                raise InvalidGrantError(
                    "The consent has ended, the token was revoked, or the client is no longer registered for what is left."
                )
            if self._use_up(held, now):
                self.prepare(grant, grant.lasting, held.code_id)
                answer: tuple[int, dict[str, Any], list[tuple[str, str]]] = super().create_token_response()
                return answer
        self._replayed(held)
        raise InvalidGrantError("The refresh token was used before.")

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        """Nothing: it lives until the consent ends, or was used up before the new one was made."""

    def _use_up(self, held: RefreshToken, now: datetime) -> bool:
        """Whether it may be used: always without rotation; with it for the first who comes."""
        living = RefreshToken.objects.filter(pk=held.pk, used_at__isnull=True)
        return living.update(used_at=now) == 1 if self.INCLUDE_NEW_REFRESH_TOKEN else living.exists()

    def _replayed(self, held: RefreshToken) -> None:
        """RFC 9700, 4.14.2: one of the two who had it is a thief, so what came of the same code ends."""
        with citizen_scope(held.citizen_id):
            grants.lock(held.grant_id)
            tokens.revoke(now=timezone.now(), reason=RevokedReason.REFRESH_REPLAYED, code_id=held.code_id)


class AgencyGrant(_Binds, ClientCredentialsGrant):  # type: ignore[misc]
    """4.4: a token for the agency itself, without a citizen: to look after its grants and to fetch its events. Ten minutes, no refresh token."""

    def check_scope(self) -> None:
        """3.3. `scope` is needed: none by default would be one that nobody decided on."""
        asked = self.request.form.get("scope", "").split(" ")
        if len(set(asked)) != len(asked) or not set(asked) <= set(config.SCOPES):
            raise InvalidScopeError(f"scope must be of {' '.join(config.SCOPES)}, each once.")
        if "authorization_details" in self.request.form:
            raise InvalidRequestError("authorization_details are a citizen's to grant.")
        rfc8707.only_aurora(self.request.form)
        self.request.scopes = sorted(asked)

    def validate_requested_scope(self) -> None:
        """Judged already."""

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        scope = " ".join(self.request.scopes)
        seconds = int(config.ACCESS_LIFETIME.total_seconds())
        token = self.generate_token(scope=scope, expires_in=seconds, include_refresh_token=False) | {"scope": scope}
        now = timezone.now()
        ClientToken.objects.create(
            digest=digest_of(token["access_token"]),
            client=self.request.client,
            scopes=self.request.scopes,
            jkt=self.request.proof.jkt,
            created_at=now,
            expires_at=now + config.ACCESS_LIFETIME,
        )
        return 200, token, self.TOKEN_RESPONSE_HEADER


def save(token: dict[str, Any], request: Any) -> None:
    """Keep digests of what was generated. Called in the citizen's scope, in the transaction that claimed the code."""
    now = timezone.now()
    common = {
        "citizen_id": request.user,
        "client": request.client,
        "grant_id": request.held.grant_id,
        "code_id": request.code_digest,
        "created_at": now,
    }
    AccessToken.objects.create(
        digest=request.access_digest or digest_of(token["access_token"]),
        expires_at=now + timedelta(seconds=token["expires_in"]),
        audience=request.audience,
        consent_id=request.part.consent_id,
        detail=request.detail.as_json(),
        jkt=request.proof.jkt,
        **common,
    )
    if "refresh_token" in token:
        ends = max(part.expires_at for part in request.held.lasting)
        RefreshToken.objects.create(digest=digest_of(token["refresh_token"]), expires_at=ends, **common)
