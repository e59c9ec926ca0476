"""Write every page in three languages as HTML and, unless told otherwise, as pictures 390 and 1280 pixels wide."""

import argparse
import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aurora.ui.gallery.settings")

WIDTHS = (390, 1280)
STATIC = Path(__file__).resolve().parent.parent / "static"


def write(out: Path, only: str) -> list[Path]:
    """The HTML of every example whose name begins with `only`; static files beside it, by relative address."""
    from aurora.ui.gallery import draw

    written = []
    for language in draw.LANGUAGES:
        for example in draw.examples(language):
            if example.name.startswith(only):
                target = out / f"{example.name}.{language}.html"
                target.write_text(draw.html(example, language).replace("/static/", "static/"), encoding="utf-8")
                written.append(target)
    return written


def photograph(files: list[Path], chromium: str) -> None:
    """A picture of the whole page at each width, beside its HTML."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--allow-file-access-from-files"])
        for width in WIDTHS:
            context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=False)
            page = context.new_page()
            for file in files:
                page.goto(file.as_uri())
                page.screenshot(path=str(file.with_suffix(f".{width}.png")), full_page=True)
        browser.close()


def main() -> None:
    import django

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="examples whose name begins with this")
    parser.add_argument("--no-pictures", action="store_true")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    given = parser.parse_args()
    django.setup()
    out = given.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "static").exists():
        (out / "static").symlink_to(STATIC)
    files = write(out, given.only)
    if not given.no_pictures:
        photograph(files, given.chromium)
    print(f"{len(files)} pages in {out}")


if __name__ == "__main__":
    main()
