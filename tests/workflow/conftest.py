"""Fixtures: one deployed state machine for each test file, emptied after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # tests of definitions and expressions need no embedded AWS
    from collections.abc import Iterator

    from local.stack import Stack
    from workflow.scripted import Scripted
    from workflow.world import World


@pytest.fixture(scope="module")  # a process can run one embedded AWS at a time
def deployed() -> Iterator[tuple[Stack, Scripted]]:
    """Deploy the state machine over scripted functions; yield the stack and the functions."""
    from local.stack import Stack  # noqa: PLC0415  # as above
    from workflow.scripted import Scripted  # noqa: PLC0415

    functions = Scripted()
    with Stack.start(functions=functions, wait_scale=0) as stack:
        yield stack, functions


@pytest.fixture
def world(deployed: tuple[Stack, Scripted]) -> Iterator[World]:
    """Yield the deployed state machine with the usual scripts, and empty it after the test."""
    from workflow.scripted import extract, tag  # noqa: PLC0415
    from workflow.world import World  # noqa: PLC0415

    stack, functions = deployed
    world = World(stack, functions)
    functions.steps = {"extract": extract, "thumbnail": world.stored_thumbnail, "tag": tag}
    functions.failure = None
    functions.calls.clear()
    yield world
    world.clear()
