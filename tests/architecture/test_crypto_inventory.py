"""Cryptography is found in the code by its imports and calls, and each module that does any stands in docs/security/crypto.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = (ROOT / "docs/security/crypto.md").read_text(encoding="utf-8")
# What encrypts, signs, verifies or derives, or compares what must not leak. Plain digests may be anywhere; which ones is a test of its own.
_LIBRARIES = re.compile(
    r"cryptography|joserfc|pkcs11|hmac|ssl|django_otp|model_signing|sigstore|authlib\.(jose|oauth2\.rfc7636)"
    r"|django\.(utils\.crypto|core\.signing|contrib\.auth\.hashers)"
)
WEAK = re.compile(r"\b(md5|sha1|MD5|SHA1|ECB|CBC|TripleDES|ARC4|Blowfish|PKCS1v15|RS256|RSA1_5)\b")
# SHA-1 inside TOTP's HMAC is django-otp's, by RFC 6238. These name what they refuse, or let the database index a text by its MD5.
JITTER = {
    "aurora/journeys/monitor.py", "aurora/journeys/_turn.py", "aurora/journeys/delay.py", "aurora/twin/evaluations.py", "aurora/sources/pulls.py",
    "aurora/sources/feeds.py", "aurora/sources/breaker.py", "aurora/messages/mails.py", "consent/oauth/keysets.py", "consent/uses/accounts.py",
    "consent/webhooks/queue.py",
    # Which ports are tried first.
    "aurora/ports.py",
}  # fmt: skip
MENTIONS = {"recommender/evaluators/chain.py", "recommender/models.py"}


@cache
def _modules() -> dict[str, ast.Module]:
    files = (file for room in ("aurora", "consent", "recommender") for file in (ROOT / room).rglob("*.py"))
    return {
        str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8"))
        for file in files
        if "/migrations/" not in str(file)
        and "node_modules" not in str(file)
        and not str(file.relative_to(ROOT)).startswith("aurora/sandbox/")
    }


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _does(tree: ast.Module) -> set[str]:
    return {name for name in _imports(tree) if re.match(rf"({_LIBRARIES.pattern})(\.|\Z)", name)}


def test_every_module_that_does_cryptography_is_in_the_inventory() -> None:
    found = {path for path, tree in _modules().items() if _does(tree)}
    assert len(found) > 30
    listed = set(re.findall(r"`((?:aurora|consent|recommender)/[\w/]+\.py)`", INVENTORY))
    assert found - listed == set(), "not in docs/security/crypto.md"
    assert not {path for path in listed if not (ROOT / path).exists()}


def test_nothing_weak_is_used() -> None:
    for path, tree in _modules().items():
        if path in MENTIONS:
            continue
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
            node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
        }
        words = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 12
        }
        assert not {one for one in names | words if WEAK.fullmatch(one)}, path


def test_digests_are_of_approved_kinds() -> None:
    called = {
        node.attr
        for tree in _modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hashlib"
    }
    assert called <= {"sha256", "sha384", "sha512", "pbkdf2_hmac", "file_digest"} and "sha256" in called


def test_what_must_not_be_guessed_is_not_drawn_by_random() -> None:
    """`random` spreads waits and picks who comes first: nothing of it is a secret, a name or a key. The recommender has no secrets to draw."""
    for path, tree in _modules().items():
        if path.startswith("recommender/"):
            continue
        drawn = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random"
        }
        assert drawn <= {"uniform", "sample", "Random", "random"}, path
        assert not drawn or path in JITTER, path
