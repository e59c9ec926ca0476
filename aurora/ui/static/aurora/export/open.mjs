// Opens the file that it stands in: a citizen's copy, sealed in pieces (docs/citizen/export.md). Nothing is sent: the page's policy forbids it.
const FORMAT = 'aurora-export-file-1';
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DIGITS = 26;
const MOST_ITERATIONS = 10_000_000; // a header that asks for more was made to keep somebody waiting
const utf8 = new TextEncoder();
const { names, words: all } = JSON.parse(document.getElementById('aurora-words').textContent);
const body = document.getElementById('opener');
const copy = document.getElementById('copy');
let language = document.documentElement.lang;
let state = { name: 'closed' };

const SHOWN = new Set('h1 h2 p a nav ul li section table caption thead tbody tr th td'.split(' '));

class NotOpened extends Error {}

function unbase64(text) {
  const binary = atob(text);
  const made = new Uint8Array(binary.length);
  for (let at = 0; at < made.length; at += 1) made[at] = binary.charCodeAt(at);
  return made;
}

// What was typed, as it counts: dashes and spaces are nothing, and I, L and O are the digits that they look like.
async function digitsOf(typed) {
  const found = typed.toUpperCase().replace(/[^0-9A-Z]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  const digits = found.slice(0, DIGITS);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(`${FORMAT}|${digits}`)));
  const mark = digest[0] * 256 + digest[1];
  const known = [...found].every((c) => ALPHABET.includes(c));
  if (!known || found !== digits + ALPHABET[mark >> 11] + ALPHABET[(mark >> 6) & 31]) throw new NotOpened('mistyped');
  return digits;
}

async function piecesKey(head, digits) {
  const { lock } = head;
  if (head.format !== FORMAT || lock.kdf !== 'PBKDF2-SHA256' || !(lock.iterations >= 1 && lock.iterations <= MOST_ITERATIONS)) throw new NotOpened('damaged');
  const typed = await crypto.subtle.importKey('raw', utf8.encode(digits), 'PBKDF2', false, ['deriveKey']);
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt: unbase64(lock.salt), iterations: lock.iterations };
  const wrapping = await crypto.subtle.deriveKey(derivation, typed, { name: 'AES-GCM', length: 256 }, false, ['decrypt']);
  const wrapped = unbase64(lock.key);
  const bound = utf8.encode([FORMAT, head.id, lock.kdf, lock.iterations, lock.salt].join('|'));
  let raw;
  try {
    raw = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: wrapped.slice(0, 12), additionalData: bound }, wrapping, wrapped.slice(12));
  } catch {
    throw new NotOpened('wrong');
  }
  const file = await crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveKey']);
  const pieces = { name: 'HKDF', hash: 'SHA-256', salt: unbase64(head.salt), info: utf8.encode(`${FORMAT} pieces`) };
  return crypto.subtle.deriveKey(pieces, file, { name: 'AES-GCM', length: 256 }, false, ['decrypt']);
}

// The nonce is the piece's number and whether it is the last: one that is moved, repeated, left out or added does not open.
function nonce(number, last) {
  const made = new Uint8Array(12);
  new DataView(made.buffer).setUint32(7, number);
  made[11] = last ? 1 : 0;
  return made;
}

async function opened(typed) {
  const head = JSON.parse(document.getElementById('aurora-head').textContent);
  const digits = await digitsOf(typed);
  show({ name: 'deriving' });
  await new Promise((drawn) => setTimeout(drawn, 30));
  const key = await piecesKey(head, digits);
  const found = document.getElementsByClassName('piece');
  // Where the file breaks off, its last piece is not marked as such, or its end is missing.
  const whole = document.getElementById('end') !== null;
  const blobs = [];
  for (let number = 0; number < found.length; number += 1) {
    const last = number === found.length - 1;
    const settings = { name: 'AES-GCM', iv: nonce(number, last), additionalData: utf8.encode(`${FORMAT}|${head.id}`) };
    let plain;
    try {
      plain = await crypto.subtle.decrypt(settings, key, unbase64(found[number].textContent));
    } catch {
      throw new NotOpened(last && (!whole || await opensAsOneBefore(key, head, number, found[number])) ? 'cut_short' : 'damaged');
    }
    blobs.push(new Blob([plain])); // the browser may put it on its disk's scratch: memory holds a piece at a time
    show({ name: 'opening', percent: Math.round((100 * (number + 1)) / found.length) });
  }
  if (!whole || found.length === 0) throw new NotOpened('cut_short');
  return new Blob(blobs, { type: 'application/zip' });
}

async function opensAsOneBefore(key, head, number, piece) {
  try {
    const settings = { name: 'AES-GCM', iv: nonce(number, false), additionalData: utf8.encode(`${FORMAT}|${head.id}`) };
    await crypto.subtle.decrypt(settings, key, unbase64(piece.textContent));
    return true;
  } catch {
    return false;
  }
}

