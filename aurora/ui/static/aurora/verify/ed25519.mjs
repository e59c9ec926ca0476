// Checking Ed25519 signatures: by WebCrypto, and where a browser has no Ed25519 yet, by the arithmetic of RFC 8032, 5.1.

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (n) => ((n % P) + P) % P;

function power(base, exponent) {
  let [result, factor] = [1n, mod(base)];
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * factor) % P;
    factor = (factor * factor) % P;
  }
  return result;
}

const inverse = (n) => power(n, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

const little = (bytes) => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

// Points in extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z.
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(scalar, point) {
  let [result, addend] = [[0n, 1n, 1n, 0n], point];
  for (let s = scalar; s > 0n; s >>= 1n) {
    if (s & 1n) result = add(result, addend);
    addend = add(addend, addend);
  }
  return result;
}

// RFC 8032, 5.1.3; null for bytes that are no point.
function point(bytes) {
  const sign = bytes[31] >> 7;
  const y = little(bytes) & (2n ** 255n - 1n);
  if (y >= P) return null;
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x) !== square || (x === 0n && sign === 1)) return null;
  if (Number(x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

const equal = ([x1, y1, z1], [x2, y2, z2]) => mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n;

// RFC 8032, 5.1.7.
export async function verifyByArithmetic(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const [a, r, s] = [point(publicKey), point(signature.slice(0, 32)), little(signature.slice(32))];
  if (a === null || r === null || s >= L) return false;
  const whole = new Uint8Array(64 + message.length);
  whole.set(signature.slice(0, 32));
  whole.set(publicKey, 32);
  whole.set(message, 64);
  const k = little(new Uint8Array(await crypto.subtle.digest('SHA-512', whole))) % L;
  const base = point(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0x58 : 0x66)));
  return equal(times(s, base), add(r, times(k, a)));
}

export async function verify(publicKey, signature, message) {
  let key;
  try {
    key = await crypto.subtle.importKey('raw', publicKey, { name: 'Ed25519' }, false, ['verify']);
  } catch {
    return verifyByArithmetic(publicKey, signature, message); // no Ed25519 in this browser, or no key at all: the arithmetic tells
  }
  return crypto.subtle.verify({ name: 'Ed25519' }, key, signature, message);
}

