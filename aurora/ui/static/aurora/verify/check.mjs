// Is this bundle (format aurora-log-bundle-1, docs/citizen/log.md) whole and true, and does it extend what was seen before? Nothing here
// asks a server for its opinion; aurora_verify.py says the same of the same bundle, by the same codes.
import { hexOf, instant, isObject, sha256, unbase64, unhex } from './bytes.mjs';
import { leafHash } from './canonical.mjs';
import { checkEntries } from './entries.mjs';
import { consistencyProof, isConsistent, isIncluded, nodeOfTiles, remembering } from './merkle.mjs';
import { logKeys, openCheckpoint, witnessKeys } from './note.mjs';
import { watching } from './witnesses.mjs';

export const FORMAT = 'aurora-log-bundle-1';
const INCOMPLETE = new Set(['overdue', 'extension_unproven', 'public_unproven', 'witness_missing', 'witness_old', 'witness_changed', 'kept_unproven']);
const SIGNED = new Set(['signed', 'signed_earlier']);
const FRESH = 24 * 3600; // a witness signs once an hour at least
const EXPORTED = 'citizen:twin:exported';

function wellFormed(bundle) {
  return isObject(bundle) && bundle.format === FORMAT && typeof bundle.citizen === 'string' && typeof bundle.made_at === 'string'
    && isObject(bundle.log) && typeof bundle.log.name === 'string' && Array.isArray(bundle.log.keys) && Array.isArray(bundle.witnesses)
    && (bundle.checkpoint === null || typeof bundle.checkpoint === 'string') && Array.isArray(bundle.entries) && Array.isArray(bundle.earlier)
    && (bundle.head === null || (isObject(bundle.head) && Number.isSafeInteger(bundle.head.seq) && unhex(bundle.head.commitment, 32) !== null));
}

const verdictOf = (findings) =>
  findings.some(({ code }) => !INCOMPLETE.has(code)) ? 'failed' : findings.length > 0 ? 'incomplete' : 'verified';

const nothing = (code) => ({
  verdict: 'failed', entries: [], findings: [{ code }], notes: [], length: 0, size: null, root: null, witnesses: [], key: null, former: [], cosigned: null,
});

// `seen` is what an earlier verification left: {citizen, name, key, former, size, root, seq, commitment, witnesses}; `older` an earlier bundle. `keys` and
// `witnesses` are verifier keys that are trusted from elsewhere. `tile(level, path)` promises a public tile's bytes, `today` the checkpoint that
// everyone is shown.
export async function check(bundle, { seen = null, older = null, keys = null, witnesses = null, tile = null, today = null, progress } = {}) {
  if (!wellFormed(bundle)) return nothing('bad_format');
  const [findings, notes] = [[], []];
  let before = seen;
  let former = null;
  if (older !== null) {
    const result = await check(older, { keys, witnesses });
    if (result.verdict === 'failed') findings.push({ code: 'older_failed' });
    else [before, former] = [seenOf(older, result), older];
  }
  const opened = await headOf(bundle, { keys, before, findings, notes });
  const head = opened?.head ?? null;
  // Keys that are trusted from elsewhere need no noted ones.
  const noted = witnesses === null ? (before?.witnesses ?? []) : [];
  const { known, newest } = await witnessesOf(bundle, opened, { asked: witnesses ?? bundle.witnesses, noted, findings, notes });
  if (witnesses !== null && !known.some(({ state }) => SIGNED.has(state))) findings.push({ code: 'witness_missing' });
  const checked = await checkEntries(bundle.entries, { citizen: bundle.citizen, madeAt: bundle.made_at, head, node: remembering(), progress });
  checked.codes.forEach((codes, i) => codes.forEach((code) => findings.push({ code, seq: checked.seqs[i] })));
  if (head === null && checked.pending.some((pending) => !pending) && bundle.checkpoint === null) findings.push({ code: 'no_checkpoint' });
  endOfChain(bundle, checked, findings);
  if (head || bundle.checkpoint === null) await notedTrees(bundle, checked.said, head, tile, findings);
  if (before) {
    sameChain(bundle, checked, before, former, findings);
    if (head) await sameTree(bundle, head, before, tile, findings);
  }
  if (today && opened) await publicTree(opened, today, tile, findings);
  if (bundle.entries.length === 0) notes.push('empty');
  return {
    verdict: verdictOf(findings),
    entries: checked.codes.map((codes, i) => ({ seq: checked.seqs[i], code: codes[0] ?? (checked.pending[i] ? 'pending' : 'proved') })),
    findings,
    notes,
    length: bundle.entries.length,
    size: head ? head.size : null,
    root: head ? hexOf(head.root) : null,
    witnesses: known,
    key: opened?.signer.vkey ?? null,
    former: opened === null ? [] : await replaced(bundle, opened, before),
    cosigned: newest,
  };
}

