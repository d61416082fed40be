"""Run the handlers of images/ in processes of this machine, each under awslambdaric."""

import importlib.util
import logging
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Final

from local.functions.interface import (
    IMAGE_ENVIRONMENT,
    MAX_ANSWER_BYTES,
    REPOSITORIES,
    Answer,
    Function,
    check,
    lambda_environment,
    runtime_error,
    too_large,
)
from local.functions.runtime_api import INIT_ERROR, NEXT, RuntimeApi, error_of, response_to
from local.template import REPOSITORY

STAND_IN: Final = Path(__file__).parent / "stand_in"
INIT_SECONDS: Final = 10  # for imports, which no timeout of a function includes
GRACE_SECONDS: Final = 5  # for the end of a process that has closed the pipe
MAX_LOG_BYTES: Final = 1_048_576  # of one event
ACCEPTED: Final = b'{"status":"OK"}'

log = logging.getLogger(__name__)


class InProcess:
    """Run each function in processes of its own, as Lambda's execution environments are.

    A process handles one event at a time, and at most `workers` processes handle one at the same
    time. A function has one process from its deployment on. Another one starts, as in Lambda, when
    an event arrives while all of the function's are busy.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        code: Path = REPOSITORY / "images",
        repositories: Collection[str] = REPOSITORIES,
        stand_in: bool = importlib.util.find_spec("runtime_client") is None,
    ) -> None:
        """Load <step>/function.py of each function from the folder `code`.

        Args:
            workers: events that are handled at the same time; None: one for each core.
            code: the folder that is /var/task in the images.
            repositories: of the images that may run.
            stand_in: replace the compiled module of awslambdaric by the one in stand_in/.
        """
        self.code = code
        self.repositories = repositories
        self.stand_in = stand_in
        self._environment: dict[str, str] = {}
        self._slots = threading.Semaphore(workers or os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._deployed: dict[str, Function] = {}  # by name
        self._idle: dict[Function, list[_Process]] = {}
        self._all: set[_Process] = set()
        self._stopped = False

    def start(self, environment: Mapping[str, str]) -> None:
        """Keep `environment` for the processes; `deploy` starts them."""
        self._environment = {**IMAGE_ENVIRONMENT, **environment}

    def deploy(self, function: Function) -> None:
        """Start a process, which imports the handler in the background.

        The idle processes of a function that was deployed with this name before end.

        Raises:
            PermissionError: see `interface.check`.
        """
        check(function, self.repositories)
        with self._lock:
            previous = self._deployed.get(function.name)
            if self._stopped or previous == function:
                return
            self._deployed[function.name] = function
            self._idle[function] = [self._new(function)]
            retired = self._idle.pop(previous, []) if previous else []
            self._all.difference_update(retired)
        for process in retired:
            process.close()

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke the handler in an idle process, or in a new one.

        A process that dies or exceeds the timeout is replaced, and the answer is Lambda's error.

        Raises:
            PermissionError: see `interface.check`.
        """
        check(function, self.repositories)
        request_id = str(uuid.uuid4())
        with self._slots:
            while (process := self._take(function)) is not None:
                try:
                    answer = process.invoke(payload, request_id)
                finally:
                    self._give_back(process)
                if answer is not None:
                    return answer
        return runtime_error("Runtime.ExitError", request_id, "stopped")

    def stop(self) -> None:
        """Kill the processes."""
        with self._lock:
            self._stopped = True
            processes, self._all = self._all, set()
            idle, self._idle = self._idle, {}
        for process in processes:
            process.kill()
        for unused in idle.values():
            for process in unused:
                process.close()
        # The thread that invokes a process closes it: by the time another thread did so, its
        # descriptors could belong to other files.

    def _take(self, function: Function) -> "_Process | None":
        """Return an idle process of the function, or a new one; None after `stop`."""
        with self._lock:
            if self._stopped:
                return None
            idle = self._idle.get(function)
            return idle.pop() if idle else self._new(function)

    def _new(self, function: Function) -> "_Process":
        process = _Process(function, self.code, self._environment, stand_in=self.stand_in)
        self._all.add(process)
        return process

    def _give_back(self, process: "_Process") -> None:
        """Offer the process to the next event, or end it."""
        function = process.function
        with self._lock:
            is_deployed = self._deployed.get(function.name) == function and not self._stopped
            if process.is_usable and is_deployed:
                self._idle.setdefault(function, []).append(process)
                return
            self._all.discard(process)
        process.close()


