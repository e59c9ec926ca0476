"""Stylesheet, scripts, fonts: each at an address that changes with them, kept by a browser for a year, and small on the way.

No step of a build or an installation names or packs them. The process that answers does it, once: a digest of them all stands as a folder in
front of their names, so that what one of them names beside itself is below the same folder.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseFileResponse, WhiteNoiseMiddleware

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).resolve().parent / "static"
LETTERS = 12
_NAMED = re.compile(rf"(?P<prefix>/.*?)[0-9a-f]{{{LETTERS}}}/(?P<name>.+)")
_PACKABLE = re.compile(r"text/|image/svg\+xml|application/(?:json|javascript)")
_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))")


@cache
def version() -> str:
    """Of all files together: another as soon as one of them is."""
    digest = hashlib.sha256()
    for file in sorted(one for one in FOLDER.rglob("*") if one.is_file() and "__pycache__" not in one.parts):
        name, content = str(file.relative_to(FOLDER)).encode(), file.read_bytes()
        digest.update(b"%d %d " % (len(name), len(content)) + name + content)
    return digest.hexdigest()[:LETTERS]


class Storage(StaticFilesStorage):
    """`{% static %}` with the version in the address."""

    def url(self, name: str | None) -> str:
        return super().url(f"{version()}/{name}" if name and (FOLDER / name).is_file() else name)


class Middleware(WhiteNoiseMiddleware):
    """WhiteNoise, with our files at both addresses. A page from before an update names a version that is gone: it gets the files there are, to be
    kept as short as those without one."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked, named = request.path_info, _NAMED.fullmatch(request.path_info)
        if named and named["prefix"] == self.static_prefix and asked not in self.files:
            request.path_info = f"{self.static_prefix}{named['name']}"
        answer: HttpResponseBase = super().__call__(request)
        request.path_info = asked
        if not isinstance(answer, WhiteNoiseFileResponse) or not _PACKABLE.match(answer.headers.get("Content-Type", "")):
            return answer
        patch_vary_headers(answer, ["Accept-Encoding"])
        file = FOLDER / (named["name"] if named else asked.removeprefix(self.static_prefix))
        takes = _TAKES_GZIP.search(request.headers.get("Accept-Encoding", ""))
        return _packed(answer, file, head=request.method == "HEAD") if takes and answer.status_code == 200 and file.is_file() else answer

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Mapping[str, Any] | None = None) -> None:
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        if Path(path).is_relative_to(FOLDER):
            versioned = f"{self.static_prefix}{version()}/{url.removeprefix(self.static_prefix)}"
            super().add_file_to_dictionary(versioned, path, stat_cache=stat_cache)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return url.startswith(f"{self.static_prefix}{version()}/")


def _packed(answer: WhiteNoiseFileResponse, file: Path, *, head: bool) -> HttpResponseBase:
    """The same answer with its file packed, or as it is where that makes it no smaller."""
    content = _gzipped(file, file.stat().st_mtime_ns)
    if len(content) >= file.stat().st_size:
        return answer
    answer.close()
    small = HttpResponse(b"" if head else content, headers=dict(answer.headers))
    small.headers["Content-Encoding"], small.headers["Content-Length"] = "gzip", str(len(content))
    return small


@cache
def _gzipped(file: Path, changed: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
