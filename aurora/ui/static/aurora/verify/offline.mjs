// The page that is kept as a file and opens without a network: the same checks as page.mjs, on bundles from files.
import { check } from './check.mjs';
import { el, resultOf } from './show.mjs';

const LANGUAGES = { fi: 'Suomi', sv: 'Svenska', en: 'English' };
const everything = JSON.parse(document.getElementById('verify-data').textContent);
const body = document.getElementById('verify');
let language = document.documentElement.lang; // the one in which it was downloaded
let shown = null;

const dataIn = (code) => ({ language: code, timeZone: undefined, words: everything[code], names: everything[code].names });

async function read(input) {
  const file = input.files[0];
  return file ? JSON.parse(await file.text()) : null;
}

function draw() {
  const data = dataIn(language);
  const { offline, said } = data.words;
  document.documentElement.lang = language;
  document.title = offline.title;
  const file = (name, label, hint) => el('div', { class: 'field' },
    el('label', { for: name }, label), hint ? el('p', { class: 'hint', id: `${name}-hint` }, hint) : null,
    el('input', { type: 'file', id: name, accept: '.json,application/json', ...(hint ? { 'aria-describedby': `${name}-hint` } : {}) }));
  const newer = file('newer', offline.newer);
  const older = file('older', offline.older, offline.older_hint);
  const key = el('input', { type: 'text', id: 'key', autocomplete: 'off', spellcheck: 'false' });
  const result = el('div', { id: 'result', tabindex: '-1', role: 'region', 'aria-live': 'polite' });
  const form = el('form', {}, newer, older, el('div', { class: 'field' }, el('label', { for: 'key' }, offline.key_label), key), el('button', {}, offline.check));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      const [bundle, former] = [await read(newer.querySelector('input')), await read(older.querySelector('input'))];
      const keys = key.value.trim() ? [key.value.trim()] : null;
      shown = { bundle, former, told: await check(bundle, { older: former, keys }) };
    } catch {
      shown = { unreadable: true };
    }
    show(result);
    result.focus();
  });
  const choices = Object.entries(LANGUAGES).map(([code, name]) => {
    const button = el('button', { type: 'button', lang: code, 'aria-pressed': String(code === language) }, name);
    button.addEventListener('click', () => {
      language = code;
      draw();
    });
    return button;
  });
  body.replaceChildren(
    el('div', { class: 'languages', role: 'group', 'aria-label': offline.language }, ...choices),
    el('h1', {}, offline.title), el('p', { class: 'lead' }, offline.lead), form, result, el('p', { class: 'hint' }, offline.cannot_show));
  if (shown) show(result);

  function show(target) {
    if (shown.unreadable) {
      target.replaceChildren(el('div', { class: 'au-banner au-banner--attention', role: 'alert' }, el('p', {}, said.unreadable_file)));
      return;
    }
    const { bundle, former, told } = shown;
    const extended = former && told.verdict === 'verified' ? [said.extends_older] : [];
    const key = told.key ? [`${said.key}: ${told.key}`] : [];
    target.replaceChildren(...resultOf(bundle, told, { data, facts: [...extended, ...key] }));
  }
}

draw();
