"""Files of a form, in memory: only a page that says so takes any (the settings name no handler), and how much may come is the address's limit."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


class _Kept(FileUploadHandler):
    """Keeps each file whole. `AURORA_LARGER_BODIES` bounds the body before it is read."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._parts = []

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._parts.append(raw_data)

    def file_complete(self, file_size: int) -> SimpleUploadedFile:
        return SimpleUploadedFile(self.file_name or "-", b"".join(self._parts), self.content_type or "")


def in_memory(view: View) -> View:
    """The page takes files. To stand below the guard and above the check of the form's token, which reads the body."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [_Kept()]
        return view(request, *args, **kwargs)

    return inner


def files(request: HttpRequest, name: str) -> list[tuple[str, bytes]]:
    """Name and content of each file that was chosen; an empty choice is none."""
    found = request.FILES.getlist(name)
    return [(str(one.name).replace("\x00", "")[:200], one.read()) for one in found if one.size]