// What to remember of a bundle that was verified, to hold the next one against.
export const seenOf = (bundle, { key, former, size, root, witnesses }) => ({
  citizen: bundle.citizen, name: bundle.log.name, key, former, size, root,
  seq: bundle.head?.seq ?? 0, commitment: bundle.head?.commitment ?? null,
  witnesses: witnesses.filter(({ state }) => state !== 'unknown').map((one) => one.key),
});

async function headOf(bundle, { keys, before, findings, notes }) {
  if (bundle.checkpoint === null) return null;
  const own = await logKeys(bundle.log.keys);
  const trusted = keys ?? (before?.key ? [before.key] : null);
  let opened = await openCheckpoint(bundle.checkpoint, trusted ? await logKeys(trusted) : own);
  if (trusted === null) notes.push('key_from_bundle');
  if (trusted && keys === null && ['wrong_key', 'other_log'].includes(opened.code)) {
    findings.push({ code: 'key_changed' });
    opened = await openCheckpoint(bundle.checkpoint, own); // to tell what else is wrong
  } else if (trusted && keys === null && !opened.code) {
    opened = await renewed(bundle, opened, own[0], before, notes);
  }
  if (opened.code) {
    findings.push({ code: opened.code });
    return null;
  }
  if (opened.head.origin !== bundle.log.name) findings.push({ code: 'other_log' });
  if (opened.unchecked) notes.push('other_signatures');
  return opened;
}

// The log's key in use, once the noted one has signed the same head beside it: it is noted from then on. None goes back to a key that was replaced.
async function renewed(bundle, opened, first, before, notes) {
  if (first === undefined || first.vkey === before.key || formerOf(before).includes(first.vkey)) return opened;
  const anew = await openCheckpoint(bundle.checkpoint, [first]);
  if (anew.code) return opened;
  notes.push('key_renewed');
  return anew;
}

const formerOf = (before) => (Array.isArray(before?.former) ? before.former : []);

// The keys that another has replaced, as far as is known here: as the bundle names them, and as they were noted.
async function replaced(bundle, { signer }, before) {
  const named = (await logKeys(bundle.log.keys)).map(({ vkey }) => vkey);
  const known = [...named.slice(named.indexOf(signer.vkey) + 1), ...formerOf(before), ...(before?.key ? [before.key] : [])];
  return [...new Set(known)].filter((vkey) => vkey !== signer.vkey);
}

async function witnessesOf(bundle, opened, { asked, noted, findings, notes }) {
  if (opened === null) return { known: [], newest: null };
  const watch = watching(await witnessKeys(asked), await witnessKeys(noted));
  await watch.read(opened.parsed, 'signed');
  for (const earlier of bundle.earlier) {
    const former = await earlierHead(earlier, opened.signer);
    if (['wrong_key', 'other_log'].includes(former.code)) continue; // of a key that the log had before
    const proof = hashesOf(earlier?.proof);
    const extended = !former.code && proof !== null && (former.head.size === 0 || (await isConsistent({
      oldSize: former.head.size, newSize: opened.head.size, oldRoot: former.head.root, newRoot: opened.head.root, proof,
    })));
    if (!extended) {
      findings.push({ code: 'earlier_forked' });
      continue;
    }
    if (former.parsed) await watch.read(former.parsed, 'signed_earlier');
  }
  const { witnesses, changed, wrong, newest } = watch.told();
  if (wrong) findings.push({ code: 'witness_wrong' });
  for (const name of changed) findings.push({ code: 'witness_changed', name });
  if (newest !== null && stale(newest, bundle.made_at)) findings.push({ code: 'witness_old' });
  const states = witnesses.map(({ state }) => state);
  if (!states.some((state) => SIGNED.has(state))) notes.push('unwitnessed');
  else if (!states.includes('signed')) notes.push('witnessed_earlier');
  if (states.includes('gone')) notes.push('witness_gone');
  return { known: witnesses, newest };
}

