// An agency whose OAuth is npm `openid-client`: it shares no line with Aurora. Only Aurora's plain http on loopback is let pass.
import * as client from 'openid-client';
import { importJWK } from 'jose';
import { converse } from './lines.mjs';

let config, redirectUri, checks;

const verbs = {
  // RFC 8414; all further requests are signed with the agency's key (RFC 7523).
  async discover({ issuer, client_id, jwk, redirect_uri }) {
    const key = { key: await importJWK(jwk, 'ES256'), kid: jwk.kid };
    redirectUri = redirect_uri;
    config = await client.discovery(new URL(issuer), client_id, undefined, client.PrivateKeyJwt(key), {
      algorithm: 'oauth2',
      execute: [client.allowInsecureRequests],
    });
    return config.serverMetadata();
  },

  // RFC 9126 with RFC 9396 and RFC 7636: where to send the citizen.
  async push({ details }) {
    checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState() };
    const url = await client.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: redirectUri,
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      authorization_details: JSON.stringify(details),
    });
    return { url: url.href };
  },

  // `url` is where the citizen came back to: state, RFC 9207 `iss` and a refusal are checked before the code is used.
  redeem: ({ url }) => client.authorizationCodeGrant(config, new URL(url), checks),
  refresh: ({ token }) => client.refreshTokenGrant(config, token),
  introspect: ({ token }) => client.tokenIntrospection(config, token),

  async revoke({ token }) {
    await client.tokenRevocation(config, token);
    return {};
  },

  async read({ token, url }) {
    const response = await client.fetchProtectedResource(config, token, new URL(url), 'GET');
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
