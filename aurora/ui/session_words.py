"""What browsers and systems are called on the page of one's sessions. Names of products are the same in every language."""

from __future__ import annotations

from django.utils.translation import gettext

_NAMES = {
    "edge": "Microsoft Edge", "opera": "Opera", "samsung": "Samsung Internet", "firefox": "Firefox", "chrome": "Chrome", "safari": "Safari",
    "iphone": "iPhone", "ipad": "iPad", "android": "Android", "windows": "Windows", "mac": "macOS", "chromeos": "ChromeOS", "linux": "Linux",
}  # fmt: skip


def browser(browser: str, system: str) -> str:
    """A browser by its codes, either of which may be ""."""
    known = [_NAMES[code] for code in (browser, system) if code in _NAMES]
    return ", ".join(known) or gettext("A browser that does not say what it is")
