// A citizen's receipt checked by npm `jose` with nothing but Aurora's published keys: knows nothing of Aurora but the receipt's type.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { converse } from './lines.mjs';

let keys;
let issuer;

await converse(async ({ do: what, ...given }) => {
  try {
    if (what === 'keys') {
      keys = createLocalJWKSet(given.jwks);
      issuer = given.issuer;
      return {};
    }
    const { payload, protectedHeader } = await jwtVerify(given.receipt, keys, { issuer, typ: 'consent-receipt+jwt', algorithms: ['ES256'] });
    return { payload, header: protectedHeader };
  } catch (error) {
    return { failed: { name: error.name, code: error.code, message: error.message } };
  }
});
