"""Every problem that the service answers a program with: one table (problems.json), for the answers, the pages and the guide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

FILE = Path(__file__).with_name("problems.json")


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind`: `api` (RFC 9457, member `code`) or `oauth` (RFC 6749, member `error`). `status` None: it comes back with the citizen.

    `retry`: whether the same request again can help: `no`, `mended` (once what is wrong is mended), `after` (after a while).
    `about`: the tags of the operations that alone answer it; empty: any may. `means`, `do`: by language.
    """

    code: str
    kind: str
    status: int | None
    retry: str
    about: tuple[str, ...]
    means: Mapping[str, str]
    do: Mapping[str, str]

    @property
    def title(self) -> str:
        """The same in every answer (RFC 9457, 3.1.3)."""
        return self.code.replace("_", " ")

    def as_json(self) -> dict[str, Any]:
        """What the type's address answers to a program."""
        told = {"code": self.code, "retry": self.retry, "means": dict(self.means), "do": dict(self.do)}
        return {"type": type_uri(self.code), "title": self.title, **({"status": self.status} if self.status else {}), **told}


@cache
def table() -> Mapping[str, Problem]:
    """By code, in the order of the file."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))["problems"]
    return {row["code"]: Problem(**{**row, "about": tuple(row["about"])}) for row in rows}


def type_uri(code: str) -> str:
    """A problem's `type`: an absolute address that resolves (RFC 9457, 3.1.1)."""
    return f"{settings.AURORA_BASE_URL}/problems/{code}"
