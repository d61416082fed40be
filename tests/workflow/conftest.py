"""One deployed state machine for the tests of a file."""

from collections.abc import Iterator

import pytest

from local.stack import Stack
from workflow.scripted import Scripted, extract, tag
from workflow.world import World


@pytest.fixture(scope="module")  # one embedded AWS to a process at a time
def deployed() -> Iterator[tuple[Stack, Scripted]]:
    functions = Scripted()
    with Stack.start(functions=functions, retry_scale=0) as stack:
        yield stack, functions


@pytest.fixture
def world(deployed: tuple[Stack, Scripted]) -> Iterator[World]:
    stack, functions = deployed
    world = World(stack, functions)
    functions.steps = {"extract": extract, "thumbnail": world.stored_thumbnail, "tag": tag}
    functions.calls.clear()
    yield world
    world.clear()
