"""Words and programs of the developers' pages, in English. The programs are run by tests as they stand here."""

from __future__ import annotations

# The exchanges of the way to a first read, with what happens in each.
STEPS = (
    (
        "pushRequest",
        "1. Push the request (PAR, RAR, PKCE)",
        "Your server sends what it asks for straight to Aurora (RFC 9126): purpose, kinds of data and the last day in authorization_details (RFC 9396), the digest "
        "of a code verifier that it keeps (RFC 7636, S256), and a client assertion signed by its key (private_key_jwt, RFC 7523; aud is the issuer, as one string). "
        "Then send the citizen's browser to /oauth/authorize with client_id and the request_uri of the answer, within 90 seconds.",
    ),
    (
        "redeemCode",
        "2. Redeem the code (DPoP)",
        "The citizen decides on Aurora's page and comes back to your redirect URI with code, state and iss. Compare state and iss (RFC 9207). Send the code once, "
        "within 60 seconds, with the code verifier, a new client assertion and a DPoP proof (RFC 9449): the token is bound to the proof's key. "
        "authorization_details in the answer say what the citizen left.",
    ),
    (
        "readTwinCategory",
        "3. Read",
        "Each call bears the token and a new proof, made for this method and address, whose ath is the token's digest. The citizen sees the entry named by ledger_entry at once.",
    ),
    (
        "refusedRead",
        "4. When it is refused",
        "A refusal is a problem document (RFC 9457). Its type leads to a page that says what to do; rely on code. Refusals stand in the citizen's log too.",
    ),
    (
        "refreshToken",
        "5. Refresh",
        "An access token lives ten minutes. The refresh token lives as long as the consent, and does not change.",
    ),
    (
        "introspectToken",
        "6. Ask what a token is good for",
        "RFC 7662. A token that is good no more is answered with active: false, and nothing else.",
    ),
    (
        "agencyToken",
        "7. A token of the agency itself",
        "Events, grants, concerns, corrections, uses and models are for a token without a citizen: client_credentials with a scope.",
    ),
    (
        "refusedRequest",
        "8. When the request itself is wrong",
        "OAuth's endpoints answer error and error_description (RFC 6749, 5.2); error_uri leads to the page of that code.",
    ),
)

WORDS = (
    (
        "Grant",
        "What your agency holds after a citizen has allowed something: a grant_id, and consents in it. It can be added to, and given back.",
    ),
    ("Purpose", "Why you ask. One purpose a request; the citizen reads it in their language."),
    ("Category", "A kind of data from one source, with a schema. The citizen can leave any of them out."),
    ("Fact", "One value of a category, with its source, provenance and dates."),
    ("Subject", "The citizen, under a name that only your agency knows."),
    ("Entry", "A line of the citizen's log. Each read and each refusal makes one, and the answer names it."),
)

EVENTS = {
    "consent.withdrawn": "The citizen, or an operator, ended a consent that you hold. Stop, delete, confirm.",
    "consent.narrowed": "Some kinds of data were taken out of a consent. Stop, delete, confirm.",
    "consent.expired": "A consent ran out. Delete, confirm.",
    "consent.replaced": "A newer consent took this one's place. Asks for something only where it covers less.",
    "concern.raised": "A citizen asks about an entry of yours: read it by GET /api/v1/concerns.",
    "concern.replied": "The citizen replied to your answer.",
    "concern.closed": "The case is closed.",
    "correction.asked": "For sources: a citizen asks you to correct a fact.",
    "correction.closed": "For sources: the request was taken back.",
    "fact.corrected": "A fact that you had read was corrected by its source: read it anew.",
    "data.erased": "The citizen had data erased that you had read. Your permission stands: delete, confirm.",
}

PYTHON = '''\
import base64, time
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_from_aurora(headers, body, keys):
    """headers: names in small letters; body: the bytes as they came; keys: the list of /webhooks/keys."""
    sent_at, signatures = headers["webhook-timestamp"], headers["webhook-signature"]
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > 300:
        return False
    content = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    for signature in signatures.split(" "):
        scheme, _, value = signature.partition(",")
        for key in keys if scheme == "v1a" else ():
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
            try:
                public.verify(base64.b64decode(value), content)
                return True
            except (InvalidSignature, ValueError):
                pass
    return False
'''

JAVASCRIPT = """\
import { createPublicKey, verify } from 'node:crypto';

// headers: names in small letters; body: a Buffer of the bytes as they came; keys: the list of /webhooks/keys.
export function isFromAurora(headers, body, keys) {
  const sentAt = headers['webhook-timestamp'];
  if (!/^[0-9]+$/.test(sentAt) || Math.abs(Date.now() / 1000 - Number(sentAt)) > 300) return false;
  const content = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${sentAt}.`), body]);
  return headers['webhook-signature'].split(' ').some((signature) => {
    const [scheme, value = ''] = signature.split(',', 2);
    return scheme === 'v1a' && keys.some((key) => {
      const x = Buffer.from(key.replace(/^whpk_/, ''), 'base64').toString('base64url');
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      return verify(null, content, publicKey, Buffer.from(value, 'base64'));
    });
  });
}
"""
