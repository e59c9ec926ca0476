"""What an example is."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """`name` is the picture's, `at` the path behind the language, `name_shown` who is signed in ("" for nobody).

    `acting_for`: whom this session acts for, `estate` whether they are dead.
    """

    name: str
    template: str
    at: str
    page: Any
    signed_in: bool = True
    name_shown: str = "Aino Virta"
    acting_for: str = ""
    estate: bool = False
