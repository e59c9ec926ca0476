"""RFC 9449: proof that the caller holds the key that an access token is bound to (DPoP). Checked alike by both servers, ours and the API.

A proof is first proved (`check`), which asks nobody, and then taken, once, in the database: `take` for the authorization server; for the
API the function that looks the token up takes it, so that a read costs one round trip.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.oauth2.rfc6749 import InvalidRequestError
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from joserfc.jws import JWSRegistry

from . import config, jwks, strict_json
from .errors import InvalidProof, NonceWanted
from .forms import FormRequest
from .models import Client

_HEADER = frozenset({"alg", "typ", "jwk"})
# A header that brings a second key, or asks for what we do not do, is refused, not ignored (RFC 8725, 3.10; RFC 7515, 4.1.11).
# What nobody has given a meaning is ignored (RFC 7515, 4).
_UNWANTED = frozenset({"jku", "x5u", "x5c", "x5t", "x5t#S256", "kid", "crit", "b64", "zip", "enc"})
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_VISIBLE = re.compile(r"[!-~]{1,2048}")
_PORTS = {"http": 80, "https": 443}
_UNRESERVED = re.compile(r"%(4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa]|3[0-9]|2[DdEe]|5[Ff]|7[Ee])")
_PATH = "/:@!$&'()*+,;=~"  # RFC 3986, 3.3: what stands in a path as it is
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_TIME, _MAC = 8, 16  # bytes of a nonce: when it was made, and who made it
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as our own server saw it. `path` without query, decoded; `proof` and `authorization` are the headers, None if absent.

    A header that came twice arrives joined by a comma (RFC 9110, 5.3), and nothing with a comma is a proof.
    """

    method: str
    path: str
    authorization: str | None = field(repr=False)
    proof: str | None = field(repr=False)

    @classmethod
    def of(cls, request: HttpRequest) -> Call:
        return cls(request.method or "", request.path, request.META.get("HTTP_AUTHORIZATION"), request.META.get("HTTP_DPOP"))


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof whose signature and claims are good. `jkt` is the key's thumbprint (RFC 7638), 43 characters.

    `digest` is what it is remembered by until `expires_at`, when its age alone refuses it. It was surely not made before `made_after`.
    """

    jkt: str
    digest: bytes = field(repr=False)
    made_after: datetime
    expires_at: datetime
    with_nonce: bool


def check(call: Call, *, now: datetime, access_token: str | None = None) -> Proof:
    """4.3, but for point 11's "not used before": see `take`. Raises `InvalidProof`, `NonceWanted`."""
    text = call.proof
    if not text:
        raise InvalidProof("Send a DPoP proof: all access tokens are bound to a key.")
    if len(text) > config.PROOF_LIMIT or not _COMPACT.fullmatch(text):
        raise InvalidProof("The DPoP header is not one compact JWS.")
    head, payload, signature = text.split(".")
    algorithm, key, jkt = _key(head)
    try:
        genuine = algorithm.verify(f"{head}.{payload}".encode(), _bytes(signature), key)
        claims = strict_json.loads(_bytes(payload).decode())
    except ValueError:
        raise InvalidProof("The DPoP proof is malformed.") from None
    if not genuine:
        raise InvalidProof("The DPoP proof's signature does not verify.")
    if not isinstance(claims, dict):
        raise InvalidProof("The DPoP proof's claims are no object.")
    _judge(claims, call, access_token)
    made_after, expires_at = _age(claims, now)
    # By key and jti, not by the text: an ECDSA signature has a twin that verifies as well. One jti is once for all addresses.
    digest = hashlib.sha256(f"{jkt}.{claims['jti']}".encode()).digest()
    return Proof(jkt, digest, made_after, expires_at, "nonce" in claims)


def prove(request: FormRequest, client: Client) -> None:
    """5: the authorization server's part, for a client that has proved who it is: `request.proof`, checked and taken. Raises as `check`."""
    now = timezone.now()
    proof = check(Call(request.method, request.path, None, request.headers.get("DPoP")), now=now)
    take(proof, now=now, nonce_wanted=client.dpop_nonce)
    request.proof = proof
    if client.dpop_nonce:
        request.next_nonce = new_nonce(now)  # 8.2: told with the answer, so that the next proof has it


def pushed_key(request: FormRequest, client: Client) -> str:
    """10 and 10.1: the thumbprint that a pushed request binds its code to, by `dpop_jkt` or a proof; "" for none. Raises as `check`."""
    named = request.form.get("dpop_jkt", "")
    if named and not _THUMBPRINT.fullmatch(named):
        raise InvalidRequestError("dpop_jkt must be the SHA-256 thumbprint of a key.")
    if "DPoP" not in request.headers:
        return named
    prove(request, client)
    if named and not hmac.compare_digest(named, request.proof.jkt):
        raise InvalidProof("dpop_jkt and the DPoP proof must be of the same key.")
    return str(request.proof.jkt)


def take(proof: Proof, *, now: datetime, nonce_wanted: bool) -> None:
    """4.3, point 11; 11.1: once. Called when the client has proved who it is: strangers fill no table. Raises as `check`."""
    verdict = "nonce"
    if proof.with_nonce or not nonce_wanted:
        with connection.cursor() as cursor:
            cursor.execute("SELECT consent_oauth_take_proof(%s, %s, %s, %s)", [proof.digest, proof.expires_at, proof.made_after, now])
            verdict = cursor.fetchone()[0]
    follow(verdict, now)


