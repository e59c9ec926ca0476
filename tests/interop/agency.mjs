// The example agency of docs/agency/client, told one step at a time, and what a thief of its tokens would do with them.
import { Agency, newKeys } from '../../docs/agency/client/agency.mjs';
import { converse } from './lines.mjs';

let agency, checks;

const verbs = {
  async discover({ issuer, client_id, jwk, redirect_uri, dpop_alg }) {
    const dpopKeys = await newKeys(dpop_alg);
    agency = await Agency.discover({ server: issuer, clientId: client_id, jwk, redirectUri: redirect_uri, dpopKeys });
    return agency.metadata;
  },

  async push({ details: [detail] }) {
    const pushed = await agency.push(detail);
    checks = pushed.checks;
    return { url: pushed.url };
  },

  redeem: ({ url }) => agency.redeem(url, checks),
  refresh: ({ token }) => agency.refresh(token),
  own: ({ scope }) => agency.own(scope),
  introspect: ({ token }) => agency.introspect(token),

  async revoke({ token }) {
    await agency.revoke(token);
    return {};
  },

  // From here on another key, as a thief of the tokens would have.
  async change_key() {
    agency.bindTo(await newKeys());
    return {};
  },

  async read({ token, url, bearer }) {
    const caller = bearer ? new Agency(agency.config, agency.redirectUri) : agency; // without keys the library sends Bearer
    const response = await caller.call(token, url);
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
