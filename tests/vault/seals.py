"""Where the code seals something: each place, by module and function, as the syntax trees say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.services import ROOT

# The vault's and the rotations' own.
MECHANISM = (
    "aurora/identity/vault.py",
    "aurora/identity/keys.py",
    "aurora/identity/rotation.py",
    "aurora/identity/kek/",
    "aurora/messages/keeper.py",
)
VAULT = {
    "vault.seal",
    "vault.seal_each",
    "keeper.seal",
    "house.seal",
    "seal_for_platform",
    "keys.seal_for_platform",
    "vault.new_wrapped",
    "new_wrapped",
}


def places() -> dict[str, set[str]]:
    """For each place, what it seals with: `citizen` or `platform`. A function that is given a seal (`seal=`) is where it was given."""
    found: dict[str, set[str]] = {}
    for path in _files():
        tree = ast.parse(path.read_text("utf-8"))
        module = str(path.relative_to(ROOT))
        for where, node in _within(tree, ""):
            name = _name(node)
            if name in VAULT:
                found.setdefault(f"{module}:{where}", set()).add("platform" if "platform" in name or "wrapped" in name else "citizen")
    return found


def _files() -> Iterator[Path]:
    for package in ("aurora", "consent"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if "/sandbox/" not in name and "/migrations/" not in name and not name.startswith(MECHANISM):
                yield path


def _within(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        inside = f"{where}.{child.name}".lstrip(".") if isinstance(child, ast.FunctionDef | ast.ClassDef) else where
        yield inside, child
        yield from _within(child, inside)


def _name(node: ast.AST) -> str:
    """`vault.seal` and the like, called or handed on; `keeper().seal` as `keeper.seal`."""
    if isinstance(node, ast.Attribute):
        value = node.value
        if isinstance(value, ast.Call):
            value = value.func
        return f"{value.id}.{node.attr}" if isinstance(value, ast.Name) else ""
    return ""
