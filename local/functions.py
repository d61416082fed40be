"""What answers Lambda's Invoke: the real handlers in worker processes, or in their containers."""

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from local.template import REPOSITORY

NAMES: Final = ("extract", "thumbnail", "tag")
TIMEOUT_SECONDS: Final = 30.0  # of each function
MEMORY_MB: Final = 1024


@dataclass(frozen=True)
class Answer:
    """What Lambda answers to one invocation."""

    payload: bytes  # JSON: the result, or {errorType, errorMessage, ...}
    failed: bool = False  # Lambda's X-Amz-Function-Error: Unhandled


class Functions(Protocol):
    """The deployed functions: extract, thumbnail and tag."""

    def start(self, environment: Mapping[str, str]) -> None:
        """Start whatever is needed, with the functions' environment variables."""
        ...

    def invoke(self, name: str, payload: bytes) -> Answer:
        """Invoke a function by name; called from many threads."""
        ...

    def stop(self) -> None:
        """End whatever was started, at once."""
        ...


class InProcess:
    """The handlers of images/ in `workers` processes of their own (one for each core).

    Each process takes one event at a time, of whichever function, so that no handler waits for
    another's interpreter lock, nor for the server's.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        code: Path = REPOSITORY / "images",
    ) -> None:
        """Take <name>/handler.py of each function from the folder `code`."""
        self.workers = workers or os.cpu_count() or 1
        self.timeout_seconds = timeout_seconds
        self.code = code
        self._environment: dict[str, str] = {}
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the processes; they import the handlers while the caller goes on."""
        self._environment = dict(environment)
        for _ in range(self.workers):
            self._add()

    def invoke(self, name: str, payload: bytes) -> Answer:
        """Invoke a handler in the next process that is free.

        One that dies, or overruns the timeout, is replaced; the answer is then Lambda's.
        """
        request_id = str(uuid.uuid4())
        worker = self._idle.get()
        if worker is None:
            self._idle.put(None)  # for the next that waits
            return _error("Runtime.ExitError", request_id, "stopped")
        try:
            worker.wait_until_ready()
            worker.connection.send((name, request_id, payload.decode()))
            if worker.connection.poll(self.timeout_seconds):
                failed, text = worker.connection.recv()
                self._idle.put(worker)
                return Answer(text.encode(), failed=failed)
        except (EOFError, OSError):
            exit_status = self._replace(worker, grace_seconds=5)
            how = f"signal: {-exit_status}" if exit_status < 0 else f"exit status {exit_status}"
            return _error("Runtime.ExitError", request_id, f"Runtime exited with error: {how}")
        self._replace(worker, grace_seconds=0)
        late = f"Task timed out after {self.timeout_seconds:.2f} seconds"
        return _error("Sandbox.Timedout", request_id, late)

    def stop(self) -> None:
        """Kill the processes."""
        with self._lock:
            self._stopped = True
            workers, self._all = self._all, set()
        for worker in workers:
            worker.end(grace_seconds=0)
        with suppress(queue.Empty):
            while idle := self._idle.get_nowait():
                idle.connection.close()
        self._idle.put(None)

    def _add(self) -> None:
        with self._lock:
            if not self._stopped:
                worker = _Worker(self.code, self._environment, self.timeout_seconds)
                self._all.add(worker)
                self._idle.put(worker)

    def _replace(self, worker: "_Worker", *, grace_seconds: float) -> int:
        with self._lock:
            self._all.discard(worker)
        exit_status = worker.end(grace_seconds=grace_seconds)
        worker.connection.close()
        self._add()
        return exit_status


