// The portal's page "Verify my log": fetches the bundle and the public tree, checks both here, and remembers what it saw for the next time.
import { check, seenOf } from './check.mjs';
import { hexOf, sha256, utf8 } from './bytes.mjs';
import { el, filled, moment, number, resultOf } from './show.mjs';

const data = JSON.parse(document.getElementById('verify-data').textContent);
const { said } = data.words;
const [form, start, progress, target] = ['verify-form', 'verify-start', 'verify-progress', 'verify-result'].map((id) => document.getElementById(id));
const LONGEST = { note: 65536, tile: 8192 };

// --- What this browser remembers: one record for each person who signed in here, under a name that does not tell who they are.

const MEMORY = 'aurora-log-1:';

async function memoryName(citizen) {
  return MEMORY + hexOf(await sha256(utf8(`aurora-log-1 ${citizen}`))).slice(0, 32);
}

function recall(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(name));
    const whole = kept && typeof kept.key === 'string' && typeof kept.citizen === 'string' && Number.isSafeInteger(kept.size) && Number.isSafeInteger(kept.seq);
    return whole ? kept : null;
  } catch {
    return null; // the browser keeps nothing for this site
  }
}

function remember(name, record) {
  try {
    localStorage.setItem(name, JSON.stringify(record));
    sessionStorage.setItem(MEMORY, name);
  } catch {
    // Then the next check is a first one again, and says so.
  }
}

function showMemory(name) {
  const kept = name && recall(name);
  document.getElementById('verify-memory').hidden = false;
  document.getElementById('memory-what').textContent = kept
    ? filled(said.remembered, { at: moment(kept.at, data), seq: number(kept.seq, data), size: number(kept.size, data), name: kept.name })
    : said.nothing_remembered;
  document.getElementById('memory-key').textContent = kept ? `${said.key}: ${kept.key}` : '';
  const witnesses = kept && Array.isArray(kept.witnesses) ? kept.witnesses : []; // what older checks kept has none
  document.getElementById('memory-witnesses').textContent = witnesses.length > 0 ? `${said.witness_keys}: ${witnesses.join(', ')}` : '';
  document.getElementById('memory-forget-offered').hidden = !kept;
  document.getElementById('memory-forget').onclick = () => {
    localStorage.removeItem(name);
    showMemory(name);
    progress.textContent = said.forgotten;
  };
}

function lastName() {
  try {
    return sessionStorage.getItem(MEMORY);
  } catch {
    return null;
  }
}

// --- The public tree, read as anybody reads it: without cookies, so that nobody can be shown a tree of their own by who they are.

async function publicBytes(path, most) {
  const answer = await fetch(data.ledger + path, { credentials: 'omit', redirect: 'error' });
  if (!answer.ok) throw new Error('not there');
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes.length > most) throw new Error('too long');
  return bytes;
}

const tile = (level, path) => publicBytes(`tile/${level}/${path}`, LONGEST.tile);
const today = async () => new TextDecoder('utf-8', { fatal: true }).decode(await publicBytes('checkpoint', LONGEST.note));

// --- The check

async function fetched() {
  const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), credentials: 'same-origin', redirect: 'manual' });
  if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) throw new Error('signed_out');
  if (!answer.ok) throw new Error('unreachable');
  return answer.text();
}

function factsOf(result, seen) {
  if (result.verdict === 'failed') return [];
  const facts = [];
  if (result.size !== null && !result.findings.some(({ code }) => code === 'public_unproven')) {
    facts.push(filled(said.same_tree, { size: number(result.size, data) }));
  }
  const held = seen && !result.findings.some(({ code }) => code === 'extension_unproven');
  const sentence = held ? filled(said.extends, { at: moment(seen.at, data), size: number(seen.size, data), seq: number(seen.seq, data) }) : null;
  return sentence ? [...facts, sentence] : seen ? facts : [...facts, said.first_time];
}

async function run() {
  progress.textContent = said.fetching;
  const text = await fetched();
  const bundle = JSON.parse(text);
  const name = await memoryName(bundle.citizen);
  const seen = recall(name);
  const result = await check(bundle, {
    seen, tile, today,
    progress: (done, all) => (progress.textContent = filled(said.working, { done: number(done, data), all: number(all, data) })),
  });
  if (result.verdict !== 'failed' && result.size !== null) remember(name, { ...(kept(seen, result) ?? seenOf(bundle, result)), at: bundle.made_at });
  progress.textContent = '';
  // The key is trusted from the bundle only the first time; afterwards it is the one that was noted.
  target.replaceChildren(...resultOf(bundle, result, { data, facts: factsOf(result, seen), entry: data.entry }));
  target.querySelector('.au-banner > div').append(saving(text, bundle.made_at));
  showMemory(name);
  target.focus();
}

// The very bytes that were checked: what Aurora would give a second time may be something else.
function saving(text, madeAt) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const name = `aurora-log-${String(madeAt).slice(0, 19).replace(/[^0-9T-]/g, '')}.json`;
  return el('p', { class: 'govuk-body' }, el('a', { class: 'govuk-link', href: address, download: name }, said.save));
}

// What was not shown to be extended is not forgotten for what came after it.
function kept(seen, result) {
  return seen && result.findings.some(({ code }) => code === 'extension_unproven') ? seen : null;
}

document.getElementById('verify-offered').hidden = false;
start.addEventListener('click', async () => {
  start.disabled = true;
  target.replaceChildren();
  try {
    await run();
  } catch (error) {
    progress.textContent = '';
    const text = said[error.message] ?? said.unreachable;
    target.replaceChildren(el('div', { class: 'au-banner au-banner--attention', role: 'alert' }, el('p', { class: 'govuk-body' }, text)));
  } finally {
    start.disabled = false;
  }
});
showMemory(lastName());
