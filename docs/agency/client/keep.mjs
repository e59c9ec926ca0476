// What the example remembers between commands: one JSON file that only its owner may read. Yours is a database, and the keys are in a vault.
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

const FILE = process.env.AGENCY_FILE ?? 'agency.json';

export function load() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(`There is no ${FILE}: begin with "node client.mjs init".`);
    throw error;
  }
}

// Keys and tokens are not made twice.
export function refuseToReplace() {
  if (existsSync(FILE)) throw new Error(`${FILE} is there already: move it away, or name another file by AGENCY_FILE.`);
}

// A whole new file in the place of the old one: a crash leaves either.
export function save(kept) {
  const fresh = `${FILE}.${process.pid}`;
  const file = openSync(fresh, 'w', 0o600);
  writeSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  closeSync(file);
  renameSync(fresh, FILE);
}

// Reads the file anew, since another command may have written it meanwhile.
export function change(how) {
  const kept = load();
  const result = how(kept);
  save(kept);
  return result;
}

// What a notice or an event tells to delete: nothing, if it is of a citizen's concern. Twice the same changes nothing: the first answer is the one that is
// confirmed.
export function obey(id, data, now = new Date()) {
  return change((kept) => {
    if (kept.done[id]) return kept.done[id];
    const grant = kept.grants[data.grant_id];
    const held = (data.categories ?? []).filter((category) => grant?.readings[category]);
    if (data.asked) for (const category of held) delete grant.readings[category];
    kept.done[id] = { deleted_at: now.toISOString(), deleted: data.asked ? held : [], confirmed: !data.asked };
    return kept.done[id];
  });
}
