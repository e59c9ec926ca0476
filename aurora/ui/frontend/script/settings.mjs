// htmx as our policy wants it: nothing is evaluated, no styles are added, no other server is asked, and no page about a person is kept.
import htmx from "htmx.org";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  withCredentials: false,
  disableInheritance: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  timeout: 20_000,
});

// htmx notes the page's address, with what was searched for, in the browser's storage. It is for its cache of pages, which is off.
function forget() {
  try {
    sessionStorage.removeItem("htmx-current-path-for-history");
  } catch {
    // No storage here: nothing was noted.
  }
}
forget();
for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) document.addEventListener(name, forget);

export { htmx };
