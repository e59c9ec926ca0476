// An agency at Aurora. OAuth is unmodified npm `openid-client`; here is which of its calls an agency needs, in which order, and Aurora's own API.
// All addresses come from the server's metadata. Nothing is kept here: see keep.mjs.
import { SignJWT, createRemoteJWKSet, importJWK, jwtVerify } from 'jose';
import * as openid from 'openid-client';

const RECEIPT = 'consent-receipt+jwt';
const ALGORITHM = { EC: 'ES256', RSA: 'PS256', OKP: 'EdDSA' };

// Aurora's metadata says EdDSA, as FAPI 2.0 does; the library would write the newer name of RFC 9864. This is its documented way to change that.
const oldName = {
  [openid.modifyAssertion]: (header) => {
    if (header.alg === 'Ed25519') header.alg = 'EdDSA';
  },
};

// What Aurora's API refuses (RFC 9457): `code` is stable, see advice.mjs.
export class Problem extends Error {
  constructor(status, { code = `status_${status}`, detail = '', ledger_entry } = {}, retryAfter = null) {
    super(`${code}: ${detail}`);
    Object.assign(this, { name: 'Problem', status, code, detail, ledgerEntry: ledger_entry, retryAfter });
  }
}

export class Agency {
  constructor(config, redirectUri, dpop) {
    Object.assign(this, { config, redirectUri, dpop });
  }

  // `server`: Aurora's metadata address (RFC 8414), or its issuer. `jwk`: the private key that Aurora knows the public half of.
  // `dpopKeys`: the key pair that tokens are bound to (RFC 9449); another one, known to nobody.
  static async discover({ server, clientId, jwk, redirectUri, dpopKeys }) {
    const address = new URL(server);
    const key = { key: await importJWK(jwk, ALGORITHM[jwk.kty]), kid: jwk.kid };
    // A sandbox on this machine speaks plain http. Nothing else may.
    const local = address.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(address.hostname);
    const config = await openid.discovery(address, clientId, undefined, openid.PrivateKeyJwt(key, oldName), {
      algorithm: 'oauth2',
      execute: local ? [openid.allowInsecureRequests] : [],
    });
    const agency = new Agency(config, redirectUri);
    agency.key = key;
    agency.bindTo(dpopKeys ?? (await newKeys()));
    return agency;
  }

  get metadata() {
    return this.config.serverMetadata();
  }

  // The handle keeps the nonces that Aurora may ask for, and repeats a request that needs one.
  bindTo(keys) {
    this.dpop = openid.getDPoPHandle(this.config, keys, oldName);
  }

  // Pushes a request (RFC 9126, RFC 9396); returns where to send the citizen, and what must be remembered until they are back.
  // `more`: such as { grant_management_action: 'merge', grant_id } or { ui_locales: 'sv' }.
  async push(detail, more = {}) {
    const checks = { pkceCodeVerifier: openid.randomPKCECodeVerifier(), expectedState: openid.randomState() };
    const url = await openid.buildAuthorizationUrlWithPAR(this.config, {
      redirect_uri: this.redirectUri,
      code_challenge: await openid.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      authorization_details: JSON.stringify([{ type: 'aurora_twin_access', ...detail }]),
      ...more,
    }, { DPoP: this.dpop });
    return { url: url.href, checks };
  }

  // `url`: where the citizen came back to. State, `iss` (RFC 9207) and a refusal are looked at before the code is used.
  redeem(url, checks) {
    return openid.authorizationCodeGrant(this.config, new URL(url), checks, undefined, { DPoP: this.dpop });
  }

  refresh(token) {
    return openid.refreshTokenGrant(this.config, token, undefined, { DPoP: this.dpop });
  }

  // A token for the agency itself, which reads nobody (RFC 6749, 4.4).
  own(scope) {
    return openid.clientCredentialsGrant(this.config, { scope }, { DPoP: this.dpop });
  }

  introspect(token) {
    return openid.tokenIntrospection(this.config, token);
  }

