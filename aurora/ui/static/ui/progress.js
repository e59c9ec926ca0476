// The progress of a fetch or an estimate without reloading the page: once a second the fragment is asked for and put in place of the old one.
"use strict";

const SECOND = 1000;

async function refresh() {
  const shown = document.querySelector("#copy-state, #pull, #evaluation, #erasure");
  const url = shown && shown.dataset.fragmentUrl;
  if (!url) return;
  try {
    const answer = await fetch(url, { credentials: "same-origin", redirect: "error" });
    if (answer.ok) {
      const read = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = read.getElementById(shown.id);
      // Only what changed is replaced, so that a screen reader is not told the same thing again.
      if (next && next.innerHTML !== shown.innerHTML) shown.replaceChildren(...next.childNodes);
      if (next && !next.dataset.fragmentUrl) delete shown.dataset.fragmentUrl;
    }
  } catch {
    // The network is away: the next second is another chance.
  }
  setTimeout(refresh, SECOND);
}

setTimeout(refresh, SECOND);
