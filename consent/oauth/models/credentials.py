"""What a client holds: of a grant a code, access and refresh tokens; of its own a token without a citizen. Only digests are kept, and rows stay after use or
revocation: a replay must be recognised, and a withdrawn token must still say why it is refused."""

from __future__ import annotations

from datetime import datetime

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, TokenMixin
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .client import Client
from .grant import Grant, GrantPart


class RevokedReason(models.TextChoices):
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CODE_REPLAYED = "code_replayed"
    BY_CLIENT = "by_client"
    SUPERSEDED = "superseded"
    REFRESH_REPLAYED = "refresh_replayed"


_THUMBPRINT = r"^[A-Za-z0-9_-]{43}$"


class _Credential(models.Model):
    digest = models.BinaryField(primary_key=True, max_length=32)
    citizen = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} of {self.grant_id}"


class AuthorizationCode(AuthorizationCodeMixin, _Credential):  # type: ignore[misc]
    """Lives 60 s and works once (FAPI 2.0, 5.3.2.1). `used_at` stays, so that a second use is seen as what it is."""

    part = models.ForeignKey(GrantPart, on_delete=models.PROTECT, related_name="+", help_text="What was just decided.")
    redirect_uri = models.CharField(max_length=512)
    code_challenge = models.CharField(max_length=43, help_text="S256 (RFC 7636).")
    resource = models.CharField(max_length=512, blank=True, default="", db_default="", help_text="As pushed (RFC 8707), or none.")
    dpop_jkt = models.CharField(max_length=43, blank=True, default="", db_default="", help_text="The key it is for (RFC 9449, 10), or any.")
    used_at = models.DateTimeField(null=True)

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return ""


class _Token(TokenMixin, _Credential):  # type: ignore[misc]
    code = models.ForeignKey(AuthorizationCode, on_delete=models.PROTECT, related_name="+", db_column="code_digest")
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=20, choices=RevokedReason.choices, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_reason="") | Q(revoked_at__isnull=False) & ~Q(revoked_reason=""),
                name="%(class)s_revoked_with_reason",
            )
        ]

    def check_client(self, client: Client) -> bool:
        return bool(self.client_id == client.pk)

    def get_scope(self) -> str:
        return ""

    def is_expired(self, at: datetime | None = None) -> bool:
        return bool(self.expires_at <= (at or timezone.now()))

    def is_revoked(self) -> bool:
        return self.revoked_at is not None


class AccessToken(_Token):
    """Bears what it was issued for, so that a read needs this row only. What is allowed now, `consent.rules.decide` says."""

    consent_id = models.UUIDField()
    detail = models.JSONField(help_text="The authorization detail of this token: the grant's, or fewer categories.")
    jkt = models.CharField(max_length=43, help_text="Thumbprint of the key that it is bound to (RFC 9449, 6).")
    audience = models.CharField(
        max_length=512, blank=True, default="", db_default="", help_text="An agency's own API (RFC 9068); none: Aurora's."
    )

    class Meta(_Token.Meta):
        constraints = [*_Token.Meta.constraints, models.CheckConstraint(condition=Q(jkt__regex=_THUMBPRINT), name="accesstoken_bound")]


class RefreshToken(_Token):
    """Valid until the last of the grant's consents for a time ends. Not rotated, since the client is confidential (FAPI 2.0, 5.3.2.1), unless the client wants it.

    Those of one code are a family. `used_at`: it was rotated; who presents it again ends the family (RFC 9700, 4.14.2).
    """

    used_at = models.DateTimeField(null=True)

    class Meta(_Token.Meta):
        pass

    def is_revoked(self) -> bool:
        return self.revoked_at is not None or self.used_at is not None


class ClientToken(TokenMixin, models.Model):  # type: ignore[misc]
    """An access token of the agency itself (RFC 6749, 4.4): no citizen, no grant, and no refresh token."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=32))
    jkt = models.CharField(max_length=43)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(jkt__regex=_THUMBPRINT), name="clienttoken_bound")]

    def __str__(self) -> str:
        return f"token of {self.client_id}"

    def check_client(self, client: Client) -> bool:
        return bool(self.client_id == client.pk)

    def get_scope(self) -> str:
        return " ".join(self.scopes)

    def is_expired(self, at: datetime | None = None) -> bool:
        return bool(self.expires_at <= (at or timezone.now()))

    def is_revoked(self) -> bool:
        return self.revoked_at is not None
