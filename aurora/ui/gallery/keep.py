"""Pictures that are kept with the sources: small, the same again when nothing changed, and an index of them.

The browser that photographs also counts the colours, and the standard library writes the file. So a picture needs no
other program, and one that did not change stays the same to the byte.
"""

import base64
import html as entities
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONGEST = 4000
COLOURS = 16
APART = 900  # of two colours, at least: the sum of squares of what their three parts differ by
# A page with a painted sky: in sixteen colours it stands in bands.
PAINTED = frozenset({"landing"})
SHADES, SHADES_APART = 256, 24
INDEX = "README.md"
_HEAD = f"""# Screenshots

Pages as a visitor sees them without JavaScript, with invented people and data: some of the gallery's examples, all of which the tests read. `python -m aurora.ui.gallery --out FOLDER` draws the rest.
A picture is cut after {LONGEST} pixels and has {COLOURS} colours ({SHADES} where there is a painting). The name is the page and, after it, its state (`home-empty`); the number is the width in pixels.
How they are made: CONTRIBUTING.md, "Set up".
"""

# The most frequent colours that are well apart (a dot of one colour counts for more than the shades at the edges of letters); each other colour becomes
# the nearest of them. Ties go to the smaller number, so that the same page makes the same file.
_COUNTED = """async ([png, longest, colours, apart]) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + png;
  await picture.decode();
  const canvas = document.createElement("canvas");
  const width = (canvas.width = picture.width), height = (canvas.height = Math.min(picture.height, longest));
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const seen = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const one of seen) counts.set(one, (counts.get(one) || 0) + 1);
  const parts = (one) => [one & 255, (one >> 8) & 255, (one >> 16) & 255];
  const far = (a, b) => parts(a).reduce((sum, part, at) => sum + (part - parts(b)[at]) ** 2, 0);
  const kept = [];
  for (const [one] of [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]))
    if (kept.length < colours && kept.every((other) => far(one, other) >= apart)) kept.push(one);
  const place = new Map();
  for (const one of counts.keys())
    place.set(one, kept.reduce((best, other, at) => (far(one, other) < far(one, kept[best]) ? at : best), 0));
  let places = "";
  for (let from = 0; from < seen.length; from += 8192)
    places += String.fromCharCode(...Array.from(seen.subarray(from, from + 8192), (one) => place.get(one)));
  return { width, height, palette: kept.map(parts), places: btoa(places) };
}"""


def smaller(page: "Page", png: bytes, *, painted: bool = False) -> bytes:
    """The picture in `COLOURS` colours (`SHADES` if `painted`), at most `LONGEST` pixels high, as PNG; `page` is any page that runs scripts."""
    wanted = (SHADES, SHADES_APART) if painted else (COLOURS, APART)
    counted = page.evaluate(_COUNTED, [base64.b64encode(png).decode(), LONGEST, *wanted])
    return _png(counted["width"], counted["height"], counted["palette"], base64.b64decode(counted["places"]))


def _png(width: int, height: int, palette: list[list[int]], places: bytes) -> bytes:
    """Four bits a pixel where that is enough, else eight; rows as they are."""
    few = len(palette) <= 16
    rows = bytearray()
    for y in range(height):
        row = places[y * width : (y + 1) * width]
        rows.append(0)
        rows += _halves(row + b"\0" * (width % 2)) if few else row
    header = struct.pack(">IIBBBBB", width, height, 4 if few else 8, 3, 0, 0, 0)
    colours = bytes(part for colour in palette for part in colour)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _halves(row: bytes) -> bytes:
    return bytes(left << 4 | right for left, right in zip(row[::2], row[1::2], strict=True))


def kept_at(folder: Path, name: str, language: str, width: int) -> Path:
    """Where a picture is kept: `<width>/<page>.png`, and the language in the name unless it is English."""
    return folder / str(width) / (f"{name}.png" if language == "en" else f"{name}.{language}.png")


def heading(html: str) -> str:
    """What the page says it is, from its first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return entities.unescape(" ".join(re.sub(r"<[^>]+>", " ", found.group(1)).split())) if found else ""


def write_index(folder: Path, titles: dict[str, str]) -> None:
    """The list of what is in `folder`: each of the gallery's pages, its heading, and links to its pictures."""
    widths = sorted(int(found.name) for found in folder.iterdir() if found.name.isdigit())
    rows = []
    for name, title in titles.items():
        links = [
            f"[{width}{'' if language == 'en' else ' ' + language}]({path.relative_to(folder)})"
            for language in ("en", "fi", "sv")
            for width in widths
            if (path := kept_at(folder, name, language, width)).exists()
        ]
        if links:
            rows.append(f"| `{name}` | {title.replace('|', '/')} | {', '.join(links)} |")
    table = "\n".join(("| page | heading | pictures |", "|---|---|---|", *rows))
    (folder / INDEX).write_text(f"{_HEAD}\n{table}\n", encoding="utf-8")
