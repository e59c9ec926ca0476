// C2SP signed-note, tlog-checkpoint and tlog-cosignature: who signed which tree head. Lines of keys that nobody named are ignored, as the
// specification wants; an ML-DSA-44 line is one of those here, since browsers cannot check it yet.
import { hexOf, joined, same, sha256, unbase64, utf8 } from './bytes.mjs';
import { verify } from './ed25519.mjs';

const LOG = 1;
const WITNESS = 4;
const LONGEST = 64 * 1024;
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

export const validName = (name) => /^[^\s+\u0000-\u001f\u007f\u0085\ufeff]+$/u.test(name);

const keyId = async (name, type, key) => (await sha256(joined(utf8(`${name}\n`), new Uint8Array([type]), key))).slice(0, 4);

// A verifier key of type 0x01 (a log's) or 0x04 (a witness's) with Ed25519; null for any other.
export async function parseKey(vkey) {
  if (typeof vkey !== 'string') return null;
  const [name, stated, ...rest] = vkey.trim().split('+');
  const material = unbase64(rest.join('+'));
  if (!validName(name) || material === null || material.length !== 33 || ![LOG, WITNESS].includes(material[0])) return null;
  const [type, key] = [material[0], material.slice(1)];
  const id = await keyId(name, type, key);
  return stated === hexOf(id) ? { name, type, key, id, vkey: vkey.trim() } : null;
}

export async function keysOf(vkeys, type) {
  const parsed = await Promise.all((Array.isArray(vkeys) ? vkeys : []).map(parseKey));
  return parsed.filter((key) => key !== null && key.type === type);
}

export const logKeys = (vkeys) => keysOf(vkeys, LOG);
export const witnessKeys = (vkeys) => keysOf(vkeys, WITNESS);

// The note's text (with its last newline) and its signature lines; null where it is no signed note.
export function parseNote(note) {
  if (typeof note !== 'string' || note.length > LONGEST || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return null;
  const cut = note.lastIndexOf('\n\n');
  if (cut < 1 || !note.endsWith('\n')) return null;
  const lines = note.slice(cut + 2, -1).split('\n').map((line) => {
    const [dash, name, encoded, ...more] = line.split(' ');
    const raw = unbase64(encoded);
    return dash === '—' && name && more.length === 0 && raw !== null && raw.length > 4 ? { name, id: raw.slice(0, 4), signature: raw.slice(4) } : null;
  });
  return lines.includes(null) ? null : { text: note.slice(0, cut + 1), lines };
}

// Origin, size and root (32 bytes) of a checkpoint's text; null for another text.
function parseHead(text) {
  const lines = text.split('\n');
  const root = unbase64(lines[2]);
  if (lines.length < 4 || !lines[0] || !DECIMAL.test(lines[1]) || root === null || root.length !== 32) return null;
  const size = Number(lines[1]);
  return Number.isSafeInteger(size) ? { origin: lines[0], size, root } : null;
}

const of = (line, key) => line.name === key.name && same(line.id, key.id);

// {head} of a checkpoint that one of `keys` signed, or {code}: checkpoint_malformed, signature_wrong, wrong_key, other_log.
// With it `others`: whether there are lines that nobody here can check.
export async function openCheckpoint(note, keys) {
  const parsed = parseNote(note);
  const head = parsed && parseHead(parsed.text);
  if (!head) return { code: 'checkpoint_malformed' };
  let signer = null;
  for (const line of parsed.lines) {
    const key = keys.find((one) => of(line, one));
    if (key === undefined) continue;
    if (!(await verify(key.key, line.signature, utf8(parsed.text)))) return { code: 'signature_wrong' };
    signer ??= key;
  }
  if (signer === null) return { code: keys.some((key) => key.name === head.origin) || keys.length === 0 ? 'wrong_key' : 'other_log' };
  if (signer.name !== head.origin) return { code: 'other_log' };
  return { head, signer, parsed, unchecked: parsed.lines.some((line) => line.name === signer.name && !keys.some((key) => of(line, key))) };
}

// The keys of the witnesses whose cosignature/v1 on this note holds, each with the newest time (POSIX) that it states; `wrong` where a listed
// witness's line does not.
export async function witnessed(parsed, witnesses) {
  const held = new Map();
  let wrong = false;
  for (const line of parsed.lines) {
    const key = witnesses.find((one) => of(line, one));
    if (key === undefined) continue;
    const time = line.signature.slice(0, 8).reduce((n, byte) => n * 256 + byte, 0);
    const message = utf8(`cosignature/v1\ntime ${time}\n${parsed.text}`);
    const holds = line.signature.length === 72 && time > 0 && Number.isSafeInteger(time) && (await verify(key.key, line.signature.slice(8), message));
    if (!holds) wrong = true;
    else held.set(key, Math.max(time, held.get(key) ?? 0));
  }
  return { held, wrong };
}
