// What is looked at in a page, as one object of functions. Each answers with a list of what is wrong: empty is good.
// Runs where the page's own scripts may not: nothing here waits for a timer.
(() => {
  const shown = (e) => e.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });
  const brief = (e) => e.outerHTML.replace(/\s+/g, " ").slice(0, 110);
  const visuallyHidden = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.clip === "rect(0px, 0px, 0px, 0px)" || style.clipPath === "inset(50%)") return true;
      if (at.matches(".govuk-skip-link:not(:focus)")) return true;
    }
    return false;
  };
  const scrolls = (e) => {
    for (let at = e; at && at !== document.body; at = at.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(at).overflowX) && at.scrollWidth > at.clientWidth) return true;
    return false;
  };
  const texts = function* () {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (node.data.trim() && parent && !parent.closest("script, style, template, svg") && shown(parent)) yield node;
    }
  };
  const boxes = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()];
  };
  // The same without spaces: those at the end of a line hang out of it where spaces are kept, and nobody misses them.
  const boxesOfWords = (node) => {
    const range = document.createRange();
    return [...node.data.matchAll(/\S+/g)].flatMap((word) => {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      return [...range.getClientRects()];
    });
  };
  const languageOf = (e) => e.closest("[lang]")?.lang ?? "";

  // Nothing sticks out sideways, and nothing is cut by a box that hides what does not fit.
  const cut = () => {
    const found = [];
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > wide + 1) found.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${wide}`);
    for (const node of texts()) {
      if (visuallyHidden(node.parentElement)) continue;
      const outside = (box) => box.width > 0 && (box.right > wide + 1 || box.left < -1);
      if (boxes(node).some(outside) && boxesOfWords(node).some(outside) && !scrolls(node.parentElement)) found.push(`sticks out: ${brief(node.parentElement)}`);
    }
    for (const e of document.body.querySelectorAll("*")) {
      if (e instanceof SVGElement || !shown(e) || visuallyHidden(e) || e.matches("input, select, textarea")) continue;
      const style = getComputedStyle(e);
      const x = ["hidden", "clip"].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1;
      const y = ["hidden", "clip"].includes(style.overflowY) && e.scrollHeight > e.clientHeight + 1;
      // A picture may be larger than its frame; words may not.
      const frame = e.getBoundingClientRect();
      const lost = (node) => e.contains(node) && boxes(node).some((box) => box.width > 0 && ((x && (box.right > frame.right + 1 || box.left < frame.left - 1)) || (y && box.bottom > frame.bottom + 1)));
      if ((x || y) && e.clientWidth > 1 && [...texts()].some((node) => lost(node) && !visuallyHidden(node.parentElement))) found.push(`cut (${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}): ${brief(e)}`);
    }
    return found;
  };

  // In a window as low as 400 % leaves it, what stays in place must leave room for the rest.
  const sticking = () =>
    [...document.body.querySelectorAll("*")]
      .filter((e) => ["fixed", "sticky"].includes(getComputedStyle(e).position) && shown(e) && e.getBoundingClientRect().height > innerHeight / 3)
      .map((e) => `takes more than a third of the window: ${brief(e)}`);

  // WCAG 2.2, 2.5.8: 24 by 24, or a circle of 24 around its middle that meets no other target, or within a sentence.
  const targets = () => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], label[for]")]
      .filter((e) => shown(e) && !visuallyHidden(e))
      .filter((e) => !(e.matches("label") && !document.getElementById(e.htmlFor)?.matches("[type=checkbox], [type=radio]")));
    const rects = all.map((e) => e.getBoundingClientRect());
    const small = (r) => r.width < 23.5 || r.height < 23.5;
    const inSentence = (e) => {
      if (!e.matches("a") || getComputedStyle(e).display !== "inline") return false;
      const block = e.closest("p, li, dd, td, th, div, span.govuk-hint, label");
      return block !== null && block.textContent.trim().length > e.textContent.trim().length;
    };
    const near = (r, other) => {
      const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
      const dx = Math.max(other.left - x, 0, x - other.right), dy = Math.max(other.top - y, 0, y - other.bottom);
      const middle = Math.hypot(x - other.x - other.width / 2, y - other.y - other.height / 2);
      return Math.hypot(dx, dy) < 12 || (small(other) && middle < 24);
    };
    return all.filter((e, i) => {
      if (!small(rects[i]) || inSentence(e)) return false;
      return all.some((other, j) => j !== i && !e.contains(other) && !other.contains(e) && e.id !== other.htmlFor && e.htmlFor !== other.id && near(rects[i], rects[j]));
    }).map((e) => `${Math.round(e.getBoundingClientRect().width)}x${Math.round(e.getBoundingClientRect().height)}: ${brief(e)}`);
  };

  // Where the reader's own colours are forced, a background says nothing: what can be pressed or filled in needs an edge or an underline.
  const edges = () =>
    [...document.querySelectorAll("button, .govuk-button, select, textarea, input:not([type=hidden]):not([type=checkbox]):not([type=radio])")]
      .filter((e) => shown(e) && !visuallyHidden(e))
      .filter((e) => {
        const style = getComputedStyle(e, e.type === "file" ? "::file-selector-button" : null); // of a file, the button within is pressed
        const border = style.borderBottomStyle !== "none" && parseFloat(style.borderBottomWidth) >= 1;
        return !border && !style.textDecorationLine.includes("underline") && !(style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1);
      })
      .map((e) => `no edge: ${brief(e)}`);

  const moving = () => document.getAnimations().filter((a) => a.playState === "running").map((a) => `moves: ${a.animationName ?? a.transitionProperty ?? ""} ${brief(a.effect.target)}`);

  // On paper: nothing to press, and all of the page's words.
  const printed = () => {
    const found = [...document.querySelectorAll(".au-nav, .govuk-skip-link, .au-header form, .au-languages, .govuk-back-link, .govuk-pagination a")].filter(shown).map((e) => `is printed: ${brief(e)}`);
    if (![...document.querySelectorAll("h1")].some(shown)) found.push("the heading is not printed");
    return [...found, ...cut()];
  };

  const frame = () => ({
    language: document.documentElement.lang,
    title: document.title,
    headings: document.querySelectorAll("h1").length,
    skips: document.querySelector("a")?.getAttribute("href") ?? "",
    links: Object.fromEntries([...document.querySelectorAll(".au-languages a[hreflang]")].map((a) => [a.hreflang, a.getAttribute("href")])),
    marked: [...document.querySelectorAll(".au-languages [lang]")].map((a) => a.lang),
    menu: [...document.querySelectorAll(".au-nav [aria-current]")].length,
  });

  // The summary of what is wrong leads to fields, and each of these says what is wrong with it where a screen reader hears it.
  const errors = () => {
    const summary = document.querySelector(".govuk-error-summary");
    if (!summary) return ["no summary of errors"];
    const found = [];
    if (summary.getAttribute("role") !== "alert" && !summary.querySelector("[role=alert]")) found.push("the summary is no alert");
    if (!summary.closest("main")) found.push("the summary is outside the main part");
    const links = [...summary.querySelectorAll("li a")];
    if (!links.length) found.push("the summary leads nowhere");
    for (const link of links) {
      const field = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!field) { found.push(`leads to nothing: ${brief(link)}`); continue; }
      const control = field.matches("input, select, textarea, button") ? field : field.querySelector("input, select, textarea, button") ?? field;
      const described = new Set([control, control.closest("fieldset"), control.closest("[role=group]"), field].flatMap((e) => (e?.getAttribute("aria-describedby") ?? "").split(/\s+/)));
      const says = [...described].filter(Boolean).map((id) => document.getElementById(id)).filter(Boolean);
      if (!says.some((e) => e.classList.contains("govuk-error-message"))) found.push(`its error is not said at the field: ${brief(control)}`);
    }
    return found;
  };

  // Each text with the language that it is said to be in, for who knows words.
  const words = () => {
    const found = [...texts()].map((node) => [languageOf(node.parentElement), node.data.replace(/\s+/g, " ").trim(), Boolean(node.parentElement.closest(".au-code, code, pre, samp, kbd")), brief(node.parentElement)]);
    for (const name of ["aria-label", "title", "alt", "data-label", "placeholder"])
      for (const e of document.querySelectorAll(`[${name}]`)) if (e.getAttribute(name).trim()) found.push([languageOf(e), e.getAttribute(name).replace(/\s+/g, " ").trim(), false, brief(e)]);
    found.push([languageOf(document.querySelector("title")), document.title, false, "<title>"]);
    return found;
  };

  // What a page is made of, without what differs from one visit to the next: the same with and without scripts, or not.
  const shape = () => {
    const body = document.body.cloneNode(true);
    for (const e of body.querySelectorAll("noscript, script")) e.remove();
    for (const e of body.querySelectorAll("input[type=hidden]")) e.removeAttribute("value");
    for (const e of body.querySelectorAll("*")) for (const a of [...e.attributes]) if (/^data-.*-init$/.test(a.name)) e.removeAttribute(a.name);
    return body.innerHTML.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/\d+/g, "0").replace(/\s+/g, " ");
  };

  const spacing = new CSSStyleSheet();
  spacing.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
  const spaced = (on) => { document.adoptedStyleSheets = on ? [spacing] : []; };

  return { cut, sticking, targets, edges, moving, printed, frame, errors, words, shape, spaced };
})()
