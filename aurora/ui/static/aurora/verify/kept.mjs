// What a law had kept back from the citizen (docs/citizen/log.md). The entry that tells of it names the leaf, or the two, that the public tree
// has had since it came: its words must be those that were sealed then, and the leaf must stand where no later day could have put it.
import { hexOf, instant, isCount, isObject, joined, sha256, unhex, utf8 } from './bytes.mjs';
import { canonical, leafHash } from './canonical.mjs';
import { isIncluded, LONGEST_PROOF } from './merkle.mjs';

const DISCLOSED = 'agency:use:disclosed';
const REPORTED = 'agency:use:reported';
const MOST = 2; // a law lets it be kept longer once
const LATEST_MS = 10 * 60 * 1000; // between an entry's time and its place: as for one that waits

export const discloses = (access) => isObject(access) && access.event === DISCLOSED;

// A member within members; null where there is none.
const part = (value, ...path) => path.reduce((inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : null), value);

// What was hashed behind the salt, if it makes the commitment that is named; else null.
async function opened(named) {
  const [salt, text] = [unhex(part(named, 'salt'), 32), part(named, 'entry')];
  if (salt === null || typeof text !== 'string') return null;
  if (hexOf(await sha256(joined(salt, utf8(text)))) !== part(named, 'commitment')) return null;
  try {
    const said = JSON.parse(text);
    return canonical(said) === text && instant(part(said, 'kept', 'since')) !== null ? said : null;
  } catch {
    return null; // no JSON, or none that was ever sealed
  }
}

// Does the entry tell what was sealed, all of it under the same law and in its order?
function agrees(access, named, sealed) {
  const { details } = access;
  const told = ['citizen', 'actor', 'purpose', 'categories'].map((name) => part(access, name));
  told.push(...['used_at', 'report', 'law', 'kept_since', 'kept_until'].map((name) => part(details, name)));
  const [first, last] = [sealed[0], sealed[sealed.length - 1]];
  const then = ['citizen', 'actor', 'purpose', 'categories', 'at'].map((name) => part(first, 'access', name));
  then.push(part(first, 'access', 'details', 'report'), part(first, 'kept', 'law'), part(first, 'kept', 'since'), part(last, 'kept', 'until'));
  if (canonical(told) !== canonical(then)) return false;
  return sealed.every((one, i) => {
    const known = [part(named[i], 'id'), part(access, 'citizen'), part(access, 'actor'), REPORTED, part(details, 'law'), i + 1, i > 0 ? part(named[0], 'id') : null];
    const stated = ['id', 'citizen', 'actor', 'event'].map((name) => part(one, 'access', name));
    stated.push(part(one, 'kept', 'law'), part(one, 'kept', 'number'), part(one, 'access', 'details', 'extends'));
    return canonical(known) === canonical(stated);
  });
}

// Where the leaf stands: null where all holds. `dated`: place and time of entries that are proved.
async function placed(named, said, entry, { head, node, dated }) {
  const commitment = unhex(part(named, 'commitment'), 32);
  if (commitment === null) return null; // there are no words that make it
  const carried = (Array.isArray(entry.kept) ? entry.kept : []).find((one) => part(one, 'commitment') === named.commitment) ?? null;
  const [index, hashes, stated] = [part(carried, 'index'), part(carried, 'proof'), part(named, 'index')];
  if (index === null && hashes === null) return 'kept_unproven';
  if (head === null) return null; // the whole has a finding of its own
  const proof = Array.isArray(hashes) && hashes.length <= LONGEST_PROOF ? hashes.map((hash) => unhex(hash, 32)) : [null];
  if (proof.includes(null) || !isCount(index, 0) || (stated !== null && stated !== index)) return 'kept_not_included';
  const stands = await isIncluded({ index, size: head.size, leaf: await leafHash(commitment), proof, root: head.root, node });
  if (!stands) return 'kept_not_included';
  const since = said === null ? Infinity : instant(said.kept.since);
  const before = dated.filter(({ at }) => at > since + LATEST_MS).map((later) => later.index);
  if (!entry.pending) before.push(entry.index);
  return before.every((later) => index < later) ? null : 'kept_late';
}

// The codes of what is wrong with the leaves that an entry of `discloses` names.
export async function keptCodes(entry, how) {
  const named = part(entry.access, 'details', 'kept');
  if (!Array.isArray(named) || named.length < 1 || named.length > MOST) return ['kept_changed'];
  const sealed = await Promise.all(named.map(opened));
  const places = await Promise.all(named.map((one, i) => placed(one, sealed[i], entry, how)));
  const codes = places.filter((code) => code !== null);
  return sealed.includes(null) || !agrees(entry.access, named, sealed) ? ['kept_changed', ...codes] : codes;
}
