"""The accessibility statement. See the package for the conventions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessibilityPage:
    """`portal/accessibility.html`. `feedback`: the address that feedback goes to, "" where the service has none."""

    feedback: str
