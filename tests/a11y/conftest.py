"""One running Aurora for all of this folder, everybody in it, and the walk through every page, which is made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.a11y.browsing import Looked
from tests.a11y.walking import Walk, everything
from tests.a11y.world import World, make
from tests.support.live import browser as started
from tests.support.stack import Stack

browser = pytest.fixture(scope="session")(started.__wrapped__)  # one for all files


@pytest.fixture(scope="session")
def world(stack: Stack) -> Iterator[World]:
    made = make(stack)
    yield made
    made.close()


@pytest.fixture(scope="session")
def walk(world: World, browser: Browser) -> Walk:
    return Walk(world, browser)


@pytest.fixture(scope="session")
def looked(world: World) -> list[Looked]:
    """What was seen of each page in each language."""
    world.second_factors_again()
    return everything(world)
