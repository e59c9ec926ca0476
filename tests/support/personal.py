"""What no log line may hold: who somebody is, what is known of them, and the secrets that open it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from aurora.sandbox import national_id, people
from aurora.sandbox.personas import ROLES
from consent.management.commands.load_vocabulary import documents

IDENTIFIER = re.compile(r"\bS[0-9]{6}-[0-9A-Z]\b")
# Years that a log's own timestamps do not have. The extract's people were born before 2026.
BIRTHDATE = re.compile(r"(?<![\d.-])(?:19\d\d|20[01]\d|202[0-5])-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\d-])")
WORD = re.compile(r"[^\W\d_]+")
# 256 random bits as text, such as an id in an address: one in thirty thousand has a short name between two hyphens.
RANDOM = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")
SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}"  # a JWT: client assertion, ID Token, DPoP proof
    r"|\b(?:Bearer|DPoP) [\w~+/.=-]{8,}"
    r"|urn:ietf:params:oauth:request_uri:[\w-]+"
    # But for a line of our code in a traceback (`code=request.POST.get(`): a name, and what code goes on with. What is random is no name.
    r"|\b(?:code|code_verifier|client_assertion|access_token|refresh_token|id_token|request_uri|state|sessionid|csrftoken)="
    r"(?![a-z_]+(?:\.[A-Za-z_]+)*[\[(,)])[\w%.~-]{8,}"
    r"""|["']d["']\s*:\s*["'][\w-]{20,}"""  # a private JWK
    r"|\bpostgres(?:ql)?://[^\s:@/]+:[^\s@]+@"
)


def found_in(line: str) -> str | None:
    """What kind of thing stands in a line that must not: `name`, `identifier`, `birthdate`, `fact` or `secret`."""
    if any(national_id.valid(match) for match in IDENTIFIER.findall(line)):
        return "identifier"
    if SECRETS.search(line):
        return "secret"
    if BIRTHDATE.search(line):
        return "birthdate"
    if _facts().search(line):
        return "fact"
    return "name" if not _names().isdisjoint(WORD.findall(RANDOM.sub("", line))) else None


def lines_with_people(log: Path) -> Iterator[tuple[str, str]]:
    """(kind, line) for every line of a log that holds something personal."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if kind := found_in(line):
                yield kind, line.rstrip()[:300]


@cache
def _names() -> frozenset[str]:
    return frozenset({*people.GIVEN_NAMES, *people.FAMILY_NAMES, *(role.given_name for role in ROLES)})


@cache
def _facts() -> re.Pattern[str]:
    """A fact's name with a value: `wages: 43800`, `"has_spouse": true`."""
    keys = sorted({key for document in documents("categories") for key in document["schema"]["properties"]})
    return re.compile(rf"""\b(?:{"|".join(keys)})["']?\s*[:=]\s*["']?(?:-?\d|[Tt]rue\b|[Ff]alse\b)""")
