"""What a witness notices, asked over HTTP as the worker asks it: deeds of a DBA with the log's key and the sequencer's machine among them.

The head file is written along with each of them: nothing of Aurora's own would stop.
"""

from __future__ import annotations

from tests.ledger_deeds.world import Log


def test_nobody_does_anything(log: Log, witness: str) -> None:
    for _ in range(3):
        log.live()
        assert log.witnessed() == ("", set())
    bundle = log.bundle()
    said = log.judge(bundle, witnesses=[witness])
    assert (said.verdict, said.signed_by) == ("verified", {witness})


def test_the_database_is_copied_and_goes_on(log: Log, witness: str) -> None:
    """The honest twin of a rewinding: the same copy, put in place with nothing lost."""
    log.live()
    log.witnessed()
    log.rewind_to_now()
    log.live()
    assert log.witnessed() == ("", set())


def test_rewind_the_database(log: Log, witness: str) -> None:
    """While it is behind, the witness has seen more than there is; once it has grown past that, another tree."""
    log.databases.keep("earlier")
    log.live()
    assert log.witnessed() == ("", set())
    kept = log.bundle()
    log.rewind("earlier", head_file=True)
    assert log.witnessed() == ("conflict", {"unknown_size"})
    for _ in range(3):
        log.live()
    assert log.witnessed() == ("inconsistent", {"unknown_size", "inconsistent"})
    bundle = log.bundle()
    assert log.judge(bundle, witnesses=[witness]).codes == {"witness_missing"}, "no bundle of the new tree is ever cosigned"
    assert log.judge(kept, witnesses=[witness]).verdict == "verified"


def test_rewrite_chain_and_tree_and_sign_anew(log: Log, witness: str) -> None:
    log.live()
    assert log.witnessed() == ("", set())
    log.rewrite_chain(log.aino, [one for one in log.chain(log.aino) if one["seq"] != 4])
    log.rewrite_tree(head_file=True)
    log.live()
    assert log.judge(log.bundle()).verdict == "failed", "the cosigned head is in the bundle still"
    trouble, alarms = log.witnessed()
    assert trouble == "inconsistent" and alarms == {"inconsistent"}


def test_rewrite_all_and_take_the_witness_out_of_the_database(log: Log, witness: str) -> None:
    """Nothing of Aurora's knows of it any more, and a bundle alone holds. The witness does not forget: it is asked from nothing, and answers."""
    log.live()
    assert log.witnessed() == ("", set())
    log.rewrite_chain(log.aino, [one for one in log.chain(log.aino) if one["seq"] != 4])
    log.rewrite_tree(head_file=True)
    log.dba("TRUNCATE ledger_witness, ledger_cosignature, ledger_alarm")
    log.live()
    alone = log.bundle()
    assert log.judge(alone).verdict == "verified"
    assert log.judge(alone, witnesses=[witness]).codes == {"witness_missing"}
    assert log.witnessed() == ("inconsistent", {"inconsistent"})


def test_fork_the_tree_for_one_citizen(log: Log, witness: str) -> None:
    """The forged tree is signed, and never shown to the witness: who trusts only what is witnessed is not taken in."""
    log.live()
    assert log.witnessed() == ("", set())
    log.databases.keep("true_tree")
    log.rewrite_chain(log.cecilia, [one for one in log.chain(log.cecilia) if one["seq"] != 4])
    log.rewrite_tree(head_file=True)
    log.dba("TRUNCATE ledger_cosignature")
    hers = log.bundle(log.cecilia)
    log.rewind("true_tree", head_file=True)
    assert log.judge(hers).verdict == "verified" and "unwitnessed" in log.judge(hers).notes
    assert log.judge(hers, witnesses=[witness]).codes == {"witness_missing"}
    log.live()
    assert log.witnessed() == ("", set()), "everyone else's tree is as it was"
    assert log.judge(log.bundle(), witnesses=[witness]).verdict == "verified"


def test_show_the_fork_to_the_witness_too(log: Log, witness: str) -> None:
    log.live()
    assert log.witnessed() == ("", set())
    log.rewrite_chain(log.cecilia, [one for one in log.chain(log.cecilia) if one["seq"] != 4])
    log.rewrite_tree(head_file=True)
    assert log.witnessed()[0] == "inconsistent"


def test_forge_the_witnesss_line(log: Log, witness: str) -> None:
    """Its line from an older head under the newest one, and a line of another key with its name."""
    log.live()
    log.witnessed()
    bundle = log.bundle()
    line = next(
        line for one in bundle["earlier"] for line in one["checkpoint"].splitlines() if line.startswith(f"— {witness.partition('+')[0]} ")
    )
    log.live()
    newer = log.bundle()
    newer["earlier"] = []
    forged = newer | {"checkpoint": f"{newer['checkpoint']}{line}\n"}
    assert "witness_wrong" in log.judge(forged).codes


def test_replay_an_old_checkpoint_to_everyone(log: Log, witness: str) -> None:
    """The newest heads are deleted and the head file set back: the sequencer finds leaves beyond the head, the witness a larger tree."""
    log.live()
    assert log.witnessed() == ("", set())
    log.changes("DELETE FROM ledger_checkpoint WHERE size = (SELECT max(size) FROM ledger_checkpoint)")
    assert log.witnessed() == ("conflict", {"unknown_size"})


def test_change_a_full_tile(log: Log, witness: str) -> None:
    """The sequencer never reads it again, but the proof for the witness does, where it leads through it."""
    log.changes("UPDATE ledger_tile SET hashes = overlay(hashes placing sha256('x') from 1) WHERE level = 0 AND index = 0")
    log.live()
    assert log.witnessed() == ("", set()), "what was never cosigned is taken as it is"
    log.changes("UPDATE ledger_tile SET hashes = overlay(hashes placing sha256('x') from 1) WHERE level = 1 AND index = 0")
    assert log.judge(log.bundle()).codes == {"not_included"}
