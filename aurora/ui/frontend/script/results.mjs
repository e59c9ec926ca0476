// After a part of the page was put in place: its components begin, its outcome is told, and the focus is not lost.
import { begin } from "./behaviours.mjs";
import { polls } from "./poll.mjs";

export function listen() {
  document.addEventListener("htmx:afterSettle", ({ detail: { elt, target, requestConfig } }) => {
    const part = document.getElementById(target.id) ?? target;
    begin(part);
    if (polls(requestConfig?.elt ?? elt)) return;
    const outcome = part.matches("[data-outcome]") ? part : part.querySelector("[data-outcome]");
    const status = document.getElementById("au-status");
    if (outcome && status) status.textContent = outcome.dataset.outcome;
    if (document.activeElement === document.body) {
      const to = part.querySelector("[data-focus]") ?? part;
      to.setAttribute("tabindex", "-1");
      to.focus();
    }
  });
}