def follow(verdict: str, now: datetime) -> None:
    """What the database said: `taken`, or `replayed`, `forgotten` (it may have been taken before a crash) or `nonce` (one is wanted)."""
    if verdict == "replayed":
        raise InvalidProof("This DPoP proof has been used before.")
    if verdict != "taken":
        raise NonceWanted(new_nonce(now))


def new_nonce(now: datetime) -> str:
    """8: no store is needed; whoever has our secret key can tell when it was made. 32 characters."""
    made = ((now - _EPOCH) // _TICK).to_bytes(_TIME, "big")
    return urlsafe_b64encode(made + _mac(made)).decode()


def _nonce_made(nonce: object) -> datetime | None:
    """When a nonce of ours was made; None if it is none."""
    if not isinstance(nonce, str) or not re.fullmatch(r"[A-Za-z0-9_-]{32}", nonce):
        return None
    raw = _bytes(nonce)
    if not hmac.compare_digest(_mac(raw[:_TIME]), raw[_TIME:]):
        return None
    return _EPOCH + int.from_bytes(raw[:_TIME], "big") * _TICK


def _mac(made: bytes) -> bytes:
    return salted_hmac("consent.oauth.dpop-nonce", made, algorithm="sha256").digest()[:_MAC]


@lru_cache(maxsize=1024)
def _key(head: str) -> tuple[Any, jwks.PublicKey, str]:
    """Algorithm, key and thumbprint of a proof's header. A client's header is the same each time, so it is read once."""
    try:
        header = strict_json.loads(_bytes(head).decode())
    except ValueError:
        raise InvalidProof("The DPoP proof is malformed.") from None
    if not isinstance(header, dict) or not set(header) >= _HEADER or header["typ"] != "dpop+jwt" or _UNWANTED & set(header):
        raise InvalidProof("The DPoP proof's header must have typ dpop+jwt, alg and jwk, and no other key or extension.")
    if fault := jwks.fault_of_key(header["jwk"]):
        raise InvalidProof(f"The DPoP proof's jwk: {fault}")
    if header["alg"] != jwks.algorithm_of(header["jwk"]):  # never none, never symmetric, never RS256: the key's type decides
        raise InvalidProof("The DPoP proof must be signed with ES256, PS256 or EdDSA, as its key is for.")
    key = jwks.imported(header["jwk"])
    return JWSRegistry.algorithms[header["alg"]], key, key.thumbprint()


def _judge(claims: dict[str, Any], call: Call, access_token: str | None) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
        raise InvalidProof("jti must be a text of 1 to 256 characters.")
    if claims.get("htm") != call.method:
        raise InvalidProof("htm must be the method of this request.")
    own = config.issuer() + quote(call.path, safe=_PATH)
    if claims.get("htu") != own and _normal(claims.get("htu")) != _normal(own):
        raise InvalidProof("htu must be the address of this request, as clients know it.")
    if access_token is not None:
        bound = urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).rstrip(b"=").decode()
        if claims.get("ath") != bound:
            raise InvalidProof("ath must be the digest of the access token.")


def _age(claims: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """Not made before, and good until. A nonce proves freshness; without one `iat` must be of the last minute (4.3, point 11)."""
    iat = claims.get("iat")
    if isinstance(iat, bool) or not isinstance(iat, int | float) or not 0 <= iat < 1e11:
        raise InvalidProof("iat must be a number of seconds.")
    if "nonce" in claims:
        made = _nonce_made(claims["nonce"])
        if made is None or not now - config.NONCE_LIFETIME < made <= now + config.CLOCK_SKEW:
            raise NonceWanted(new_nonce(now))
        return made, made + config.NONCE_LIFETIME
    made = datetime.fromtimestamp(iat, UTC)
    if not now - config.PROOF_LIFETIME < made <= now + config.CLOCK_SKEW:
        raise NonceWanted(new_nonce(now))  # its clock may be wrong: then ours, by a nonce
    return made - config.CLOCK_SKEW, made + config.PROOF_LIFETIME


def _normal(uri: object) -> tuple[str, str, int | None, str] | None:
    """Scheme, host, port and path as RFC 3986, 6.2.2 and 6.2.3 make them equal, without query and fragment; None if it is no address."""
    if not isinstance(uri, str) or not _VISIBLE.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or "\\" in uri:
        return None
    path = _UNRESERVED.sub(lambda escape: chr(int(escape[1], 16)), parts.path)
    path = _ESCAPE.sub(lambda escape: escape[0].upper(), path)
    return parts.scheme, host, port or _PORTS[parts.scheme], _without_dots(path)


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, for a path that is absolute or empty."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments, 1):
        if segment not in (".", ".."):
            kept.append(segment)
            continue
        if segment == ".." and kept:
            kept.pop()
        if number == len(segments):
            kept.append("")
    return "/" + "/".join(kept)


def _bytes(part: str) -> bytes:
    """Raises ValueError."""
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def forget(*, now: datetime) -> int:
    """Delete what its age alone refuses by now; returns how many. Some seconds are left for web servers whose clocks differ."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM consent_oauth_usedproof WHERE expires_at < %s", [now - timedelta(seconds=10)])
        return int(cursor.rowcount)
