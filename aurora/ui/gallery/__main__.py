"""Write every page in three languages as HTML and, unless told otherwise, as pictures; `--keep` makes the small ones in docs."""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.ui.gallery.settings")

WIDTHS = (390, 1280)
KEPT_WIDTHS = (320, 768, 1280)
STATIC = Path(__file__).resolve().parent.parent / "static"


def write(out: Path, only: tuple[str, ...], languages: tuple[str, ...], *, whole: bool = False) -> dict[Path, str]:
    """The HTML of every example whose name begins with one of `only`, or with `whole` is one of them, by its file;
    static files beside it, by relative address."""
    from aurora.ui.gallery import draw

    written = {}
    for language in languages:
        for example in draw.examples(language):
            if example.name in only if whole else example.name.startswith(only):
                target = out / f"{example.name}.{language}.html"
                written[target] = draw.html(example, language).replace("/static/", "static/")
                target.write_text(written[target], encoding="utf-8")
    return written


def photograph(files: list[Path], chromium: str, widths: tuple[int, ...], keep_in: Path | None = None) -> None:
    """A picture of the whole page at each width, beside its HTML or, made smaller, in the folder that is kept."""
    from playwright.sync_api import sync_playwright

    from aurora.ui.gallery import keep

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--allow-file-access-from-files"])
        scripts = browser.new_page()
        for width in widths:
            context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
            page = context.new_page()
            for file in files:
                page.goto(file.as_uri())
                if keep_in is None:
                    page.screenshot(path=str(file.with_suffix(f".{width}.png")), full_page=True)
                    continue
                name, language = file.stem.rsplit(".", 1)
                target = keep.kept_at(keep_in, name, language, width)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(keep.smaller(scripts, page.screenshot(full_page=True), painted=name in keep.PAINTED))
        browser.close()


def index(folder: Path, written: dict[Path, str]) -> None:
    """Write the list of the kept pictures anew, in the gallery's order. What was not `written` is drawn for its heading."""
    from aurora.ui.gallery import draw, keep

    drawn = {file.name: html for file, html in written.items()}
    keep.write_index(
        folder, {one.name: keep.heading(drawn.get(f"{one.name}.en.html") or draw.html(one, "en")) for one in draw.examples("en")}
    )


def _listed(given: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.split(","))


def main() -> None:
    import django

    parser = argparse.ArgumentParser(description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="write HTML and pictures into this folder")
    where.add_argument("--keep", type=Path, help="write small pictures and their index here: <width>/<page>.png")
    parser.add_argument("--only", type=_listed, default=("",), help="examples whose name begins with one of these")
    parser.add_argument("--whole-names", action="store_true", help="only examples of just these names")
    parser.add_argument("--languages", type=_listed, help="fi,sv,en unless told; en alone with --keep")
    parser.add_argument("--widths", type=_listed, help="390,1280 unless told; 320,768,1280 with --keep")
    parser.add_argument("--no-pictures", action="store_true")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    given = parser.parse_args()
    django.setup()
    kept: Path | None = given.keep.resolve() if given.keep else None
    languages = given.languages or (("en",) if kept else ("fi", "sv", "en"))
    widths = tuple(int(width) for width in given.widths or ()) or (KEPT_WIDTHS if kept else WIDTHS)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) if kept else given.out.resolve()
        out.mkdir(parents=True, exist_ok=True)
        if not (out / "static").exists():
            (out / "static").symlink_to(STATIC)
        files = write(out, given.only, languages, whole=given.whole_names)
        if not given.no_pictures:
            photograph(list(files), given.chromium, widths, kept)
    if kept:
        index(kept, files)
    print(f"{len(files)} pages in {kept or out}")


if __name__ == "__main__":
    main()
