"""A party of the sandbox as a client of Aurora: private_key_jwt at the authorization server, DPoP with a key of its own everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aurora.sandbox import http, jose
from aurora.sandbox.config import Peer
from aurora.sandbox.errors import PeerError
from aurora.sandbox.http import Answer


@dataclass(frozen=True)
class AsClient:
    """`peer`: the registration with Aurora. `proof_key`: the private JWK that tokens are bound to, which no other part of the party uses."""

    peer: Peer
    proof_key: Mapping[str, str] = field(repr=False)

    def described(self) -> dict[str, Any]:
        """Aurora's metadata (RFC 8414). PeerError."""
        return http.metadata(self.peer.issuer, "oauth-authorization-server")

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Signed with the registered key, and proved to come from the holder of the tokens' key. PeerError(unreachable)."""
        issuer, client_id = self.described()["issuer"], self.peer.client_id

        def ask(nonce: str) -> Answer:
            assertion = jose.client_assertion(self.peer.private_jwk, client_id=client_id, audience=issuer)
            proof = jose.dpop_proof(self.proof_key, method="POST", url=url, nonce=nonce)
            signed = {**form, "client_assertion_type": jose.ASSERTION_TYPE, "client_assertion": assertion}
            return http.post(url, signed, headers={"DPoP": proof})

        answer = ask("")
        return ask(answer.nonce) if answer.body.get("error") == "use_dpop_nonce" and answer.nonce else answer

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The token response. PeerError: aurora_refused, or nobody answers."""
        answer = self.post(self.described()["token_endpoint"], form)
        if not answer.ok or "access_token" not in answer.body:
            raise refused(answer)
        return answer.body

    def own_token(self, scope: str) -> str:
        """An access token in the party's own name (client credentials). PeerError."""
        return str(self.token({"grant_type": "client_credentials", "scope": scope})["access_token"])

    def bearing(self, method: str, url: str, token: str, send: Callable[[dict[str, str]], Answer]) -> Answer:
        """Calls `send` with the headers of one request to Aurora's API; once more with the nonce that was asked for (RFC 9449 section 9)."""

        def ask(nonce: str) -> Answer:
            proof = jose.dpop_proof(self.proof_key, method=method, url=url, access_token=token, nonce=nonce)
            return send({"Authorization": f"DPoP {token}", "DPoP": proof})

        answer = ask("")
        return ask(answer.nonce) if answer.status == 401 and answer.nonce else answer


def refused(answer: Answer) -> PeerError:
    """Aurora's own error code, if it gave one, is what helps whoever looks into it."""
    code = str(answer.body.get("error") or answer.body.get("code") or f"HTTP {answer.status}")
    sentence = "Aurora did not accept the request."
    return PeerError("aurora_refused", sentence, retryable=answer.status >= 500, their_code=code)
