// What is sent in signed batches: uses (../uses.md) and, by a source that pushes, facts (../pushing.md). A batch is kept until it is answered: the same
// again is answered the same.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Problem } from './agency.mjs';
import { change } from './keep.mjs';

// What was read since, and what it was used for. `open`: the agency of what is kept.
export async function report(open, action) {
  const kept = change((now) => {
    now.batch ??= ofUses(now, action);
    return now;
  });
  if (!kept.batch.uses.length) {
    change((now) => delete now.batch);
    return { uses: 0 };
  }
  const agency = await open(kept);
  const { id, uses } = kept.batch;
  const answer = await agency.batch((await agency.own('uses')).access_token, 'uses', id, { uses });
  change((now) => {
    now.reported = [...(now.reported ?? []), ...now.batch.uses.map(({ entry }) => entry)];
    delete now.batch;
  });
  return answer;
}

// A file with { answers: [...] }. What was not accepted may be sent again, and that is a batch of its own.
export async function push(open, file) {
  const { answers } = JSON.parse(readFileSync(file, 'utf8'));
  const kept = change((now) => {
    now.pushing ??= { id: randomUUID(), answers };
    return now;
  });
  const agency = await open(kept);
  const { id, answers: waiting } = kept.pushing;
  try {
    const answer = await agency.batch((await agency.own('facts')).access_token, 'facts', id, { answers: waiting });
    change((now) => delete now.pushing);
    return answer;
  } catch (error) {
    // What was wrong with the batch stays wrong; anything else, and the same batch is sent the next time.
    if (error instanceof Problem && [409, 413, 422].includes(error.status)) change((now) => delete now.pushing);
    throw error;
  }
}

function ofUses({ client_id: code, grants, reported = [] }, action) {
  const readings = Object.values(grants).flatMap((grant) => Object.values(grant.readings)).filter((one) => !reported.includes(one.ledger_entry));
  const uses = readings.slice(0, 100).map(({ subject, category, purpose, ledger_entry: entry }) => ({
    subject, used_at: new Date().toISOString(), action, receiver: { code, name: code }, system: 'example', categories: [category], purpose, entry,
  }));
  return { id: randomUUID(), uses };
}
