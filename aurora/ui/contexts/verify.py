"""The page on which a citizen verifies their log, and what leads there. See the package for the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class VerifyPage:
    """`portal/verify.html`. One POST form without fields to `bundle_url`; the script takes it over and shows what it finds in the page.

    `data` is what the script is told (`aurora.portal.present.verify`). The other addresses are of files to keep.
    """

    bundle_url: str
    activity_url: str
    offline_url: str
    program_url: str
    script_url: str
    key_url: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProofLinks:
    """On an entry's own page: where this entry is verified, and its C2SP tlog-proof ("" while it waits to be sealed)."""

    verify_url: str
    proof_url: str
