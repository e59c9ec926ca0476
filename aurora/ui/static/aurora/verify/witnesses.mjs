// Whose cosignatures count. A witness that was noted before, in this browser or in an earlier bundle, is known by the key that it had then:
// another key under its name counts only on a note that the noted key signed too.
import { witnessed } from './note.mjs';

const once = (keys) => keys.filter((key, i) => keys.findIndex(({ vkey }) => vkey === key.vkey) === i);

// `named`: keys that the bundle names; `noted`: those that were noted. `read(parsed)` takes in a note that is proved, `told()` says
// {witnesses: [{name, key, state}], changed: [name], wrong, newest}: when, as the witness says, the newest that counts was signed (POSIX), or null.
export function watching(given, noted) {
  const named = once(given);
  const has = (keys, { vkey }) => keys.some((key) => key.vkey === vkey);
  const under = (keys, name) => keys.filter((key) => key.name === name);
  const strange = (key) => under(noted, key.name).length > 0 && !has(noted, key);
  // A noted key is looked for even where it is named no longer, unless another noted one of the same witness is.
  const missing = once(noted).filter((key) => !under(named, key.name).some((one) => has(noted, one)));
  const looked = [...named, ...missing];
  const [counted, refused] = [new Map(), new Set()];
  let wrong = false;
  let newest = null;

  async function read(parsed, state) {
    const then = await witnessed(parsed, looked);
    wrong ||= then.wrong;
    const keys = [...then.held.keys()];
    for (const [key, time] of then.held) {
      const vouched = !strange(key) || keys.some((one) => one.name === key.name && has(noted, one));
      if (!vouched) {
        refused.add(key.vkey);
        continue;
      }
      if (!counted.has(key.vkey)) counted.set(key.vkey, state);
      newest = Math.max(time, newest ?? 0);
    }
  }

  function told() {
    const states = looked.map((key) => {
      const state = counted.get(key.vkey) ?? (strange(key) ? 'unknown' : has(named, key) ? 'not_signed' : 'gone');
      return { name: key.name, key: key.vkey, state };
    });
    const alone = named.filter((key) => strange(key) && !counted.has(key.vkey) && (refused.has(key.vkey) || under(missing, key.name).length > 0));
    return { witnesses: states, changed: [...new Set(alone.map(({ name }) => name))], wrong, newest };
  }

  return { read, told };
}
