// An answer that is no part of this page is shown as the page that it is: an error, a refusal, another page that a redirect led to.
import { begin } from "./behaviours.mjs";
import { polls } from "./poll.mjs";
import { htmx } from "./settings.mjs";

function show(read) {
  document.title = read.title;
  document.documentElement.lang = read.documentElement.lang;
  document.documentElement.className = read.documentElement.className;
  const { body } = document;
  body.replaceChildren(...read.body.childNodes);
  begin(body);
  htmx.process(body);
  if (document.activeElement === body) {
    const heading = body.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus();
  }
  scrollTo(0, 0);
}

export function listen() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, xhr, requestConfig } = event.detail;
    if (polls(elt)) return;
    const read = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const part = elt.getAttribute("hx-select");
    if (xhr.status < 400 && (!part || read.querySelector(part))) return;
    event.preventDefault();
    if (requestConfig.verb === "get" && xhr.responseURL) history.pushState({ htmx: true }, "", xhr.responseURL);
    show(read);
  });
  // No answer at all: the browser goes there itself, and says what is wrong in its own words.
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, ({ detail: { elt, requestConfig } }) => {
      if (polls(elt)) return;
      if (elt.href) return location.assign(elt.href);
      const { submitter } = requestConfig.triggeringEvent ?? {};
      if (submitter?.name) {
        const pressed = Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value });
        elt.append(pressed);
      }
      elt.submit();
    });
  }
}
