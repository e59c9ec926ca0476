// Builds ../static/ui/aurora.css from aurora.scss and copies the fonts that it names, with their licence. Run: npm ci && npm run build
// (`node build.mjs DIR` writes to DIR instead, to compare)
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "static", "ui");
const fonts = join(here, "node_modules", "@fontsource-variable", "source-sans-3", "files");

const { css } = sass.compile(join(here, "aurora.scss"), {
  style: "compressed",
  charset: false,
  loadPaths: [join(here, "node_modules")],
  quietDeps: true,
});
mkdirSync(join(target, "fonts"), { recursive: true });
writeFileSync(join(target, "aurora.css"), css + "\n");
for (const subset of ["latin", "latin-ext"]) {
  copyFileSync(
    join(fonts, `source-sans-3-${subset}-wght-normal.woff2`),
    join(target, "fonts", `source-sans-3-${subset}.woff2`),
  );
}
copyFileSync(join(fonts, "..", "LICENSE"), join(target, "fonts", "LICENSE.txt"));
console.log(`aurora.css: ${css.length} bytes, ${gzipSync(css, { level: 9 }).length} gzipped`);
