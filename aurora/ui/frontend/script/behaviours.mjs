// What govuk-frontend's components do beyond their looks, for the ones that our pages have.
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { CharacterCount } from "govuk-frontend/dist/govuk/components/character-count/character-count.mjs";
import { Checkboxes } from "govuk-frontend/dist/govuk/components/checkboxes/checkboxes.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { Radios } from "govuk-frontend/dist/govuk/components/radios/radios.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";

const PARTS = [
  [".govuk-skip-link", SkipLink],
  [".govuk-error-summary", ErrorSummary],
  // A form that is sent twice by an unsteady hand is sent once.
  ["form[method=post] button.govuk-button", Button, { preventDoubleClick: true }],
  // Only where a choice shows more fields.
  [".govuk-checkboxes:has([data-aria-controls])", Checkboxes],
  [".govuk-radios:has([data-aria-controls])", Radios],
  [".govuk-character-count", CharacterCount],
];

// The components within `scope`, each once. One that fails stops no other.
export function begin(scope) {
  for (const [selector, Component, settings] of PARTS) {
    for (const element of scope.querySelectorAll(selector)) {
      if (element.hasAttribute(`data-${Component.moduleName}-init`)) continue;
      try {
        new Component(element, settings);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