def _error(code: str, request_id: str, message: str) -> Answer:
    """Return what Lambda answers where the runtime could not: its own error names."""
    report = {"errorType": code, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return Answer(json.dumps(report).encode(), failed=True)


class _Worker:
    """A process of local.worker, and our end of its socket."""

    def __init__(self, code: Path, environment: Mapping[str, str], timeout_seconds: float) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  # our own code
                [sys.executable, "-m", "local.worker", str(theirs.fileno()), str(timeout_seconds)],
                cwd=REPOSITORY,
                env={
                    **environment,
                    "PATH": os.environ.get("PATH", ""),
                    "PYTHONPATH": str(code),
                },
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.connection = Connection(ours.detach())
        self._ready = False

    def wait_until_ready(self) -> None:
        """Wait until the handlers are imported, so that no invocation pays for it."""
        if not self._ready:
            self.connection.recv()
            self._ready = True

    def end(self, *, grace_seconds: float) -> int:
        """Kill the process unless it ends within `grace_seconds`; return its exit status.

        Whoever waits for its answer reads the end of it, and closes the connection: a second
        thread would close, or read, a descriptor that is somebody else's by then.
        """
        try:
            return self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Containers:
    """The images behind Lambda's runtime emulator, `copies` containers of each.

    An emulator takes one event at a time. A container has what Lambda gives: a read-only root,
    512 MB of /tmp, no privileges, and no more memory than the functions have. The environment
    variable DOCKER names another client than docker.
    """

    def __init__(
        self,
        images: Mapping[str, str],
        *,
        copies: int = 2,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        """Take the image of each function by name: {"extract": "gallery-extract:latest", …}."""
        self.images = images
        self.copies = copies
        self.timeout_seconds = timeout_seconds
        self._label = f"gallery-stack={uuid.uuid4()}"
        self._options: list[str] = []
        self._ports: dict[str, queue.SimpleQueue[int]] = {}

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the containers, and wait until each answers.

        Raises:
            subprocess.CalledProcessError: docker refuses; its reason is on stderr.
        """
        endpoint = urlsplit(environment["AWS_ENDPOINT_URL"])
        variables = {
            **environment,
            "AWS_ENDPOINT_URL": f"http://{self._host_address()}:{endpoint.port}",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(int(self.timeout_seconds)),
        }
        self._options = [
            *(f"--env={name}={value}" for name, value in variables.items()),
            f"--label={self._label}",
            f"--memory={MEMORY_MB}m",
            "--publish=127.0.0.1::8080",
            "--read-only",
            "--tmpfs=/tmp:size=512m",
            "--user=993:990",  # unprivileged, and of no entry in /etc/passwd
        ]
        for name in self.images:
            self._ports[name] = queue.SimpleQueue()
        names = [name for name in self.images for _ in range(self.copies)]
        with ThreadPoolExecutor(len(names)) as pool:
            for _ in pool.map(self._add, names):
                pass

    def invoke(self, name: str, payload: bytes) -> Answer:
        """Post the event to the next container that is free; one that died is replaced."""
        ports = self._ports[name]
        port = ports.get()
        try:
            body = _post(port, payload, timeout_seconds=self.timeout_seconds + 10)
        except OSError as error:
            self._add(name)
            return _error("Runtime.ExitError", "unknown", f"the container ended: {error}")
        ports.put(port)
        try:
            answer = json.loads(body)
        except ValueError:
            return _error("Runtime.ExitError", "unknown", body.decode(errors="replace"))
        # The emulator answers 200 either way; only a report of an error has such a field.
        return Answer(body, failed=isinstance(answer, dict) and "errorType" in answer)

    def stop(self) -> None:
        """Remove the containers, those too whose start was interrupted."""
        if not self._ports:
            return
        listed = _docker("ps", "--all", "--quiet", f"--filter=label={self._label}").split()
        if listed:
            _docker("rm", "--force", "--volumes", *listed)

    def _host_address(self) -> str:
        """Return the address at which a container finds this machine.

        An address, not a name: SDKs would put the bucket in front of a name.
        """
        hosts = _docker(
            "run",
            "--rm",
            f"--label={self._label}",
            "--add-host=machine:host-gateway",
            "--entrypoint=cat",
            next(iter(self.images.values())),
            "/etc/hosts",
        )
        return next(line.split()[0] for line in hosts.splitlines() if line.endswith("machine"))

    def _add(self, name: str) -> None:
        container = _docker("run", "--detach", *self._options, self.images[name])
        published = _docker("port", container, "8080/tcp").splitlines()[0]
        port = int(published.rpartition(":")[2])
        _wait_for_http(port)
        self._ports[name].put(port)


def _docker(*arguments: str) -> str:
    """Run docker to its end, Ctrl-C or not, so that no container is started unseen."""
    done = subprocess.run(  # noqa: S603  # no shell, arguments of our own
        [os.environ.get("DOCKER", "docker"), *arguments],
        check=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def _post(port: int, payload: bytes, *, timeout_seconds: float) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    with closing(connection):
        connection.request("POST", "/2015-03-31/functions/function/invocations", payload)
        return connection.getresponse().read()


def _wait_for_http(port: int) -> None:
    """Wait until something at `port` answers HTTP, whatever it answers.

    Raises:
        TimeoutError: nothing did for half a minute.
    """
    for _ in range(600):
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/")
                connection.getresponse()
            except (HTTPException, OSError):
                time.sleep(0.05)
            else:
                return
    raise TimeoutError(f"no container answers at port {port}")
