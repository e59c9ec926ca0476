"""Client: the software of an agency (RFC 6749, 2). Confidential, always; it has public keys and no secret."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import ClientMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from consent.models import Agency

from .. import addresses, config, jwks, redirects

CLIENT_ID = r"[A-Za-z0-9._~-]{1,64}"


def _address(about: str) -> models.CharField[str, str]:
    """An https address, or none. `db_default`: the release before this one knows nothing of the column."""
    return models.CharField(max_length=config.TEXT_LIMIT, blank=True, default="", db_default="", help_text=about)


class Client(ClientMixin, models.Model):  # type: ignore[misc]
    """What an agency registered. `allowed_*` bound what it may ask for; what it gets is the citizen's to decide.

    A client without redirect URIs, purposes and categories asks no citizen for anything: it acts in its agency's own name only, as the owner of a
    model does.
    """

    client_id = models.CharField(max_length=64, unique=True, validators=[RegexValidator(rf"^{CLIENT_ID}\Z")])
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    name = models.JSONField(help_text="Name by language: fi, sv, en.")
    redirect_uris = ArrayField(models.CharField(max_length=config.TEXT_LIMIT), blank=True, help_text="Compared exactly (RFC 9700, 2.1).")
    jwks = models.JSONField(null=True, blank=True, help_text="Public keys (RFC 7517); or jwks_uri, where they are.")
    jwks_uri = _address("Where the agency keeps its public keys (RFC 7591, 2).")
    notice_uri = _address("Where signed notices of withdrawal go.")
    usage_uri = _address("Where the agency tells of its uses when asked (findUsage).")
    resource = _address("The agency's own API, as the audience of tokens that are for it (RFC 8707).")
    allowed_purposes = ArrayField(models.CharField(max_length=64), blank=True)
    allowed_categories = ArrayField(models.CharField(max_length=64), blank=True)
    dpop_nonce = models.BooleanField(default=False, db_default=False, help_text="Its proofs need a nonce of ours (RFC 9449, 8).")
    rotate_refresh = models.BooleanField(
        default=False, db_default=False, help_text="Each refresh gives a new refresh token (RFC 9700, 4.14.2)."
    )
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(jwks__isnull=False, jwks_uri="") | Q(jwks__isnull=True) & ~Q(jwks_uri=""), name="client_keys_or_their_address"
            ),
            # Whose the audience is decides who may ask about its tokens.
            models.UniqueConstraint(fields=["resource"], condition=~Q(resource=""), name="client_resource_once"),
        ]

    def __str__(self) -> str:
        return self.client_id

    def clean(self) -> None:
        """Raises ValidationError by field, with a sentence that says what to change."""
        faults: dict[str, str] = {}
        if (
            not isinstance(self.name, dict)
            or set(self.name) != {"fi", "sv", "en"}
            or not all(isinstance(v, str) and v.strip() for v in self.name.values())
        ):
            faults["name"] = "Give the name in fi, sv and en."
        if self.asks_citizens:
            if fault := redirects.fault_of_all(self.redirect_uris):
                faults["redirect_uris"] = fault
            for name in ("allowed_purposes", "allowed_categories"):
                if not getattr(self, name):
                    faults[name] = "Give at least one."
        if (self.jwks is None) == (not self.jwks_uri):
            faults["jwks"] = "Give either the public keys or the address where they are."
        elif self.jwks is not None and (fault := jwks.fault_of(self.jwks)):
            faults["jwks"] = fault
        for name in ("jwks_uri", "notice_uri", "usage_uri"):
            if (uri := getattr(self, name)) and (fault := addresses.fault_of(uri)):
                faults[name] = fault
        if self.resource and (fault := addresses.fault_of_resource(self.resource)):
            faults["resource"] = fault
        if faults:
            raise ValidationError(faults)

    @property
    def asks_citizens(self) -> bool:
        return bool(self.redirect_uris or self.allowed_purposes or self.allowed_categories)

    # What Authlib asks of a client.

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: FAPI 2.0, 5.3.2.2 wants the redirect URI in every pushed request."""
        return

    def get_allowed_scope(self, scope: str | None) -> str:
        return ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris and redirects.fault_of(redirect_uri) is None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == config.AUTH_METHOD

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in config.GRANT_TYPES
