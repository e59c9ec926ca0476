// Builds ../static/ui/aurora.css from aurora.scss and ../static/ui/aurora.js from script/, and copies the fonts and icons that are named, with
// the fonts' licence. Run: npm ci && npm run build (`node build.mjs DIR` writes to DIR instead, to compare)
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "static", "ui");
const modules = join(here, "node_modules");
const fonts = join(modules, "@fontsource-variable", "source-sans-3", "files");
const justice = join(modules, "@ministryofjustice", "frontend", "moj");

// `@use "moj:timeline"`: a component of the Ministry of Justice, in our theme. Its own copy of govuk-frontend's settings would be another theme.
const components = {
  canonicalize: (url) => (/^moj:[a-z-]+$/.test(url) ? new URL(url) : null),
  load: ({ pathname: name }) => ({
    contents: readFileSync(join(justice, "components", name, `_${name}.scss`), "utf8")
      .replace('@use "../../settings/assets" as *;', '$moj-images-path: "icons/";')
      .replace('"../../vendor/govuk-frontend"', '"govuk-frontend/dist/govuk/base"'),
    syntax: "scss",
  }),
};

const { css } = sass.compile(join(here, "aurora.scss"), {
  style: "compressed",
  charset: false,
  loadPaths: [modules],
  importers: [components],
  quietDeps: true,
});
const { outputFiles } = await esbuild.build({
  entryPoints: [join(here, "script", "index.mjs")],
  bundle: true,
  format: "iife",
  target: "es2020",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  banner: {
    js: "/*! Contains parts of govuk-frontend (MIT, (c) 2011 Crown Copyright) and htmx (0BSD). */",
  },
  write: false,
});
const js = outputFiles[0].text;

mkdirSync(join(target, "fonts"), { recursive: true });
writeFileSync(join(target, "aurora.css"), css + "\n");
writeFileSync(join(target, "aurora.js"), js);
for (const subset of ["latin", "latin-ext"]) {
  copyFileSync(
    join(fonts, `source-sans-3-${subset}-wght-normal.woff2`),
    join(target, "fonts", `source-sans-3-${subset}.woff2`),
  );
}
copyFileSync(join(fonts, "..", "LICENSE"), join(target, "fonts", "LICENSE.txt"));
for (const [, icon] of css.matchAll(/url\("?icons\/([\w-]+\.svg)/g)) {
  mkdirSync(join(target, "icons"), { recursive: true });
  copyFileSync(join(justice, "assets", "images", icon), join(target, "icons", icon));
}
const sizes = { "aurora.css": css, "aurora.js": js };
for (const [name, text] of Object.entries(sizes)) {
  console.log(`${name}: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped`);
}
