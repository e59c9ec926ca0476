// One citizen's entries: each is what was committed to, they are one chain 1, 2, 3, ..., and each stands in the tree.
import { instant, isCount, isObject, same, sha256, unhex } from './bytes.mjs';
import { hashed, leafHash } from './canonical.mjs';
import { discloses, keptCodes } from './kept.mjs';
import { isIncluded, LONGEST_PROOF } from './merkle.mjs';

const NO_COMMITMENT = '0'.repeat(64);
const LATEST_MS = 10 * 60 * 1000; // the sequencer takes a tenth of a second
const AT_ONCE = 128;

// The worst first: an entry's own code is the first of these that it has.
const ORDER = [
  'malformed', 'unreadable', 'content_changed', 'other_citizen', 'repeated', 'reordered', 'missing_before', 'unlinked',
  'not_included', 'left_out', 'kept_changed', 'kept_not_included', 'kept_late', 'shown_differs', 'kept_unproven', 'overdue',
];

// The entry with its bytes; null where it is none.
function read(entry) {
  if (!isObject(entry) || !isCount(entry.seq, 1)) return null;
  const [prev, commitment] = [unhex(entry.prev, 32), unhex(entry.commitment, 32)];
  if (prev === null || commitment === null) return null;
  const [sealed, pending] = [entry.salt === null && entry.access === null, entry.index === null && entry.proof === null];
  const salt = sealed ? null : unhex(entry.salt, 32);
  if (!sealed && (salt === null || !isObject(entry.access))) return null;
  if (!pending && (!isCount(entry.index, 0) || !Array.isArray(entry.proof) || entry.proof.length > LONGEST_PROOF)) return null;
  const proof = pending ? null : entry.proof.map((hash) => unhex(hash, 32));
  if (proof && proof.includes(null)) return null;
  if (entry.shown !== undefined && !isObject(entry.shown)) return null;
  return { ...entry, bytes: { salt, commitment, proof }, sealed, pending };
}

async function content(entry, citizen) {
  if (entry.sealed) return ['unreadable'];
  let computed;
  try {
    computed = await sha256(hashed(entry.bytes.salt, entry.access, entry.prev, entry.seq));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return ['content_changed']; // nothing that was ever logged has no canonical form
  }
  if (!same(computed, entry.bytes.commitment)) return ['content_changed'];
  const found = entry.access.citizen === citizen ? [] : ['other_citizen'];
  return entry.shown && Object.keys(entry.shown).length > 0 ? [...found, 'shown_differs'] : found;
}

async function inclusion(entry, head, node) {
  if (entry.pending || head === null) return []; // without a head the whole has a finding of its own
  const leaf = await leafHash(entry.bytes.commitment);
  const stands = await isIncluded({ index: entry.index, size: head.size, leaf, proof: entry.bytes.proof, root: head.root, node });
  return stands ? [] : ['not_included'];
}

// Whoever writes the bundle says when it was made: a time that is none, or long before the entry, is no reason to wait.
function late({ access }, madeAt) {
  if (!isObject(access)) return false; // unreadable, which is worse
  const [written, made] = [instant(access.at), instant(madeAt)];
  return written === null || made === null || Math.abs(made - written) > LATEST_MS;
}

// Where the chain is broken, as [position, code]; what stands out of order is not taken as the place to go on from.
function chain(entries) {
  const broken = [];
  const seen = new Set();
  let [last, commitment] = [0, NO_COMMITMENT];
  entries.forEach((entry, position) => {
    if (entry === null) return;
    const code = seen.has(entry.seq) ? 'repeated' : entry.seq < last ? 'reordered' : entry.seq > last + 1 ? 'missing_before'
      : entry.prev !== commitment ? 'unlinked' : null;
    if (code) broken.push([position, code]);
    seen.add(entry.seq);
    if (code !== 'repeated' && code !== 'reordered') [last, commitment] = [entry.seq, entry.commitment];
  });
  return broken;
}

// Of entries that tell what a law had kept back: what is wrong with the leaves that they name. The other entries say when it must have stood there.
async function keptBack(entries, codes, { head, node }) {
  const told = entries.map((_, i) => i).filter((i) => discloses(entries[i]?.access) && !codes[i].includes('content_changed'));
  if (told.length === 0) return;
  const proved = entries.filter((entry, i) => entry && !entry.pending && codes[i].length === 0);
  const dated = proved.map(({ access, index }) => ({ at: instant(access.at), index })).filter(({ at }) => at !== null);
  for (const i of told) codes[i].push(...(await keptCodes(entries[i], { head, node, dated })));
}

// `codes`: for each entry all that is wrong with it. `commitments`: number -> commitment, of what can be read.
export async function checkEntries(list, { citizen, madeAt, head, node, progress = () => {} }) {
  const entries = list.map(read);
  const codes = entries.map((entry) => (entry === null ? ['malformed'] : []));
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    await Promise.all(entries.slice(start, start + AT_ONCE).map(async (entry, i) => {
      if (entry !== null) codes[start + i].push(...(await content(entry, citizen)), ...(await inclusion(entry, head, node)));
    }));
    progress(Math.min(start + AT_ONCE, entries.length), entries.length);
  }
  await keptBack(entries, codes, { head, node });
  for (const [position, code] of chain(entries)) codes[position].push(code);
  let newestSealed = 0;
  for (const entry of entries) if (entry && !entry.pending) newestSealed = Math.max(newestSealed, entry.seq);
  entries.forEach((entry, position) => {
    if (entry === null || !entry.pending) return;
    // Entries of one citizen are sealed in their order: one that waits while a later one is sealed was kept out.
    if (entry.seq < newestSealed) codes[position].push('left_out');
    else if (late(entry, madeAt)) codes[position].push('overdue');
  });
  const commitments = new Map();
  for (const entry of entries) if (entry && !commitments.has(entry.seq)) commitments.set(entry.seq, entry.commitment);
  return {
    codes: codes.map((found) => ORDER.filter((code) => found.includes(code))),
    pending: entries.map((entry) => entry !== null && entry.pending),
    seqs: entries.map((entry, position) => (entry ? entry.seq : isCount(list[position]?.seq, 1) ? list[position].seq : null)),
    commitments,
    // Of what an entry says only what was committed to was written by the log.
    said: entries.filter((entry, position) => entry?.access && !codes[position].includes('content_changed')),
  };
}
