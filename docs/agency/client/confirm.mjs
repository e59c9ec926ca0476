// Confirms what was deleted. Each event for itself: one that Aurora does not take must not keep the others from being told in time.
import { change, load } from './keep.mjs';

// Nothing waits for these any more: nothing of it is asked, it was said otherwise before, or it is no event of yours (any longer).
const FINISHED = [404, 409];

// `notTaken`: those that Aurora did not take, and never will. What failed otherwise stays as it is, for the next time; `failed` is the first such error.
export async function confirmAll(agency, token) {
  const notTaken = [];
  const failed = [];
  for (const [id, { deleted_at, confirmed }] of Object.entries(load().done)) {
    if (confirmed) continue;
    try {
      await agency.confirm(token, id, { deleted_at });
    } catch (error) {
      if (!FINISHED.includes(error.status)) {
        failed.push(error);
        continue;
      }
      notTaken.push({ id, status: error.status, refused: error.code });
    }
    change((now) => Object.assign(now.done[id], { confirmed: true }));
  }
  return { notTaken, failed: failed[0] };
}
