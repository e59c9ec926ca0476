"""Tables of the authorization server. Secrets are digests; what bears a citizen is under row-level security."""

from .assertion import UsedAssertion
from .client import Client
from .credentials import AccessToken, AuthorizationCode, RefreshToken, RevokedReason
from .grant import Grant
from .keyset import ClientKeySet
from .pushed import PushedRequest

__all__ = [
    "AccessToken",
    "AuthorizationCode",
    "Client",
    "ClientKeySet",
    "Grant",
    "PushedRequest",
    "RefreshToken",
    "RevokedReason",
    "UsedAssertion",
]
