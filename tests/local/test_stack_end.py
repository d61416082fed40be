"""Leaving a stack ends its executions."""

import threading
from collections.abc import Mapping

from local.functions import Answer, Function
from local.stack import Stack


class Blocked:
    """`local.functions.Functions` whose invocations wait until `stop`."""

    def __init__(self) -> None:
        self.calls = 0
        self.called = threading.Event()
        self.stopped = threading.Event()
        self.environment: Mapping[str, str] = {}

    def start(self, environment: Mapping[str, str]) -> None:
        """Keep the environment."""
        self.environment = environment

    def deploy(self, function: Function) -> None:
        """Do nothing."""

    def invoke(self, function: Function, payload: bytes) -> Answer:  # noqa: ARG002  # Functions
        """Wait for `stop`."""
        self.calls += 1
        self.called.set()
        self.stopped.wait(60)
        return Answer(b'{"errorType": "Runtime.ExitError", "errorMessage": ""}', failed=True)

    def stop(self) -> None:
        """End the invocations."""
        self.stopped.set()


def test_running_executions_are_ended_and_waiting_ones_never_begin() -> None:
    functions, uploads = Blocked(), 40
    with Stack.start(functions=functions) as stack:
        for number in range(uploads):
            stack.upload(f"uploads/ada/{number}.jpg", b"taco")
        assert functions.called.wait(20)
        assert functions.environment == {**stack.environment(), "TZ": ":UTC"}, "as in Lambda"

    assert 0 < functions.calls < uploads
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.count("-") > 8}, "executions, named by two UUIDs"