class _Process:
    """A process of awslambdaric, and the Runtime API that it uses."""

    def __init__(
        self, function: Function, code: Path, environment: Mapping[str, str], *, stand_in: bool
    ) -> None:
        self.function = function
        self.is_usable = False  # for another event
        self._has_answered = False
        self._is_killed = False
        # The process has the other end of this pipe, and nobody writes to it.
        self._ended, theirs = os.pipe()
        self._api = RuntimeApi(self._ended)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # until `close`
        self._logged_bytes = 0
        variables = {
            "PATH": os.environ.get("PATH", ""),
            **environment,
            **lambda_environment(function),
            **dict(function.environment),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
        }
        if stand_in:
            variables["PYTHONPATH"] = str(STAND_IN)
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own code
                [sys.executable, "-m", "awslambdaric", function.handler],
                cwd=code,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs],
                start_new_session=True,  # on Ctrl-C, this process ends that one
            )
        finally:
            os.close(theirs)

    def invoke(self, payload: bytes, request_id: str) -> Answer | None:
        """Hand the event over, and return the answer; None if the process ended while idle."""
        timeout_seconds = self.function.timeout_seconds
        is_idle = self._has_answered
        self.is_usable = False
        try:
            ready_by = time.monotonic() + INIT_SECONDS + timeout_seconds
            request = self._api.receive(ready_by, NEXT, INIT_ERROR)
            if request.path == INIT_ERROR:
                self._api.answer(HTTPStatus.ACCEPTED, ACCEPTED)
                return Answer(request.body, failed=True, log=self._output())
            is_idle = False
            self._api.answer(HTTPStatus.OK, payload, _headers(self.function, request_id))
            return self._result(request_id, time.monotonic() + timeout_seconds)
        except EOFError:
            if is_idle:
                return None
            message = _description(self._end())
            output = self._output()
            if not self._is_killed:
                log.warning(
                    "%s: %s\n%s", self.function.name, message, output.decode(errors="replace")
                )
            return runtime_error("Runtime.ExitError", request_id, message, output)
        except TimeoutError:
            self.kill()
            message = f"Task timed out after {timeout_seconds:.2f} seconds"
            return runtime_error("Sandbox.Timedout", request_id, message, self._output())

    def kill(self) -> None:
        """Kill the process and its worker; the thread that waits for its answer gets an error."""
        self._is_killed = True
        with suppress(ProcessLookupError):  # both have ended
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Kill the process, and close every file that belongs to it."""
        self.kill()
        self._api.close()
        self._log.close()
        os.close(self._ended)

    def _result(self, request_id: str, deadline: float) -> Answer:
        error = error_of(request_id)
        request = self._api.receive(deadline, response_to(request_id), error)
        self._has_answered = self.is_usable = True
        failed = request.path == error
        if not failed and len(request.body) > MAX_ANSWER_BYTES:
            self._api.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return too_large(self._output())
        self._api.answer(HTTPStatus.ACCEPTED, ACCEPTED)
        return Answer(request.body, failed=failed, log=self._output())

    def _output(self) -> bytes:
        """Return what the process printed since the last call."""
        output = os.pread(self._log.fileno(), MAX_LOG_BYTES, self._logged_bytes)
        self._logged_bytes += len(output)
        return output

    def _end(self) -> int:
        """Return the exit status of a process that ends, or closed its descriptors."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        self._process.kill()
        return self._process.wait()


def _headers(function: Function, request_id: str) -> dict[str, str]:
    """Return the headers that describe an event."""
    now = time.time()
    trace = f"1-{int(now):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
    return {
        "Lambda-Runtime-Aws-Request-Id": request_id,
        "Lambda-Runtime-Deadline-Ms": str(int((now + function.timeout_seconds) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": function.arn,
        "Lambda-Runtime-Trace-Id": f"Root={trace}",
    }


def _description(exit_status: int) -> str:
    """Describe an end as Lambda does; a negative status is a signal.

    AWS: https://github.com/aws/aws-lambda-runtime-interface-emulator (internal/lambda/rapid)
    """
    if exit_status == 0:
        return "Runtime exited without providing a reason"
    name = signal.strsignal(-exit_status) if exit_status < 0 else None
    how = f"signal: {name.lower()}" if name else f"exit status {exit_status}"
    return f"Runtime exited with error: {how}"
