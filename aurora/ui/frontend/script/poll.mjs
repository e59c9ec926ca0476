// The progress of something: a fragment asked for each second by htmx. An element polls if its hx-trigger begins with "every".

const STOP = 286; // htmx's own: the server says that it was the last
const PATIENCE = 3; // so many answers may be missing, one after the other, before a person is told

let missing = 0;

export const polls = (element) => element.getAttribute("hx-trigger")?.startsWith("every") ?? false;

// What a person sees or hears of a part: without the tokens, which differ each time, and without marks of ours.
function told(part) {
  const copy = part.cloneNode(true);
  for (const token of copy.querySelectorAll("input[name=csrfmiddlewaretoken]")) token.remove();
  for (const element of copy.querySelectorAll("*")) {
    for (const name of element.getAttributeNames()) if (/^data-govuk-.*-init$/.test(name)) element.removeAttribute(name);
  }
  return copy.innerHTML.trim();
}

// What the page says while nobody answers, heard as well as seen; gone once somebody does.
function count(next) {
  missing = next;
  const note = document.querySelector("[data-missing]");
  const quiet = missing < PATIENCE;
  if (!note || note.hidden === quiet) return;
  note.hidden = quiet;
  const status = document.getElementById("au-status");
  if (status) status.textContent = quiet ? "" : note.firstElementChild.textContent;
}

export function listen() {
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ detail: { elt } }) => polls(elt) && count(missing + 1));
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr } = event.detail;
    if (!polls(elt)) return;
    // Busy or in trouble: the next second is another chance. What is no longer there shows its own page.
    if (xhr.status >= 500 || xhr.status === 429) {
      count(missing + 1);
      return event.preventDefault();
    }
    count(0);
    const read = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const next = read.getElementById(elt.id);
    if (xhr.status >= 400 || !next) {
      event.preventDefault();
      return location.replace(location.href); // by GET, also where the page was a form's answer
    }
    // Only what changed is replaced, so that a screen reader is not told the same thing again.
    if (xhr.status !== STOP && told(next) === told(elt)) event.preventDefault();
  });
}
