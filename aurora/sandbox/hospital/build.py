"""`python -m aurora.sandbox.hospital.build --out DIR --version N --model NAME`, the private key (PEM) on standard input: trains, converts, signs, packs.

A process of its own, so that the hospital's server stays small and answers meanwhile. DIR appears when all of it is done, with `package.zip` and
`signature.json`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

PACKAGE, SIGNATURE = "package.zip", "signature.json"


def build(out: Path, *, version: int, key: str, model: str) -> None:
    """Makes `out`, or leaves what stands there. `key`: private, PEM. `model`: the identifier of one of the hospital's."""
    # Here, since the hospital's server reads this module's names only.
    from aurora.sandbox.hospital import package, patients, stay, training

    people = patients.make()
    made_by = {package.IDENTIFIER: (package.files, patients.OUTCOMES), stay.IDENTIFIER: (stay.files, stay.OF_OUTCOMES)}
    files, outcomes = made_by[model]
    contents = files(people, training.train(people, outcomes), version=version)
    out.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(dir=out.parent, prefix="being-made-"))
    try:
        (made / SIGNATURE).write_bytes(package.signed(contents, key))
        (made / PACKAGE).write_bytes(package.zipped(contents))
        os.rename(made, out)
    except OSError:
        # Another build of the same was faster.
        if not (out / PACKAGE).exists():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m aurora.sandbox.hospital.build", description="Train and pack the hospital's models.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--model", required=True)
    options = parser.parse_args()
    # The hospital waits for these itself and holds them back, in what it starts too.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    # Who waits for a page comes first.
    os.nice(5)
    build(options.out, version=options.version, key=sys.stdin.read(), model=options.model)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
