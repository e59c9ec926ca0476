"""A use of data as an agency tells it. Pure: no Django."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Use:
    """One use, of one citizen's data, by one agency.

    `action` says in words what was done; `receiver_code` and `receiver_name` who got the data, which is the agency itself unless it passed them on;
    `system` where it was done. `categories` sorted, empty where the agency did not say (an answer of findUsage need not); `purpose` likewise "".
    `entry_id` is Aurora's own entry of the read that it rests on, if the agency named it.
    """

    used_at: datetime
    action: str = field(repr=False)
    receiver_code: str
    receiver_name: str = field(repr=False)
    system: str = field(repr=False)
    categories: tuple[str, ...]
    purpose: str
    entry_id: UUID | None

    def details(self) -> dict[str, Any]:
        """What the sealed part of its entry in the citizen's log says."""
        return {
            "action": self.action,
            "receiver": self.receiver_code,
            "receiver_name": self.receiver_name,
            "system": self.system,
            "used_at": _time(self.used_at),
            **({"entry": str(self.entry_id)} if self.entry_id else {}),
        }

    def texts(self) -> dict[str, str]:
        """What its row keeps sealed: the words of the agency."""
        return {"action": self.action, "receiver_name": self.receiver_name, "system": self.system}

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON; `from_json` is the way back."""
        return {
            "used_at": _time(self.used_at),
            "action": self.action,
            "receiver": {"code": self.receiver_code, "name": self.receiver_name},
            "system": self.system,
            "categories": list(self.categories),
            "purpose": self.purpose,
            "entry": str(self.entry_id) if self.entry_id else None,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Use:
        """What `as_json` made. Raises KeyError, ValueError, TypeError for anything else."""
        return cls(
            used_at=datetime.fromisoformat(kept["used_at"]),
            action=kept["action"],
            receiver_code=kept["receiver"]["code"],
            receiver_name=kept["receiver"]["name"],
            system=kept["system"],
            categories=tuple(kept["categories"]),
            purpose=kept["purpose"],
            entry_id=UUID(kept["entry"]) if kept["entry"] else None,
        )

    def digest(self) -> bytes:
        """32 bytes that two tellings of the same use share, to the second: how an answer of yesterday is known again today."""
        return _digest(*self._core(), list(self.categories), self.purpose, str(self.entry_id))

    def core_digest(self) -> bytes:
        """The same of time, action, receiver and system alone: all that some answers say."""
        return _digest(*self._core())

    def _core(self) -> tuple[str, ...]:
        second = self.used_at.astimezone(UTC).replace(microsecond=0).isoformat()
        return (second, self.action, self.receiver_code, self.system)


def _digest(*parts: Any) -> bytes:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).digest()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
