// What an entry commits to, byte for byte (consent/ledger/leaf.py is the other side of this):
//   entry      = RFC 8785 canonical form of {"access": {...}, "prev": "<64 hex>", "seq": N}
//   commitment = SHA-256(salt || entry)
//   leaf hash  = SHA-256(0x00 || commitment), RFC 6962, 2.1
import { joined, sha256, utf8 } from './bytes.mjs';

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const DEEPEST = 64;

// The RFC 8785 form of what JSON can say without fractions, as a string. Throws RangeError for what has none here.
export function canonical(value, depth = 0) {
  if (depth > DEEPEST) throw new RangeError('too deep');
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError('not a whole number that is exact');
    return String(value); // -0 is written 0, as the RFC says
  }
  if (typeof value === 'string') {
    if (LONE_SURROGATE.test(value)) throw new RangeError('a lone surrogate');
    return JSON.stringify(value); // escapes what the RFC escapes, in its spelling
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object') throw new RangeError('no JSON');
  // Array.prototype.sort compares UTF-16 code units, which is the RFC's order (3.2.3).
  const members = Object.keys(value).sort().map((key) => `${canonical(key)}:${canonical(value[key], depth + 1)}`);
  return `{${members.join(',')}}`;
}

export const hashed = (salt, access, prev, seq) =>
  joined(salt, utf8(`{"access":${canonical(access)},"prev":"${prev}","seq":${seq}}`));

export const leafHash = (commitment) => sha256(joined(new Uint8Array([0]), commitment));
