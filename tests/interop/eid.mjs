// A national e-ID that shares no line with Aurora: npm `oidc-provider`, strict (FAPI 2.0, PKCE, ES256, pairwise subjects), at a free port
// of loopback. The tests tell it which lie to tell; what it does to its answers on the way out is all that is not the library's.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { SignJWT, UnsecuredJWT, decodeJwt, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import { converse } from './lines.mjs';
import Provider from 'oidc-provider';

const KID = 'signing';
const mine = await generateKeyPair('ES256', { extractable: true });
const foreign = await generateKeyPair('ES256');
let lie = '';

function provider(issuer, { client, accounts }) {
  return new Provider(issuer, {
    clients: [{
      ...client,
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      id_token_signed_response_alg: 'ES256',
      subject_type: 'pairwise',
    }],
    jwks: { keys: [{ ...signingKey, kid: KID, alg: 'ES256', use: 'sig' }] },
    cookies: { keys: [randomUUID()] },
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (ctx, accountId, { clientId }) => createHash('sha256').update(`${clientId} ${accountId}`).digest('hex'),
    claims: { openid: ['sub'], profile: ['name', 'birthdate', 'national_id'] },
    features: {
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      fapi: { enabled: true, profile: '2.0' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    },
    pkce: { required: () => true },
    ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (ctx, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
    // Whoever signs in agrees that the service learns who they are: there is no consent page.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid profile');
      grant.addOIDCClaims(['name', 'birthdate', 'national_id']);
      await grant.save();
      return grant;
    },
  });
}

const PAGE = `<!doctype html><title>e-ID</title><form method="post">
<label>Sign-in identifier <input name="identifier"></label>
<button>Sign in</button> <button name="cancel" value="yes">Cancel</button></form>`;

// The one page, which the library leaves to its user.
const page = (peer) => async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    ctx.body = PAGE;
    return undefined;
  }
  const form = new URLSearchParams(await text(ctx.req));
  ctx.respond = false;
  return peer.interactionFinished(ctx.req, ctx.res, form.has('cancel')
    ? { error: 'access_denied', error_description: 'The person cancelled.' }
    : { login: { accountId: form.get('identifier') } });
};

// Each lie makes another ID Token out of the true one's claims (OpenID Connect Core 3.1.3.7 says which checks must find it).
const sign = (claims, key = mine.privateKey, alg = 'ES256') => new SignJWT(claims).setProtectedHeader({ alg, kid: KID }).sign(key);
const lies = {
  nonce: (claims) => sign({ ...claims, nonce: 'another' }),
  'no-nonce': ({ nonce, ...claims }) => sign(claims),
  issuer: (claims) => sign({ ...claims, iss: 'http://localhost:1' }),
  audience: (claims) => sign({ ...claims, aud: 'another' }),
  expired: (claims) => sign({ ...claims, iat: claims.iat - 7200, exp: claims.iat - 3600 }),
  'foreign-key': (claims) => sign(claims, foreign.privateKey),
  unsigned: (claims) => new UnsecuredJWT(claims).encode(),
  // The published key taken for a shared secret (RFC 8725, 2.1).
  'public-key-as-secret': async (claims) => sign(claims, new TextEncoder().encode(await exportSPKI(mine.publicKey)), 'HS256'),
  'no-identifier': ({ national_id, ...claims }) => sign(claims),
};

async function tampering(ctx, next) {
  await next();
  if (lies[lie] && ctx.body?.id_token) {
    ctx.body = { ...ctx.body, id_token: await lies[lie](decodeJwt(ctx.body.id_token)) };
  }
  const to = ctx.response.get('Location');
  if (lie === 'answer-issuer' && to?.includes('code=')) {
    const answer = new URL(to);
    answer.searchParams.set('iss', 'http://localhost:1'); // the mix-up attack of RFC 9207
    ctx.set('Location', answer.href);
  }
}

const signingKey = await exportJWK(mine.privateKey);
const server = createServer().listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
const issuer = `http://localhost:${server.address().port}`;

await converse((command) => {
  if ('client' in command) {
    const peer = provider(issuer, command);
    peer.use(page(peer));
    peer.use(tampering);
    server.on('request', peer.callback());
    return { issuer };
  }
  if (command.lie && command.lie !== 'answer-issuer' && !lies[command.lie]) throw new Error(`no such lie: ${command.lie}`);
  lie = command.lie;
  return { lie };
});
