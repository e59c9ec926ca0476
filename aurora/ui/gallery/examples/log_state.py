"""How the access log itself does, on the operators' console."""

from datetime import datetime, timedelta

from django.utils import timezone

from aurora.ui import log_words as words
from aurora.ui.contexts.log_state import AlarmRow, FormerRow, KeyRow, LogStatePage, WitnessRow
from aurora.ui.gallery.example import Example

NAME = "aurora.example/ledger"


def _at(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 26, hour, minute, tzinfo=timezone.get_default_timezone())


def _quiet() -> LogStatePage:
    keys = tuple(KeyRow(kind, code, NAME, _at(8, 0), True) for kind, code in (("Ed25519", "6da2c528"), ("ML-DSA-44", "7fff217f")))
    witness = WitnessRow("witness.example/helsinki", "https://witness.example/helsinki", 128_404, _at(14, 30), 17, "")
    return LogStatePage(
        NAME, 128_421, _at(14, 30), 0, (), (), keys, (witness,), (),
        root="RtaBlbB6Xq5lmrsFNfOpmQYQZiAaDMgCK6Bw8ZKLWpk=", age=words.age(timedelta(seconds=4)), sequencer=words.sequencer(_at(14, 30), well=True),
    )  # fmt: skip


def _alarmed() -> LogStatePage:
    quiet, name = _quiet(), "witness.example/helsinki"
    former_keys = (
        KeyRow("Ed25519", "0f1e2d3c", "aurora.example/log", datetime(2026, 1, 7, 9, tzinfo=timezone.get_default_timezone()), False),
    )
    alarms = (
        AlarmRow("2", words.alarm("unknown_size", witness=name, size=128_404), _at(15, 2), see_url="/ledger/alarms/2/"),
        AlarmRow(
            "1", words.alarm("witness_went_back", witness=name, size=90_112), _at(9, 41), seen=words.seen(name="Ingrid", at=_at(9, 55))
        ),
    )
    troubled = (
        WitnessRow(name, "https://witness.example/helsinki", 128_404, _at(14, 30), 0, words.trouble("conflict")),
        WitnessRow("witness.example/turku", "https://witness.example/turku", 128_400, _at(15, 1), 0, words.other_clock(37)),
        WitnessRow("witness.example/oulu", "https://witness.example/oulu", None, None, 0, words.trouble("unknown_log")),
        WitnessRow("witness.example/vaasa", "https://witness.example/vaasa", None, None, 0, ""),
    )
    former = (
        FormerRow(
            "aurora.example/log",
            128_404,
            "Levyjärjestelmä hajosi, ja tietokanta palautettiin yön varmuuskopiosta.",
            _at(8, 0),
        ),
    )
    warnings = (words.stopped(_at(14, 30)), words.ahead(_at(23, 59)))
    return LogStatePage(NAME, 127_990, _at(14, 30), 12, warnings, alarms, (*quiet.keys, *former_keys), troubled, former)


def console() -> list[Example]:
    empty = LogStatePage(NAME, 0, None, 0, (words.unsealed(), words.unwatched()), (), (), (), ())
    pages = (("console-ledger", _quiet()), ("console-ledger-alarms", _alarmed()), ("console-ledger-none", empty))
    return [Example(name, "console/ledger.html", "console/ledger/", context, name_shown="Ingrid") for name, context in pages]
