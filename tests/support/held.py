"""What a twin holds, by name: the table knows facts by their marks only. In the citizen's scope; or of a running Aurora, by its own shell."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from aurora.twin.models import Fact
from aurora.twin.sealing import opened
from tests.support.stack import Stack

CODE = textwrap.dedent("""
    import json
    from uuid import UUID
    from consent.scope import citizen_scope
    from tests.support.held import by_name
    from aurora.twin.models import Fact
    who = UUID("{who}")
    with citizen_scope(who):
        held = [(str(row.pk), row.category, key) for row, key, _ in by_name(Fact.objects.filter(citizen_id=who))]
    print("HELD" + json.dumps(held))
""")


def by_name(rows: Iterable[Fact]) -> list[tuple[Fact, str, Any]]:
    """Each fact with its key and its value: by category, key, source and time."""
    named = [(row, *opened(row, citizen_id=row.citizen_id)) for row in rows]
    return sorted(named, key=lambda one: (one[0].category, one[1], one[0].source, one[0].recorded_at))


def keys_of(rows: Iterable[Fact]) -> list[str]:
    """In the order of `by_name`."""
    return [key for _, key, _ in by_name(rows)]


def names_on(stack: Stack, citizen_id: UUID | str) -> dict[str, tuple[str, str]]:
    """Of a running Aurora, by the fact's id, former versions too: category and key."""
    said = stack.manage("shell", "-c", CODE.format(who=citizen_id)).stdout
    line = next(line for line in said.splitlines() if line.startswith("HELD"))
    return {fact: (category, key) for fact, category, key in json.loads(line[4:])}
