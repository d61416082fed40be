"""Count the critical path of a photo: states and requests, one after another, until it is READY.

python -m tools.critical_path PHOTO

runs a photo through the embedded AWS with the real functions, records every request, and writes
docs/critical-path.json, from which `make docs` makes the page and its picture. Requests of a
function that are sent at the same time count once, and so do states of parallel branches.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local import embedded
from local.functions import Answer, Function, Functions, InProcess
from local.stack import EndedExecution, Stack
from local.template import PLACEHOLDERS, render_file
from tools import path_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

KEY: Final = "uploads/ada/2016/taco.jpg"
HOLD_SECONDS: Final = 0.3  # of each answer: requests at the same time overlap, others never do
LAST: Final = "Publish"  # after it, the photo is READY

Json = dict[str, Any]


@dataclass
class Request:
    """One request to AWS, as the embedded AWS received it."""

    sender: str  # the step of a function; "" is the state machine
    operation: str  # such as PutObject
    function: str  # of Invoke
    begin: float
    end: float
    sent_bytes: int
    received_bytes: int


class OneByOne:
    """`Functions` that run one function at a time, so that each request has one sender."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._lock = threading.Lock()
        self.step = ""  # of the function that runs
        self.start, self.deploy, self.stop = functions.start, functions.deploy, functions.stop

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Wait for the function that runs, then invoke this one."""
        with self._lock:
            self.step = function.step
            try:
                return self._functions.invoke(function, payload)
            finally:
                self.step = ""


@contextmanager
def recorded(functions: OneByOne) -> "Iterator[list[Request]]":
    """Record the requests to an embedded AWS that starts in this context."""
    requests: list[Request] = []
    front = embedded._Front  # noqa: SLF001  # what every request passes
    usual = front.__call__

    def call(
        self: Any,  # noqa: ANN401  # a private class
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> "Iterable[bytes]":
        operation, function = _operation(environ)
        sender, begin = functions.step, time.perf_counter()
        received = [0]

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:  # noqa: ANN401
            named = {name.lower(): value for name, value in headers}
            received[0] = int(named.get("content-length", 0))
            return start_response(status, headers, *more)

        answer = usual(self, environ, start)
        if operation == "Invoke":
            sender = ""
        else:
            time.sleep(HOLD_SECONDS)
        sent = int(environ.get("CONTENT_LENGTH") or 0)
        end = time.perf_counter()
        requests.append(Request(sender, operation, function, begin, end, sent, received[0]))
        return answer

    front.__call__ = call  # type: ignore[method-assign]
    try:
        yield requests
    finally:
        front.__call__ = usual  # type: ignore[method-assign]


def _operation(environ: "WSGIEnvironment") -> tuple[str, str]:
    """Return the name of an operation and, of Invoke, the function."""
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2], ""
    if "/functions/" in path:
        name = path.partition("/functions/")[2].partition("/")[0]  # or an ARN
        return "Invoke", name.rpartition(":")[2]
    return f"{method.title()}Object", ""


def run(photo: bytes, **settings: Any) -> tuple[list[Request], EndedExecution]:  # noqa: ANN401
    """Process one photo; return the requests since its upload, and its execution.

    `settings` are those of `Stack.start`.
    """
    functions = OneByOne(InProcess())
    with (
        recorded(functions) as requests,
        Stack.start(functions=functions, wait_scale=0, **settings) as stack,
    ):
        requests.clear()
        version_id = stack.upload(KEY, photo)
        ended = stack.wait_for(KEY, version_id)
    return sorted(requests, key=lambda request: request.begin), ended


def path(requests: Sequence[Request], ended: EndedExecution, definition: Json) -> list[Json]:
    """Return the states until READY in their order, with the requests of each, in groups.

    The requests of a group were sent at the same time. A Parallel state has branches.
    """
    left = list(requests)
    steps = []
    for visit in ended.visits:
        state = definition["States"].get(visit.state)
        if state is None:  # of a branch
            continue
        steps.append(_step(visit.state, state, left))
        if visit.state == LAST:
            break
    return steps


def _step(name: str, state: Mapping[str, Any], left: list[Request]) -> Json:
    """Return one state; take its requests out of `left`."""
    step: Json = {"state": name}
    if state["Type"] == "Parallel":
        step["branches"] = [
            [_step(branch["StartAt"], branch["States"][branch["StartAt"]], left)]
            for branch in state["Branches"]
        ]
    if state["Type"] == "Task":
        operation = state["Resource"].rpartition(":")[2]
        is_invoke = operation == "invoke"
        [own, *_] = [
            one
            for one in left
            if not one.sender
            and one.operation.lower() == operation.lower()
            and (not is_invoke or one.function.endswith(name.lower()))
        ]
        within = [one for one in left if is_invoke and one.sender == name.lower()]
        for one in (own, *within):
            left.remove(one)
        step["requests"] = [[_plain(own)], *_groups(within)]
    return step


def _groups(requests: "Iterable[Request]") -> list[list[Json]]:
    """Group the requests that overlap in time."""
    groups: list[list[Request]] = []
    for one in sorted(requests, key=lambda request: request.begin):
        if groups and one.begin < max(other.end for other in groups[-1]):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [[_plain(one) for one in group] for group in groups]


def _plain(request: Request) -> Json:
    sizes = {"sent_bytes": request.sent_bytes, "received_bytes": request.received_bytes}
    return {"operation": request.operation, **sizes}


def definition() -> Json:
    """Return the state machine, rendered."""
    made: Json = json.loads(render_file("statemachine.json.tftpl", PLACEHOLDERS))
    return made


def main() -> int:
    """Write the figures of this release beside those that it is compared with."""
    photo = Path(sys.argv[1]).read_bytes()
    requests, ended = run(photo)
    found = path_page.figures()
    found["photo_bytes"] = len(photo)
    found["paths"]["now"] = path(requests, ended, definition())
    path_page.FIGURES.write_text(json.dumps(found) + "\n")
    print(path_page.counts(found["paths"]["now"]))  # noqa: T201  # its output
    return 0


if __name__ == "__main__":
    sys.exit(main())