// A state that witnesses signed long ago is a beginning of any log that was made up since. By the bundle's own time: it may be checked years later.
function stale(signed, madeAt) {
  const made = instant(madeAt);
  return made === null || made / 1000 - signed > FRESH;
}

const hashesOf = (given) => {
  const hashes = Array.isArray(given) ? given.map((hash) => unhex(hash, 32)) : [null];
  return hashes.includes(null) ? null : hashes;
};

// A head that the log had: as it was signed, or, where the note is kept no more, as the citizen's own chain noted it.
async function earlierHead(earlier, signer) {
  if (earlier?.checkpoint !== null) return openCheckpoint(earlier?.checkpoint, [signer]);
  const root = unhex(earlier.root, 32);
  return Number.isSafeInteger(earlier.size) && earlier.size > 0 && root !== null ? { head: { size: earlier.size, root } } : { code: 'checkpoint_malformed' };
}

function endOfChain(bundle, { commitments }, findings) {
  const last = Math.max(0, ...commitments.keys());
  if (bundle.head === null) {
    if (last > 0) findings.push({ code: 'head_differs' });
  } else if (bundle.head.seq > last) {
    findings.push({ code: 'missing_at_end', seq: bundle.head.seq });
  } else if (bundle.head.seq < last || commitments.get(last) !== bundle.head.commitment) {
    findings.push({ code: 'head_differs' });
  }
}

function sameChain(bundle, { commitments }, before, former, findings) {
  if (before.citizen !== bundle.citizen) {
    findings.push({ code: 'citizen_differs' });
    return;
  }
  const last = Math.max(0, ...commitments.keys());
  if (before.seq > last) findings.push({ code: 'chain_shrunk', seq: before.seq });
  const known = former ? former.entries.map(({ seq, commitment }) => [seq, commitment]) : [[before.seq, before.commitment]];
  const other = known.find(([seq, commitment]) => commitments.has(seq) && commitments.get(seq) !== commitment);
  if (other) findings.push({ code: 'chain_forked', seq: other[0] });
}

async function sameTree(bundle, head, before, tile, findings) {
  if (!before.size || before.name !== head.origin) return; // another name has a finding of its own
  const [oldRoot, newRoot] = [unhex(before.root, 32), head.root];
  const sizes = { oldSize: before.size, newSize: head.size, oldRoot, newRoot };
  if (before.size > head.size) findings.push({ code: 'tree_shrunk' });
  else if (before.size === head.size) {
    if (before.root !== hexOf(newRoot)) findings.push({ code: 'tree_forked' });
  } else {
    const proof = await extension(bundle, sizes, tile);
    if (proof === null) findings.push({ code: 'extension_unproven' });
    else if (!(await isConsistent({ ...sizes, proof }))) findings.push({ code: 'tree_forked' });
  }
}

// Each download noted in this chain the tree that it was given: this one must contain them all, whether the bundle speaks of them or not.
async function notedTrees(bundle, entries, head, tile, findings) {
  const [given, judged] = [new Map(), new Set()];
  for (const earlier of bundle.earlier) {
    if (isObject(earlier) && Number.isSafeInteger(earlier.size)) given.set(earlier.size, [...(given.get(earlier.size) ?? []), earlier]);
  }
  for (const { seq, access } of entries) {
    const details = access.event === EXPORTED ? access.details : null;
    if (!isObject(details) || details.what !== 'log' || details.tree_size === 0) continue;
    const [size, root] = [details.tree_size, unhex(details.tree_root, 32)];
    if (!Number.isSafeInteger(size) || size < 1 || root === null) {
      findings.push({ code: 'extension_unproven', seq });
      continue;
    }
    if (judged.has(`${size} ${details.tree_root}`)) continue;
    judged.add(`${size} ${details.tree_root}`);
    const code = head && size <= head.size ? await contained({ size, root }, head, given.get(size) ?? [], tile) : 'tree_shrunk';
    if (code) findings.push({ code, seq });
  }
}

