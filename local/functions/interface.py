"""A deployed function, its answers, and the interface of everything that runs functions."""

import json
import re
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

STEPS: Final = ("extract", "thumbnail", "tag")  # each is a folder of images/ and an image
REPOSITORIES: Final = tuple(f"gallery-{step}" for step in STEPS)
SETTINGS: Final = frozenset(  # images/shared/settings.py
    {
        *("PHOTOS_BUCKET", "KEY_LAYOUT", "DERIVED_BUCKET", "TABLE", "RENDITIONS", "KEEP_COPYRIGHT"),
        *("LABELER", "MAX_LABELS", "MIN_CONFIDENCE"),
    }
)

# The Dockerfiles set the first two, and their base image the third, which awslambdaric reads.
IMAGE_ENVIRONMENT: Final = {
    "MALLOC_ARENA_MAX": "1",
    "VIPS_CONCURRENCY": "1",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
}

# Lambda and its runtime emulator accept 100 bytes more than the documented 6 MB.
# AWS: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ANSWER_BYTES: Final = 6 * 1024 * 1024 + 100

_IMAGE: Final = re.compile(  # of ECR, or of this machine
    r"(?:\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/)?"
    r"([a-z-]+)(?::\w[\w.-]*|@sha256:[0-9a-f]{64})"
)
_STEP: Final = re.compile(r"([a-z]+)(?:[:@][^/]*)?$")  # the last word of a repository's name


@dataclass(frozen=True)
class Function:
    """A deployed function, as CreateFunction or its last update set it."""

    name: str
    image_uri: str  # <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>
    environment: tuple[tuple[str, str], ...]  # names and values, sorted
    timeout_seconds: float
    memory_mb: int
    arn: str = ""
    log_format: str = "Text"  # or JSON
    log_level: str = "INFO"  # of the handler's own lines, if the format is JSON

    @property
    def handler(self) -> str:
        """The command of the image."""
        return f"{self.step}.function.handle"

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
    log: bytes = b""  # what the handler and its runtime printed


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
            PermissionError: it is not one of the functions that may run.
            OSError: this machine cannot run it.
            subprocess.CalledProcessError: its image does not start; the reason is on stderr.
        """
        ...

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a deployed function. Many threads call this at the same time.

        Raises:
            PermissionError: it is not one of the functions that may run.
        """
        ...

    def stop(self) -> None:
        """End every process and container at once."""
        ...


def check(function: Function, repositories: Collection[str]) -> None:
    """Refuse a function whose start could run something else than our handlers.

    An image is a program of its author. A variable may be one too: Python starts what BROWSER or
    PYTHONWARNINGS names.

    Raises:
        PermissionError: its image is of another repository, or has a variable that no step reads.
    """
    match = _IMAGE.fullmatch(function.image_uri)
    if match is None or match[1] not in repositories:
        raise PermissionError(
            f"{function.image_uri!r} is no image of {', '.join(repositories)}, and no other runs"
        )
    if unknown := [name for name, _ in function.environment if name not in SETTINGS]:
        raise PermissionError(
            f"the variable {', '.join(unknown)} is none of {', '.join(sorted(SETTINGS))}"
        )


def lambda_environment(function: Function) -> dict[str, str]:
    """Return the variables that Lambda sets for this function.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    level = {"AWS_LAMBDA_LOG_LEVEL": function.log_level} if function.log_format == "JSON" else {}
    return {
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[$LATEST]{uuid.uuid4().hex}",
        "_HANDLER": function.handler,
        **level,
    }


def runtime_error(code: str, request_id: str, message: str, log: bytes = b"") -> Answer:
    """Return Lambda's answer where the runtime itself failed; `code` is Lambda's error name."""
    report = {"errorType": code, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return Answer(json.dumps(report).encode(), failed=True, log=log)


def too_large(log: bytes = b"") -> Answer:
    """Return Lambda's answer where a result has more than `MAX_ANSWER_BYTES`."""
    limit = f"maximum allowed payload size ({MAX_ANSWER_BYTES} bytes)"
    report = {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": f"Response payload size exceeded {limit}.",
    }
    return Answer(json.dumps(report).encode(), failed=True, log=log)
