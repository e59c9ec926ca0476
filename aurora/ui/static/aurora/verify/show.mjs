// What a check found, as elements in the page: no HTML is made of text, so nothing in a bundle can be taken for markup.

const ROWS = 200;
const GOOD = new Set(['proved']);
const BUSY = new Set(['pending', 'overdue', 'kept_unproven']);

// el('p', {class: 'x'}, 'text', child, ...)
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export const filled = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

// 24.11.2026 klo 9.05 (fi), 24.11.2026 kl. 9.05 (sv), 24 November 2026 at 9:05 (en), as the rest of Aurora writes it.
export function moment(iso, { language, timeZone }) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '';
  const shaped = (options) => Object.fromEntries(
    new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...options }).formatToParts(at).map(({ type, value }) => [type, value]),
  );
  const p = shaped({ year: 'numeric', month: language === 'en' ? 'long' : 'numeric', day: 'numeric', hour: 'numeric', minute: '2-digit' });
  const [day, month, hour] = [Number(p.day), language === 'en' ? p.month : Number(p.month), Number(p.hour)];
  if (language === 'en') return `${day} ${month} ${p.year} at ${hour}:${p.minute}`;
  return `${day}.${month}.${p.year} ${language === 'sv' ? 'kl.' : 'klo'} ${hour}.${p.minute}`;
}

export const number = (value, { language }) => String(value).replace(/\B(?=(\d{3})+$)/g, language === 'en' ? ',' : '\u00a0');

// All that a result says. `facts`: sentences about what it was held against; `entry`: the id of one entry to show first.
export function resultOf(bundle, result, { data, facts = [], entry = null }) {
  const { words } = data;
  const shape = { verified: 'au-banner--success', incomplete: '', failed: 'au-banner--attention' }[result.verdict];
  const inside = el('div', {}, el('h2', { class: 'govuk-heading-m' }, words.said[result.verdict]));
  const banner = el('div', { class: `au-banner ${shape}`, role: result.verdict === 'verified' ? 'status' : 'alert' }, inside);
  const what = { verified: words.said.verified_what, failed: words.said.failed_what }[result.verdict];
  if (what) inside.append(el('p', { class: 'govuk-body' }, what));
  const found = sentences(result, words, data);
  if (found.length > 0) inside.append(el('ul', { class: 'govuk-list govuk-list--bullet' }, ...found.map((text) => el('li', {}, text))));
  const parts = [banner];
  if (Array.isArray(bundle?.entries) && bundle.entries.length > 0 && result.entries.length > 0) {
    parts.push(el('ul', { class: 'govuk-list govuk-list--bullet au-measure' }, ...[...about(result, facts, data), ...signedWhen(bundle, result, data)].map((text) => el('li', {}, text)), ...witnessesOf(result, data)));
    parts.push(...entriesOf(bundle, result, data, entry));
  }
  return parts;
}

// One sentence for each finding; what is wrong with many entries in the same way is not said a thousand times.
function sentences(result, words, data) {
  const said = [];
  const seen = new Map();
  for (const { code, seq, name } of result.findings) {
    // Of a state of the public log that an entry of a download notes: the entry is named.
    const kind = seq != null && `${code}_noted` in words.findings ? `${code}_noted` : code;
    const times = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, times);
    if (times <= 5) said.push(filled(words.findings[kind], { seq: seq == null ? '?' : number(seq, data), name }));
    else if (times === 6) said.push('…');
  }
  return said;
}

function about(result, facts, data) {
  const { said, notes } = data.words;
  const count = (code) => number(result.entries.filter((one) => one.code === code).length, data);
  const lines = [filled(said.counts, { length: number(result.length, data), proved: count('proved'), pending: count('pending') })];
  if (result.entries.at(-1)?.code === 'pending') lines.push(said.pending_why);
  lines.push(...facts);
  return [...lines, ...result.notes.map((code) => notes[code])];
}

// Of when the newest signature of a witness is, beside when the bundle was made.
const signedWhen = ({ made_at: made }, { cosigned }, data) => (cosigned == null ? [] : [
  filled(data.words.said.cosigned, { at: moment(cosigned * 1000, data) || '?', made: moment(made, data) || '?' }),
]);

// Each witness, whether its signature holds, and the key by which that was checked.
function witnessesOf({ witnesses }, { words }) {
  return witnesses.map(({ name, key, state }) => el('li', {}, filled(words.witnesses[state], { name }), ' ', el('span', { class: 'au-code' }, key)));
}

function entriesOf(bundle, result, data, entry) {
  const { said } = data.words;
  const rows = bundle.entries.map((one, i) => ({ one, ...result.entries[i] })).reverse();
  const parts = [];
  const chosen = rows.filter(({ one }) => entry && one?.access?.id === entry);
  if (chosen.length > 0) parts.push(el('h2', { class: 'govuk-heading-m au-day' }, said.this_entry), tableOf(chosen, data, true));
  const bad = rows.filter(({ code }) => !GOOD.has(code) && code !== 'pending');
  const rest = rows.filter(({ code }) => GOOD.has(code) || code === 'pending');
  const all = [...bad, ...rest];
  const table = tableOf(all.slice(0, ROWS), data, false);
  parts.push(el('h2', { class: 'govuk-heading-m au-day' }, said.entries), table);
  if (all.length > ROWS) {
    const more = el('button', { type: 'button', class: 'govuk-button au-button--plain' }, filled(said.show_all, { all: number(all.length, data) }));
    more.addEventListener('click', () => {
      table.querySelector('tbody').append(...all.slice(ROWS).map((row) => rowOf(row, data, false)));
      more.remove();
    });
    parts.push(more);
  }
  return parts;
}

function tableOf(rows, data, open) {
  const { said } = data.words;
  const heads = [said.number, said.when, said.what, said.who, said.result].map((text) => el('th', { scope: 'col', class: 'govuk-table__header' }, text));
  return el('div', { class: 'au-table-card' }, el('table', { class: 'govuk-table au-table--stack' },
    el('thead', { class: 'govuk-table__head' }, el('tr', { class: 'govuk-table__row' }, ...heads)),
    el('tbody', { class: 'govuk-table__body' }, ...rows.map((row) => rowOf(row, data, open)))));
}

function rowOf({ one, seq, code }, data, open) {
  const { said, entries, events } = data.words;
  const access = one?.access ?? {};
  const text = (value) => (typeof value === 'string' ? value : '');
  const tag = GOOD.has(code) ? 'au-tag--good' : BUSY.has(code) ? 'au-tag--busy' : 'au-tag--bad';
  const cell = (label, ...children) => el('td', { class: 'govuk-table__cell', 'data-label': label }, ...children);
  const content = el('details', { class: 'govuk-details', ...(open ? { open: '' } : {}) },
    el('summary', { class: 'govuk-details__summary' }, el('span', { class: 'govuk-details__summary-text' }, said.content)),
    el('div', { class: 'govuk-details__text' }, el('pre', { class: 'au-code' }, JSON.stringify(access, null, 1))));
  return el('tr', { class: 'govuk-table__row' },
    el('th', { scope: 'row', class: 'govuk-table__header', 'data-label': said.number }, seq == null ? '?' : number(seq, data)),
    cell(said.when, moment(access.at, data)),
    cell(said.what, events[access.event] ?? text(access.event), one?.access ? content : ''),
    cell(said.who, data.names[access.actor] ?? text(access.actor)),
    cell(said.result, el('strong', { class: `govuk-tag ${tag}` }, entries[code])));
}
