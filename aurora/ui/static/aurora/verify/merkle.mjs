// The Merkle tree of RFC 9162, 2.1 (and RFC 6962): checking proofs, and making a consistency proof out of public tiles (C2SP tlog-tiles).
// Sizes and indices stay below 2^53; halves are made by arithmetic, since JavaScript's shifts end at 32 bits.
import { hexOf, joined, same, sha256 } from './bytes.mjs';

const NODE = new Uint8Array([1]);
const half = (n) => Math.floor(n / 2);
const odd = (n) => n % 2 === 1;
const isSize = (n) => Number.isSafeInteger(n) && n >= 0;
export const HASH = 32;
export const WIDTH = 256;
export const LONGEST_PROOF = 64;

export const nodeHash = (left, right) => sha256(joined(NODE, left, right));

// Remembers what was hashed: the proofs of one tree share their upper nodes.
export function remembering() {
  const known = new Map();
  return (left, right) => {
    const key = hexOf(left) + hexOf(right);
    let hash = known.get(key);
    if (hash === undefined) known.set(key, (hash = nodeHash(left, right)));
    return hash;
  };
}

// RFC 9162, 2.1.3.2: does the proof lead from this leaf hash at this index to this root?
export async function isIncluded({ index, size, leaf, proof, root, node = nodeHash }) {
  if (!isSize(index) || !isSize(size) || index >= size || [leaf, root, ...proof].some((hash) => hash.length !== HASH)) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      hash = await node(sibling, hash);
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = await node(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(hash, root);
}

// RFC 9162, 2.1.4.2: does the tree of `newSize` leaves extend the one of `oldSize`? False for an empty old tree, which proves nothing.
export async function isConsistent({ oldSize, newSize, oldRoot, newRoot, proof }) {
  if (!isSize(oldSize) || !isSize(newSize) || [oldRoot, newRoot, ...proof].some((hash) => hash.length !== HASH)) return false;
  if (oldSize === newSize && oldSize > 0) return proof.length === 0 && same(oldRoot, newRoot);
  if (oldSize === 0 || oldSize > newSize) return false;
  const isPower = Number.isInteger(Math.log2(oldSize)) && 2 ** Math.log2(oldSize) === oldSize;
  const path = isPower ? [oldRoot, ...proof] : proof;
  if (path.length === 0) return false;
  let [fn, sn] = [oldSize - 1, newSize - 1];
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [first, second] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (sn === 0) return false;
    if (odd(fn) || fn === sn) {
      [first, second] = [await nodeHash(sibling, first), await nodeHash(sibling, second)];
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      second = await nodeHash(second, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && same(first, oldRoot) && same(second, newRoot);
}

// The largest power of two below `width` (k of RFC 6962, 2.1); width >= 2.
function split(width) {
  let k = 1;
  while (2 * k < width) k *= 2;
  return k;
}

// PROOF(oldSize, D[newSize]) of RFC 6962, 2.1.2; `node(height, index)` promises the hash of a complete subtree.
export async function consistencyProof(oldSize, newSize, node) {
  const range = async (start, end) => {
    const width = end - start;
    const k = width > 1 ? split(width) : 1;
    if (width === 1 || 2 * k === width) return node(Math.log2(width), start / width);
    return nodeHash(await range(start, start + k), await range(start + k, end));
  };
  const proof = [];
  let [start, end, whole] = [0, newSize, true];
  while (end !== oldSize) {
    const middle = start + split(end - start);
    if (oldSize <= middle) {
      proof.unshift(await range(middle, end));
      end = middle;
    } else {
      proof.unshift(await range(start, middle));
      [start, whole] = [middle, false];
    }
  }
  return whole ? proof : [await range(start, end), ...proof];
}

// `node` for a tree of `size` leaves over tiles that `tile(level, path)` promises as bytes. Throws RangeError where one is too short.
export function nodeOfTiles(size, tile) {
  const fetched = new Map();
  return async (height, index) => {
    const level = Math.floor(height / 8);
    const count = 2 ** (height % 8);
    const place = Math.floor((index * count) / WIDTH);
    const there = Math.floor(size / WIDTH ** level) - place * WIDTH;
    const path = tilePath(place, Math.min(there, WIDTH));
    const key = `${level}/${path}`;
    if (!fetched.has(key)) fetched.set(key, tile(level, path));
    const bytes = await fetched.get(key);
    const start = ((index * count) % WIDTH) * HASH;
    let hashes = Array.from({ length: count }, (_, i) => bytes.slice(start + i * HASH, start + (i + 1) * HASH));
    if (hashes.some((hash) => hash.length !== HASH)) throw new RangeError('a tile lacks hashes');
    while (hashes.length > 1) {
      const pairs = Array.from({ length: hashes.length / 2 }, (_, i) => nodeHash(hashes[2 * i], hashes[2 * i + 1]));
      hashes = await Promise.all(pairs);
    }
    return hashes[0];
  };
}

// C2SP tlog-tiles: `<N>[.p/<W>]`.
export function tilePath(index, width) {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g);
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return width < WIDTH ? `${path}.p/${width}` : path;
}
