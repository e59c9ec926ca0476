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

export { htmx };
