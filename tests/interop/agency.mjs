// An agency whose OAuth is npm `openid-client`: it shares no line with Aurora. Only Aurora's plain http on loopback is let pass.
import * as client from 'openid-client';
import { importJWK } from 'jose';
import { converse } from './lines.mjs';

let config, redirectUri, checks, DPoP;

// Aurora's metadata says EdDSA, as FAPI 2.0 does; the library would write the newer name of RFC 9864. Its documented way to change that.
const remapEd25519 = {
  [client.modifyAssertion]: (header) => {
    if (header.alg === 'Ed25519') header.alg = 'EdDSA';
  },
};

const verbs = {
  // RFC 8414; all further requests are signed with the agency's key (RFC 7523).
  async discover({ issuer, client_id, jwk, redirect_uri, dpop_alg }) {
    const key = { key: await importJWK(jwk, 'ES256'), kid: jwk.kid };
    redirectUri = redirect_uri;
    config = await client.discovery(new URL(issuer), client_id, undefined, client.PrivateKeyJwt(key), {
      algorithm: 'oauth2',
      execute: [client.allowInsecureRequests],
    });
    // RFC 9449: the key that tokens are bound to is another than the one that signs the assertions. The handle keeps nonces.
    DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair((dpop_alg ?? 'ES256').replace('EdDSA', 'Ed25519')), remapEd25519);
    return config.serverMetadata();
  },

  // RFC 9126 with RFC 9396, RFC 7636 and RFC 9449 (10): where to send the citizen.
  async push({ details }) {
    checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState() };
    const url = await client.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: redirectUri,
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      authorization_details: JSON.stringify(details),
    }, { DPoP });
    return { url: url.href };
  },

  // `url` is where the citizen came back to: state, RFC 9207 `iss` and a refusal are checked before the code is used.
  redeem: ({ url }) => client.authorizationCodeGrant(config, new URL(url), checks, undefined, { DPoP }),
  refresh: ({ token }) => client.refreshTokenGrant(config, token, undefined, { DPoP }),
  own: ({ scope }) => client.clientCredentialsGrant(config, { scope }, { DPoP }),
  introspect: ({ token }) => client.tokenIntrospection(config, token),

  async revoke({ token }) {
    await client.tokenRevocation(config, token);
    return {};
  },

  // From here on another key, as a thief of the tokens would have.
  async change_key() {
    DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    return {};
  },

  async read({ token, url, bearer }) {
    const how = bearer ? {} : { DPoP };
    const response = await client.fetchProtectedResource(config, token, new URL(url), 'GET', undefined, undefined, how);
    return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
  },
};

// What openid-client throws, as far as the tests look at it; the library wraps what is behind it.
async function failure(error) {
  const { name, code, message, status, error: oauth, cause } = error;
  const problem = name === 'WWWAuthenticateChallengeError' ? { challenges: cause, body: await error.response.json() } : {};
  return { failed: { name, code, message, reason: cause?.message, status, oauth, ...problem } };
}

await converse(async ({ do: verb, ...given }) => {
  try {
    return await verbs[verb](given);
  } catch (error) {
    return failure(error);
  }
});
