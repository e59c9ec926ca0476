"""One connector a file: how one kind of source is asked, what its answer becomes, and what an operator may declare of such a source."""

from __future__ import annotations

from aurora.sources.connectors import fhir, json_oauth, mapped_json, push, xroad
from aurora.sources.connectors.answer import Answer, Asked, Fetch, Mark, Times, Unchanged
from aurora.sources.connectors.declared import Check
from aurora.sources.connectors.manner import PLAIN, Manner

CONNECTORS: dict[str, Fetch] = {
    "fhir": fhir.fetch,
    "json_oauth": json_oauth.fetch,
    "mapped_json": mapped_json.fetch,
    "push": push.fetch,
    "xroad": xroad.fetch,
}
# Of the same names: whether settings are right, asked when a source is loaded (`aurora/sources/loading.py`).
CHECKS: dict[str, Check] = {
    "fhir": fhir.check,
    "json_oauth": json_oauth.check,
    "mapped_json": mapped_json.check,
    "push": push.check,
    "xroad": xroad.check,
}
# And how a citizen's permission is asked for, of those that do it in a manner of their own.
MANNERS: dict[str, Manner] = {"fhir": fhir.MANNER}


def manner(connector: str) -> Manner:
    return MANNERS.get(connector, PLAIN)


__all__ = ["CHECKS", "CONNECTORS", "Answer", "Asked", "Check", "Fetch", "Manner", "Mark", "Times", "Unchanged", "manner"]
