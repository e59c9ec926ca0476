"""The page that verifies a log, as it is before the script has anything to say, and an entry with its proof to take along."""

from dataclasses import replace

from aurora.ui import formats, verify_words
from aurora.ui.contexts import ProofLinks, VerifyPage
from aurora.ui.gallery.example import Example
from aurora.ui.gallery.examples.records import read_entry


def pages() -> list[Example]:
    """Without its script: in the gallery there is nothing to fetch."""
    data = {
        "entry": None,
        "language": formats.language(),
        "timeZone": "Europe/Helsinki",
        "ledger": "/ledger/",
        "words": verify_words.table(),
        "names": {},
    }
    page = VerifyPage("/activity/verify/bundle/", "/activity/", "/activity/verify/aurora-verify.html", "/static/aurora/verify/aurora_verify.py",
                      "/static/aurora/verify/page.mjs", "/ledger/key", data)  # fmt: skip
    proved = replace(read_entry(), proof=ProofLinks("/activity/verify/?entry=1", "/activity/1/proof.tlog-proof"))
    return [
        Example("verify", "portal/verify.html", "activity/verify/", page),
        Example("entry-proof", "portal/entry.html", "activity/1/", proved),
    ]