// null where the tree contains the one that was noted, by a proof of the bundle or of the public tiles.
async function contained(noted, head, given, tile) {
  const extended = (oldRoot, proof) => isConsistent({ oldSize: noted.size, newSize: head.size, oldRoot, newRoot: head.root, proof });
  if (noted.size === head.size) return hexOf(noted.root) === hexOf(head.root) ? null : 'tree_forked';
  let code = 'extension_unproven';
  for (const earlier of given) {
    const [proof, root] = [hashesOf(earlier.proof), unhex(earlier.root, 32)];
    if (proof === null) continue;
    if (await extended(noted.root, proof)) return null;
    if (root !== null && (await extended(root, proof))) code = 'tree_forked'; // it contains another one of that size
  }
  if (code === 'tree_forked' || tile === null) return code;
  let proof;
  try {
    proof = await consistencyProof(noted.size, head.size, nodeOfTiles(head.size, tile));
  } catch {
    return code; // away or cut short
  }
  return (await extended(noted.root, proof)) ? null : 'tree_forked';
}

// The tree that everyone is shown and the one that this citizen is shown: is the shorter of the two a beginning of the longer?
async function publicTree(opened, today, tile, findings) {
  let everyones;
  try {
    everyones = await openCheckpoint(await today(), [opened.signer]);
  } catch {
    findings.push({ code: 'public_unproven' });
    return;
  }
  if (everyones.code) {
    findings.push({ code: 'public_forked' });
    return;
  }
  const [older, newer] = [everyones.head, opened.head].sort((a, b) => a.size - b.size);
  const sizes = { oldSize: older.size, newSize: newer.size, oldRoot: older.root, newRoot: newer.root };
  if (older.size === 0) {
    // An empty log is a beginning of any: where this citizen's is not empty, nothing is known of what everyone is shown.
    if (opened.head.size > 0) findings.push({ code: 'public_unproven' });
    return;
  }
  let proof = [];
  try {
    if (older.size < newer.size) proof = await consistencyProof(older.size, newer.size, nodeOfTiles(newer.size, tile));
  } catch {
    findings.push({ code: 'public_unproven' });
    return;
  }
  if (!(await isConsistent({ ...sizes, proof }))) findings.push({ code: 'public_forked' });
}

// A consistency proof out of the public tiles, or out of the bundle; null where neither has one.
async function extension(bundle, { oldSize, newSize }, tile) {
  if (tile !== null) {
    try {
      return await consistencyProof(oldSize, newSize, nodeOfTiles(newSize, tile));
    } catch {
      // Away or cut short: the bundle may have a proof.
    }
  }
  return hashesOf(bundle.earlier.find((one) => one?.size === oldSize)?.proof);
}

// A C2SP tlog-proof@v1 whose `extra` is what was hashed (salt || entry): {code, index, entry}, `proved` where all holds.
export async function checkProof(text, { keys }) {
  const parts = /^c2sp\.org\/tlog-proof@v1\nextra ([^\n]+)\nindex (0|[1-9][0-9]{0,15})\n((?:[^\n]+\n){0,64})\n([^]+)$/.exec(text);
  const preimage = parts && unbase64(parts[1]);
  const proof = parts ? parts[3].split('\n').slice(0, -1).map(unbase64) : [null];
  if (preimage === null || proof.some((hash) => hash === null || hash.length !== 32)) return { code: 'bad_format' };
  const opened = await openCheckpoint(parts[4], await logKeys(keys));
  if (opened.code) return { code: opened.code };
  const [index, leaf] = [Number(parts[2]), await leafHash(await sha256(preimage))];
  const stands = await isIncluded({ index, size: opened.head.size, leaf, proof, root: opened.head.root });
  return { code: stands ? 'proved' : 'not_included', index, size: opened.head.size };
}
