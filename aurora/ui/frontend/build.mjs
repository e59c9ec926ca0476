// Builds ../static/ui/aurora.css from aurora.scss and ../static/ui/aurora.js from script/, and copies the fonts and icons that are named, with
// the fonts' licence. Run: npm ci && npm run build (`node build.mjs DIR` writes to DIR instead, to compare)
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "static", "ui");
const modules = join(here, "node_modules");
const fonts = join(modules, "@fontsource-variable", "source-sans-3", "files");
const icons = join(modules, "@ministryofjustice", "frontend", "moj", "assets", "images");

const { css } = sass.compile(join(here, "aurora.scss"), {
  style: "compressed",
  charset: false,
  loadPaths: [here, modules],
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
  copyFileSync(join(icons, icon), join(target, "icons", icon));
}
const sizes = { "aurora.css": css, "aurora.js": js };
for (const [name, text] of Object.entries(sizes)) {
  console.log(`${name}: ${text.length} bytes, ${gzipSync(text, { level: 9 }).length} gzipped`);
}
