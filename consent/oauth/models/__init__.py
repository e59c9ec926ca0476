"""Tables of the authorization server. Secrets are digests; what bears a citizen is under row-level security."""

from .assertion import UsedAssertion
from .client import Client
from .credentials import (
    AccessToken,
    AuthorizationCode,
    ClientToken,
    RefreshToken,
    RevokedReason,
)
from .draft import ClientDraft
from .grant import Grant, GrantPart
from .keyset import ClientKeySet
from .proof import ProofMemory, UsedProof
from .pushed import PushedRequest
from .sandbox import SandboxClient, SandboxRequest

__all__ = [
    "AccessToken",
    "AuthorizationCode",
    "Client",
    "ClientDraft",
    "ClientKeySet",
    "ClientToken",
    "Grant",
    "GrantPart",
    "ProofMemory",
    "PushedRequest",
    "RefreshToken",
    "RevokedReason",
    "SandboxClient",
    "SandboxRequest",
    "UsedAssertion",
    "UsedProof",
]
