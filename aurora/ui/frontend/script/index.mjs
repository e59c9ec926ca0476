// Aurora's one script: an enhancement. Every page does all it does without it.
import { begin } from "./behaviours.mjs";
import { listen as pollQuietly } from "./poll.mjs";
import "./settings.mjs";
import { listen as showWhole } from "./whole.mjs";
import { listen as tellResults } from "./results.mjs";

if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("js-enabled", "govuk-frontend-supported");
  begin(document);
  pollQuietly();
  showWhole();
  tellResults();
}
