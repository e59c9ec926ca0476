// Bytes as text and back, and SHA-256 by WebCrypto (FIPS 180-4). Every reader is strict: one spelling for each value.

const HEX = /^(?:[0-9a-f]{2})*$/;
const AT = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const utf8 = (text) => new TextEncoder().encode(text);

export const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

// Lower-case hexadecimal of `length` bytes (any number where it is left out); null for anything else.
export function unhex(text, length) {
  if (typeof text !== 'string' || !HEX.test(text) || (length !== undefined && text.length !== 2 * length)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

// Base64 of RFC 4648, section 4, with its padding; null for anything else.
export function unbase64(text) {
  if (typeof text !== 'string' || !BASE64.test(text)) return null;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export const base64Of = (bytes) => btoa(String.fromCharCode(...bytes));

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

export const isCount = (value, least) => Number.isSafeInteger(value) && value >= least;

// Milliseconds of `2026-11-26T15:30:00.123456Z`; null for another form, or a day that is in no calendar.
export function instant(text) {
  if (typeof text !== 'string' || !AT.test(text)) return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || at.toISOString().slice(0, 23) !== text.slice(0, 23) ? null : at.getTime();
}

export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
