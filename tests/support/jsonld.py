"""As much of JSON-LD 1.1 expansion as our documents use (W3C JSON-LD 1.1 API, 5.1), written from the specification and knowing nothing of them.

Not a library's: those want a compiled XML parser or a network. It does prefixes, terms that set a type, `@json`, value objects, lists of values;
whatever else a context might do is an error, so that a document that needs more cannot pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KEYWORDS = {"@id", "@type", "@value", "@language"}


def expand(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every key and every IRI written out, each property a list, each value an object."""
    context = document["@context"]
    assert context.get("@version") == 1.1
    prefixes = {name: iri for name, iri in context.items() if isinstance(iri, str)}
    types = {}
    for name, meaning in context.items():
        if isinstance(meaning, dict):
            assert set(meaning) == {"@type"}, f"{name}: more than this expands"
            types[name] = meaning["@type"]
    for prefix, iri in prefixes.items():
        assert ":" not in prefix and iri[-1] in ":/?#[]@", f"{prefix} is no prefix (JSON-LD 1.1, 4.1.5)"
    return _Expander(prefixes, types).node({k: v for k, v in document.items() if k != "@context"})


def iris(expanded: Any) -> Iterator[str]:
    """Every IRI that an expanded document speaks of: properties, types, references."""
    if isinstance(expanded, list):
        for item in expanded:
            yield from iris(item)
    elif isinstance(expanded, dict):
        for key, value in expanded.items():
            if key in ("@id", "@type"):
                yield from [value] if isinstance(value, str) else value
            elif key != "@value" and key != "@language":
                yield key
                yield from iris(value)


class _Expander:
    def __init__(self, prefixes: dict[str, str], types: dict[str, str]) -> None:
        self.prefixes, self.types = prefixes, types

    def iri(self, name: str) -> str:
        prefix, colon, rest = name.partition(":")
        assert colon, f"{name!r} expands to nothing and would be dropped"
        if rest.startswith("//"):
            return name
        return self.prefixes[prefix] + rest if prefix in self.prefixes else name

    def node(self, item: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in item.items():
            if key == "@id":
                made[key] = self.iri(value)
            elif key == "@type":
                made[key] = [self.iri(t) for t in ([value] if isinstance(value, str) else value)]
            else:
                assert not key.startswith("@"), f"{key}: more than this expands"
                made[self.iri(key)] = [self.value(key, v) for v in (value if isinstance(value, list) else [value])]
        return made

    def value(self, key: str, value: Any) -> dict[str, Any]:
        kind = self.types.get(key)
        if kind == "@json":
            return {"@value": value, "@type": "@json"}
        if isinstance(value, dict):
            if "@value" not in value:
                return self.node(value)
            assert set(value) <= KEYWORDS
            return value
        if kind == "@id":
            return {"@id": self.iri(value)}
        return {"@value": value, "@type": self.iri(kind)} if kind else {"@value": value}