  revoke(token) {
    return openid.tokenRevocation(this.config, token);
  }

  read(token, category) {
    return this.#json(token, `${this.#api}/twin/${encodeURIComponent(category)}`);
  }

  // What has ended of the citizens' consents since `after`, the `next` of the answer before.
  events(token, after) {
    return this.#json(token, `${this.#api}/events${after ? `?after=${encodeURIComponent(after)}` : ''}`);
  }

  // `said`: { deleted_at } and, if a law makes you keep some, { kept: [{ category, legal_basis }] }.
  confirm(token, eventId, said) {
    return this.#json(token, `${this.#api}/events/${encodeURIComponent(eventId)}/confirmation`, 'POST', said);
  }

  // `what`: 'uses' (../uses.md) or 'facts' (../pushing.md), of which `content` is the claim. The same id again is answered the same: try until there is an answer.
  async batch(token, what, id, content) {
    const claims = new SignJWT(content).setIssuer(this.config.clientMetadata().client_id).setAudience(this.#api);
    const header = { alg: 'ES256', kid: this.key.kid, typ: `aurora-${what}+jwt` };
    const signed = await claims.setIssuedAt().setJti(id).setProtectedHeader(header).sign(this.key.key);
    return this.#json(token, `${this.#api}/${what}`, 'POST', signed, 'application/jose');
  }

  // Citizens' concerns about reads of yours (scope `concerns`): the open ones, or one.
  concerns(token, id) {
    return this.#json(token, `${this.#api}/concerns${id ? `/${encodeURIComponent(id)}` : ''}`);
  }

  // `said`: { kind: 'lawful', ground, text }, { kind: 'mistake', done, text } or { kind: 'later', until, text }.
  answer(token, id, said) {
    return this.#json(token, `${this.#api}/concerns/${encodeURIComponent(id)}/answer`, 'POST', said);
  }

  grant(token, grantId) {
    return this.#json(token, this.#grantUrl(grantId));
  }

  endGrant(token, grantId) {
    return this.#json(token, this.#grantUrl(grantId), 'DELETE');
  }

  async webhookKeys() {
    const answer = await fetch(this.metadata.webhook_keys_uri);
    if (!answer.ok) throw new Problem(answer.status);
    return (await answer.json()).keys;
  }

  // A receipt that a citizen handed in: the claims, or an error if Aurora did not sign exactly this.
  async receipt(jwt) {
    const keys = createRemoteJWKSet(new URL(this.metadata.jwks_uri));
    const { payload } = await jwtVerify(jwt.trim(), keys, { issuer: this.metadata.issuer, typ: RECEIPT, algorithms: ['ES256'] });
    return payload;
  }

  // One request with a token and a proof for it. The library throws for a 401, since that comes with a challenge.
  call(token, url, method = 'GET', content = undefined, type = 'application/json') {
    const headers = new Headers(content ? { 'content-type': type } : {});
    const body = typeof content === 'string' ? content : content && JSON.stringify(content);
    return openid.fetchProtectedResource(this.config, token, new URL(url), method, body, headers, { DPoP: this.dpop });
  }

  async #json(...request) {
    const answer = await this.call(...request).catch((error) => {
      if (error instanceof openid.WWWAuthenticateChallengeError) return error.response;
      throw error;
    });
    const body = answer.status === 204 ? {} : await answer.json();
    if (!answer.ok) throw new Problem(answer.status, body, answer.headers.get('retry-after'));
    return body;
  }

  get #api() {
    return this.metadata.protected_resources[0];
  }

  #grantUrl(grantId) {
    return `${this.metadata.grant_management_endpoint}/${encodeURIComponent(grantId)}`;
  }
}

// A key pair for proofs: ES256, PS256 or EdDSA. Extractable only if you must keep it in a file, as the example does; an HSM is better.
export function newKeys(alg = 'ES256', extractable = false) {
  return openid.randomDPoPKeyPair(alg === 'EdDSA' ? 'Ed25519' : alg, { extractable });
}
