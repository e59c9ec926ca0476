"""What can be wrong with a bundle's tree heads, and how a case is written. See log_vectors.py."""

from __future__ import annotations

from typing import Any

from tests.support.log_world import (
    COSIGNED,
    DAY,
    FOREIGN,
    IMPOSTOR,
    LOG,
    NAME,
    OLD_SIZE,
    OTHER,
    PLACES,
    SECOND,
    SIZE,
    WITNESSING,
    Ops,
    Signing,
    Tree,
    b64,
    digest,
    flipped,
    remove,
    replace,
)

Finding = tuple[str, int | str | None] | tuple[str]
"""A code, and where there is one the entry's number or the witness's name."""


def case(
    name: str,
    ops: Ops,
    *findings: Finding,
    of: str = "today",
    older: str | None = None,
    older_ops: Ops | None = None,
    notes: list[str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """`findings` in the verifier's order. `notes` where they are not those of a bundle whose key is taken from it."""
    incomplete = {"overdue", "extension_unproven", "witness_missing", "witness_old", "witness_changed", "kept_unproven"}
    failed = any(finding[0] not in incomplete for finding in findings)
    return {
        "name": name,
        "of": of,
        "patch": ops,
        "older": older,
        "older_patch": older_ops or [],
        "options": options,
        "verdict": "failed" if failed else "incomplete" if findings else "verified",
        "findings": [_finding(*finding) for finding in findings],
        "notes": ["key_from_bundle"] if notes is None else notes,
    }


def _finding(code: str, about: int | str | None = "") -> dict[str, Any]:
    return {"code": code} if about == "" else {"code": code, "name" if isinstance(about, str) else "seq": about}


def heads(tree: Tree, today: dict[str, Any]) -> list[dict[str, Any]]:
    note = today["checkpoint"]
    text, lines = note.split("\n\n")
    size, root = text.split("\n")[1:]
    all_but = [("not_included", seq) for seq in PLACES]
    unproven: list[Finding] = [("earlier_forked",), ("extension_unproven", 4)]
    unwitnessed = ["key_from_bundle", "unwitnessed"]
    signature = lines.split(" ")[2].split("\n")[0]
    unreadable = {
        "a head without signatures": text,
        "a head without a root": f"{NAME}\n{size}\n\n{lines}",
        "a head with a size that has a zero in front": note.replace(f"\n{size}\n", f"\n0{size}\n"),
        "a head with a size that is none": note.replace(f"\n{size}\n", "\n3e2\n"),
        "a head with a root too short": note.replace(root, b64(digest("x")[:31])),
        "a head with a signature line that is none": note + "x\n",
        "a head with a control character": note.replace(f"\n{size}\n", f"\n{size}\r\n"),
        "a head that does not end": note.removesuffix("\n"),
        "a head that is empty": "",
    }
    wrong = {
        "a head of another size": note.replace(f"\n{size}\n", f"\n{SIZE + 1}\n"),
        "a head of another root": note.replace(root, b64(digest("another root"))),
        "a head with a signature of another": note.replace(signature, signature[:-4] + "AAA="),
        "a head with a line more": note.replace(f"{root}\n", f"{root}\nmore\n"),
    }
    return [
        *[
            case(name, [replace("/checkpoint", spoiled)], ("checkpoint_malformed",), notes=["key_from_bundle"])
            for name, spoiled in unreadable.items()
        ],
        *[
            case(name, [replace("/checkpoint", spoiled)], ("signature_wrong",), notes=["key_from_bundle"])
            for name, spoiled in wrong.items()
        ],
        case(
            "a head that nobody known signed", [replace("/checkpoint", tree.head(SIZE, OTHER))], ("wrong_key",), notes=["key_from_bundle"]
        ),
        case("a head of another log", [replace("/log/keys", [FOREIGN.vkey])], ("other_log",), notes=["key_from_bundle"]),
        case("a log by another name", [replace("/log/name", FOREIGN.name)], ("other_log",)),
        case("no keys", [replace("/log/keys", [])], ("wrong_key",), notes=["key_from_bundle"]),
        case(
            "a key whose id is not its own",
            [replace("/log/keys/0", LOG.vkey.replace("+", "+0", 1))],
            ("wrong_key",),
            notes=["key_from_bundle"],
        ),
        case(
            "no head",
            [replace("/checkpoint", None)],
            ("no_checkpoint",),
            ("tree_shrunk", 4),
            ("tree_shrunk", 9),
            notes=[],
        ),
        case("no former head, though the chain notes one", [replace("/earlier", [])], ("extension_unproven", 4)),
        case(
            "the tree of a former head by its size alone",
            [replace("/earlier/0/checkpoint", None), replace("/earlier/0/root", None)],
            ("earlier_forked",),
        ),
        case(
            "a witness's signature that states no time",
            [replace("/checkpoint", _timeless(text, lines))],
            ("witness_wrong",),
            notes=unwitnessed,
        ),
        case(
            "a head that is too early",
            [replace("/checkpoint", tree.head(OLD_SIZE, LOG)), replace("/earlier", [])],
            *all_but,
            ("tree_shrunk", 9),
            notes=unwitnessed,
        ),
        case("a witness's signature is wrong", [replace("/checkpoint", _spoilt_witness(note))], ("witness_wrong",), notes=unwitnessed),
        case(
            "an earlier head's proof is wrong",
            [replace("/earlier/0/proof/1", flipped(today["earlier"][0]["proof"][1]))],
            *unproven,
        ),
        case("an earlier head's proof is none", [replace("/earlier/0/proof", None)], *unproven),
        case("an earlier head without its note", [replace("/earlier/0/checkpoint", None)]),
        case(
            "an earlier head without its note, of another root",
            [replace("/earlier/0/checkpoint", None), replace("/earlier/0/root", digest("another root").hex())],
            ("earlier_forked",),
        ),
        case("an earlier head that is none", [replace("/earlier/0", 7)], *unproven),
        case("an earlier head without size", [replace("/earlier/0/checkpoint", None), remove("/earlier/0/size")], *unproven),
        case("an earlier head by another key", [replace("/earlier/0/checkpoint", tree.head(OLD_SIZE, OTHER))]),
        case("another format", [replace("/format", "aurora-log-bundle-2")], ("bad_format",), notes=[]),
        case("no list of entries", [replace("/entries", {})], ("bad_format",), notes=[]),
        case("no witnesses named", [remove("/witnesses")], ("bad_format",), notes=[]),
        case("a head that is no head", [replace("/head", {"seq": "9"})], ("bad_format",), notes=[]),
    ]


def witnesses(tree: Tree) -> list[dict[str, Any]]:
    """What an earlier bundle named, and this one names and bears. `earlier` names WITNESSING."""

    def named(*signers: Signing) -> dict[str, Any]:
        return replace("/witnesses", [one.vkey for one in signers])

    def signed(*signers: Signing) -> dict[str, Any]:
        return replace("/checkpoint", tree.head(SIZE, LOG, *signers))

    changed: Finding = ("witness_changed", WITNESSING.name)
    none = ["unwitnessed"]
    cases: list[tuple[str, Ops, list[Finding], list[str]]] = [
        ("a witness has another key", [named(IMPOSTOR), signed(IMPOSTOR)], [changed], ["unwitnessed", "witness_gone"]),
        ("a witness has another key that signed nothing", [named(IMPOSTOR), signed()], [changed], ["unwitnessed", "witness_gone"]),
        ("a witness's other key stands beside the noted one, and signed alone", [named(WITNESSING, IMPOSTOR), signed(IMPOSTOR)], [changed], none),
        ("a witness's other key, for which the noted one stands in", [named(WITNESSING, IMPOSTOR), signed(WITNESSING, IMPOSTOR)], [], []),
        ("the noted key stands in though it is named no longer", [named(IMPOSTOR), signed(WITNESSING, IMPOSTOR)], [], []),
        ("a witness's other key stands beside the noted one", [named(WITNESSING, IMPOSTOR), signed()], [], none),
        ("the noted key signed an earlier head alone",
         [named(WITNESSING, IMPOSTOR), signed(IMPOSTOR), replace("/earlier/0/checkpoint", tree.head(OLD_SIZE, LOG, WITNESSING))],
         [changed], ["witnessed_earlier"]),
        ("a witness is named no longer", [named(), signed()], [], ["unwitnessed", "witness_gone"]),
        ("a witness is named no longer, and signs", [named(), signed(WITNESSING)], [], []),
        ("a witness is replaced by another", [named(SECOND), signed(SECOND)], [], ["witness_gone"]),
        ("a witness more", [named(WITNESSING, SECOND), signed(SECOND)], [], []),
        ("a noted witness's signature is wrong though it is named no longer",
         [named(), replace("/checkpoint", _spoilt_witness(tree.head(SIZE, LOG, WITNESSING)))], [("witness_wrong",)], ["unwitnessed", "witness_gone"]),
    ]  # fmt: skip
    known = {"witnesses": [IMPOSTOR.vkey], "keys": [LOG.vkey]}
    return [
        *[case(name, ops, *found, older="earlier", notes=notes) for name, ops, found, notes in cases],
        case("a witness's key that is known from elsewhere needs no noted one", [signed(IMPOSTOR)], older="earlier", notes=[], **known),
        case(
            "another witness's noted key stands in for none but its own",
            [named(IMPOSTOR, SECOND), signed(IMPOSTOR, SECOND)],
            changed,
            older="earlier",
            older_ops=[named(WITNESSING, SECOND)],
            notes=["witness_gone"],
        ),
        *_ages(tree),
        case("without an earlier bundle the key that is named is taken", [named(IMPOSTOR), signed(IMPOSTOR)]),
    ]


def _ages(tree: Tree) -> list[dict[str, Any]]:
    """`today` was made nine microseconds after 8:09 of the day on which it was cosigned, which are no milliseconds."""
    made = COSIGNED + 4140

    def signed(*times: tuple[Signing, int], size: int = SIZE) -> str:
        note = tree.head(size, LOG)
        return note + "".join(signer.line(note.split("\n\n")[0] + "\n", time) for signer, time in times)

    def replaced(*times: tuple[Signing, int]) -> Ops:
        return [replace("/witnesses", [WITNESSING.vkey, SECOND.vkey]), replace("/checkpoint", signed(*times))]

    old: Finding = ("witness_old",)
    trusted = {"witnesses": [WITNESSING.vkey], "keys": [LOG.vkey]}
    earlier = replace("/earlier/0/checkpoint", signed((WITNESSING, made - 400 * DAY), size=OLD_SIZE))
    return [
        case("a witness signed a day before", replaced((WITNESSING, made - DAY))),
        case("a witness signed a day and a second before", replaced((WITNESSING, made - DAY - 1)), old),
        case("one witness signed long ago, and another just now", replaced((WITNESSING, 1), (SECOND, made))),
        case("a witness signed twice, long ago and just now", replaced((WITNESSING, made), (WITNESSING, 1))),
        case("a witness whose clock is ahead", replaced((WITNESSING, made + 2 * DAY))),
        case("a witness that is trusted signed long ago", replaced((WITNESSING, 1), (SECOND, made)), old, notes=[], **trusted),
        case(
            "a witness that is trusted signed an earlier head alone, long ago",
            [replace("/checkpoint", tree.head(SIZE, LOG)), earlier],
            old,
            notes=["witnessed_earlier"],
            **trusted,
        ),
        case(
            "another key under a noted name signed just now, and the noted one an earlier head, long ago",
            [replace("/witnesses", [WITNESSING.vkey, IMPOSTOR.vkey]), replace("/checkpoint", signed((IMPOSTOR, made))), earlier],
            ("witness_changed", WITNESSING.name),
            old,
            older="earlier",
            notes=["witnessed_earlier"],
        ),
    ]


def rotations(tree: Tree) -> list[dict[str, Any]]:
    """Of the log's own key: LOG is noted, OTHER comes after it."""

    def keys(*signers: Signing) -> dict[str, Any]:
        return replace("/log/keys", [one.vkey for one in signers])

    def signed(*signers: Signing, size: int = SIZE) -> dict[str, Any]:
        return replace("/checkpoint", tree.head(size, *signers))

    def spoilt(note: str, signer: Signing) -> dict[str, Any]:
        line = signer.line(note.partition("\n\n")[0] + "\n")
        return replace("/checkpoint", note.replace(line, f"{line[:-5]}AAA=\n"))

    both = tree.head(SIZE, OTHER, LOG)
    others = ["other_signatures", "unwitnessed"]
    after: dict[str, Any] = {"older": "earlier", "older_ops": [keys(OTHER, LOG), signed(OTHER, LOG, size=OLD_SIZE)]}
    return [
        case("a new key, for which the noted one stands in", [keys(OTHER, LOG), signed(OTHER, LOG)], older="earlier", notes=["key_renewed", *others]),
        case("a new key that has not signed yet", [keys(OTHER, LOG), signed(LOG)], older="earlier", notes=["unwitnessed"]),
        case("a new key whose signature is wrong", [keys(OTHER, LOG), spoilt(both, OTHER)], older="earlier", notes=others),
        case("a new key, and the noted one's signature is wrong", [keys(OTHER, LOG), spoilt(both, LOG)], ("signature_wrong",), older="earlier", notes=[]),
        case("a new key alone, though the noted one is named", [keys(OTHER, LOG), signed(OTHER)], ("key_changed",), older="earlier", notes=["unwitnessed"]),
        case("a key of another log beside the noted one", [keys(FOREIGN, LOG), signed(FOREIGN, LOG)], older="earlier", notes=["unwitnessed"]),
        case("a new key, known by now", [keys(OTHER, LOG), signed(OTHER, LOG)], notes=others, **after),
        case("a key that was replaced comes back beside the new one", [keys(LOG, OTHER), signed(LOG, OTHER)], notes=others, **after),
        case("a key that was replaced comes back alone", [keys(LOG), signed(LOG)], ("key_changed",), notes=["unwitnessed"], **after),
    ]  # fmt: skip


def _timeless(text: str, lines: str) -> str:
    """The format demands a time above 0."""
    return f"{text}\n\n{lines.partition(chr(10))[0]}\n{WITNESSING.line(text + chr(10), 0)}"


def _spoilt_witness(note: str) -> str:
    kept, line = note.rsplit("— ", 1)
    name, encoded = line.split(" ")
    return f"{kept}— {name} {encoded[:20]}{'A' if encoded[20] != 'A' else 'B'}{encoded[21:]}"
