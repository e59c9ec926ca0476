// JSON-LD by npm `jsonld`, which knows nothing of Aurora: a document is expanded, with every key that would be dropped an error.
import jsonld from 'jsonld';
import { converse } from './lines.mjs';

await converse(async ({ document }) => {
  try {
    // `safe`: what the algorithms would leave out silently (an unknown term, a relative IRI) fails.
    return { expanded: await jsonld.expand(document, { safe: true, documentLoader: (url) => { throw new Error(`nothing is fetched: ${url}`); } }) };
  } catch (error) {
    return { failed: { name: error.name, message: error.message, details: error.details ?? null } };
  }
});
