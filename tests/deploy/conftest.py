"""What the tests of running Aurora in earnest share."""

from __future__ import annotations
