// Inclusion in Aurora's log as npm `@sigstore/verify` sees it: its `verifyTLogInclusion`, which opens the checkpoint, checks the log's signature
// on it, and leads the proof from the leaf to the root. What stands before that in the library, Sigstore's own kinds of entries, is not for us.
import { createPublicKey } from 'node:crypto';
import { createRequire } from 'node:module';
import { converse } from './lines.mjs';

const { verifyTLogInclusion } = createRequire(import.meta.url)('@sigstore/verify/dist/tlog/index.js');
const bytes = (hex) => Buffer.from(hex, 'hex');

// A C2SP verifier key as the library wants a log: the first four bytes of its id are the key's.
function authority(vkey) {
  const [name, id, ...rest] = vkey.split('+');
  const material = Buffer.from(rest.join('+'), 'base64');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: material.subarray(1).toString('base64url') };
  return { baseURL: name, logID: bytes(id), publicKey: createPublicKey({ key: jwk, format: 'jwk' }), validFor: { start: new Date(0), end: new Date(8e15) } };
}

await converse(async ({ vkey, checkpoint, entries }) => ({
  found: entries.map(({ commitment, index, proof }) => {
    const entry = {
      logIndex: String(index),
      canonicalizedBody: bytes(commitment),
      inclusionProof: { logIndex: String(index), hashes: proof.map(bytes), checkpoint: { envelope: checkpoint } },
    };
    try {
      verifyTLogInclusion(entry, [authority(vkey)]);
      return 'accepted';
    } catch (error) {
      return `${error.code ?? error.name}: ${error.message}`;
    }
  }),
}));