// A zip's directory (APPNOTE 4.3.12): where each file in it lies, so that a page is unpacked when it is looked at.
async function directory(zip) {
  const tail = new DataView(await zip.slice(Math.max(0, zip.size - 65557)).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end -= 1;
  const [size, start] = [tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const view = new DataView(await zip.slice(start, start + size).arrayBuffer());
  const files = new Map();
  for (let at = 0; at < size;) {
    const [packed, nameLength, extra, comment] = [view.getUint32(at + 20, true), view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true)];
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, nameLength));
    files.set(name, { packed, method: view.getUint16(at + 10, true), offset: view.getUint32(at + 42, true) });
    at += 46 + nameLength + extra + comment;
  }
  return files;
}

async function unpacked(zip, { packed, method, offset }) {
  const local = new DataView(await zip.slice(offset, offset + 30).arrayBuffer());
  const start = offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const data = zip.slice(start, start + packed);
  return method === 0 ? data.text() : new Response(data.stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
}

// Pages of the copy stand below the form, under this page's policy; a link between them opens the next one here.
async function page(name, fragment) {
  const { zip, files } = state;
  let read;
  try {
    read = new DOMParser().parseFromString(await unpacked(zip, files.get(name)), 'text/html');
  } catch {
    copy.replaceChildren(el('p', { role: 'alert' }, say('unreadable')));
    return;
  }
  // What a copy's pages are made of, and nothing else, before it comes into this document: whatever the file holds neither runs nor asks for anything.
  for (const one of read.querySelectorAll('main *')) if (!SHOWN.has(one.localName)) one.remove();
  const main = el('div', { lang: read.documentElement.lang, tabindex: '-1' }, ...read.querySelector('main').childNodes);
  copy.replaceChildren(main);
  document.title = read.title;
  for (const link of main.querySelectorAll('a[href]')) {
    link.addEventListener('click', (event) => {
      const [path, part] = link.getAttribute('href').split('#');
      const target = path ? new URL(path, `https://copy.invalid/${name}`).pathname.slice(1) : name;
      if (!files.has(target)) return;
      event.preventDefault();
      page(target, part);
    });
  }
  const goal = (fragment && document.getElementById(fragment)) || main;
  goal.tabIndex = -1;
  goal.focus();
  goal.scrollIntoView();
}

const say = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), all[name][language]);

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((one) => one !== null));
  return made;
}

function button(words, act, attributes = {}) {
  const made = el('button', { type: 'button', ...attributes }, words);
  made.addEventListener('click', act);
  return made;
}

function show(next) {
  state = { ...state, ...next };
  const line = document.getElementById('state');
  if (line && state.name === 'opening') {
    line.querySelector('p').textContent = say('opening', { percent: state.percent });
    line.querySelector('progress').value = state.percent;
    return;
  }
  draw();
}

function draw() {
  document.documentElement.lang = language;
  document.title = say('title');
  const choices = Object.entries(names).map(([code, name]) => button(name, () => {
    language = code;
    draw();
  }, { lang: code, 'aria-pressed': String(code === language) }));
  body.replaceChildren(el('div', { class: 'languages', role: 'group', 'aria-label': say('language') }, ...choices), el('h1', {}, say('title')), ...parts[state.name]());
}

const parts = {
  closed() {
    if (!globalThis.crypto?.subtle) return [el('p', { role: 'alert' }, say('unsupported'))];
    const input = el('input', { id: 'passphrase', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', 'aria-describedby': 'hint', ...(state.code ? { 'aria-invalid': 'true' } : {}) });
    input.value = state.typed ?? '';
    const form = el('form', {}, state.code ? el('p', { role: 'alert' }, say(state.code)) : null, el('label', { for: 'passphrase' }, say('label')),
      el('p', { class: 'hint', id: 'hint' }, say('hint')), input, el('div', {}, el('button', {}, say('open'))));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      begin(input.value);
    });
    return [el('p', { class: 'lead' }, say('lead')), form];
  },
  deriving: () => [el('div', { class: 'panel', id: 'state', role: 'status' }, el('p', {}, say('deriving')), el('progress', { max: '100', 'aria-label': say('open') }))],
  opening: () => parts.deriving(),
  open() {
    const save = el('a', { href: state.url, download: 'aurora.zip' }, say('save'));
    return [el('div', { class: 'panel' }, el('p', { role: 'status' }, say('done')), el('p', {}, save), el('p', { class: 'hint' }, say('saved_plain')), button(say('print'), () => print()))];
  },
};

async function begin(typed) {
  try {
    const zip = await opened(typed);
    const files = await directory(zip).catch(() => new Map());
    show({ name: 'open', zip, files, url: URL.createObjectURL(zip), code: '', typed: '' });
    await page('index.html');
  } catch (error) {
    const code = error instanceof NotOpened ? error.message : 'unsupported';
    show({ name: 'closed', code, typed });
    document.getElementById('passphrase')?.focus();
  }
}

draw();
