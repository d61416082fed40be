"""A deployed function, its answers, and the interface of everything that runs functions."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

STEPS: Final = ("extract", "thumbnail", "tag")  # each is a folder of images/ and an image

# The Dockerfiles set these.
IMAGE_ENVIRONMENT: Final = {"MALLOC_ARENA_MAX": "1", "VIPS_CONCURRENCY": "1"}

_STEP: Final = re.compile(r"([a-z]+)(?:[:@][^/]*)?$")  # the last word of a repository's name


@dataclass(frozen=True)
class Function:
    """A deployed function, as CreateFunction or its last update set it."""

    name: str
    image_uri: str  # <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>
    environment: tuple[tuple[str, str], ...]  # names and values, sorted
    timeout_seconds: float
    memory_mb: int

    @property
    def step(self) -> str:
        """The folder of images/ from which the image is built."""
        match = _STEP.search(self.image_uri)
        return match[1] if match else ""


@dataclass(frozen=True)
class Answer:
    """Lambda's answer to one invocation."""

    payload: bytes  # JSON: the result, or {errorType, errorMessage, ...}
    failed: bool = False  # Lambda's X-Amz-Function-Error: Unhandled


class Functions(Protocol):
    """Runs the deployed functions."""

    def start(self, environment: Mapping[str, str]) -> None:
        """Prepare to run functions.

        Args:
            environment: the variables that Lambda sets for every function. A function's own
                variables come on top of them.
        """
        ...

    def deploy(self, function: Function) -> None:
        """Start the processes or containers of `function`, before its first event.

        Raises:
            OSError: this machine cannot run it.
            subprocess.CalledProcessError: its image does not start; the reason is on stderr.
        """
        ...

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a deployed function. Many threads call this at the same time."""
        ...

    def stop(self) -> None:
        """End every process and container at once."""
        ...


def runtime_error(code: str, request_id: str, message: str) -> Answer:
    """Return Lambda's answer where the runtime itself failed; `code` is Lambda's error name."""
    report = {"errorType": code, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return Answer(json.dumps(report).encode(), failed=True)
