"""What runs the deployed functions: handlers in worker processes, or container images."""

import json
import os
import queue
import re
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

STEPS: Final = ("extract", "thumbnail", "tag")  # each a folder of images/, and an image

# What the Dockerfiles set.
IMAGE_ENVIRONMENT: Final = {"MALLOC_ARENA_MAX": "1", "VIPS_CONCURRENCY": "1"}

_ECR_HOST: Final = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/")
_STEP: Final = re.compile(r"([a-z]+)(?:[:@][^/]*)?$")  # the last word of a repository's name


@dataclass(frozen=True)
class Function:
    """A deployed function, as CreateFunction or the last update of it says."""

    name: str
    image_uri: str  # <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>
    environment: tuple[tuple[str, str], ...]  # names and values, sorted
    timeout_seconds: float
    memory_mb: int

    @property
    def step(self) -> str:
        """The folder of images/ that the image is made of."""
        match = _STEP.search(self.image_uri)
        return match[1] if match else ""


@dataclass(frozen=True)
class Answer:
    """What Lambda answers to one invocation."""

    payload: bytes  # JSON: the result, or {errorType, errorMessage, ...}
    failed: bool = False  # Lambda's X-Amz-Function-Error: Unhandled


class Functions(Protocol):
    """What runs the deployed functions."""

    def start(self, environment: Mapping[str, str]) -> None:
        """Get ready; `environment` is what Lambda gives every function beside its own."""
        ...

    def deploy(self, function: Function) -> None:
        """Start whatever `function` needs, before its first event.

        Raises:
            OSError: there is no way to run it here.
            subprocess.CalledProcessError: its image does not start; the reason is on stderr.
        """
        ...

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a deployed function; called from many threads."""
        ...

    def stop(self) -> None:
        """End whatever was started, at once."""
        ...


class InProcess:
    """The handlers of images/ in `workers` processes (one for each core) for each environment.

    A process takes one event at a time, of any function with its environment, so that no handler
    waits for another's interpreter lock, nor for the server's.
    """

    def __init__(self, *, workers: int | None = None, code: Path = REPOSITORY / "images") -> None:
        """Take <step>/handler.py of each function from the folder `code`."""
        self.workers = workers or os.cpu_count() or 1
        self.code = code
        self._environment: dict[str, str] = {}
        self._pools: dict[tuple[tuple[str, str], ...], _Workers] = {}
        self._lock = threading.Lock()

    def start(self, environment: Mapping[str, str]) -> None:
        """Start nothing yet."""
        self._environment = {**IMAGE_ENVIRONMENT, **environment}

    def deploy(self, function: Function) -> None:
        """Start the processes; they import the handlers while the caller goes on."""
        with self._lock:
            if function.environment not in self._pools:
                environment = {**self._environment, **dict(function.environment)}
                pool = _Workers(self.workers, self.code, environment)
                self._pools[function.environment] = pool

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a handler in the next process that is free.

        One that dies, or overruns the timeout, is replaced; the answer is then Lambda's.
        """
        return self._pools[function.environment].invoke(function, payload)

    def stop(self) -> None:
        """Kill the processes."""
        with self._lock:
            for pool in self._pools.values():
                pool.stop()


class _Workers:
    """Processes with one environment."""

    def __init__(self, count: int, code: Path, environment: Mapping[str, str]) -> None:
        self.code = code
        self.environment = environment
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        self._stopped = False
        for _ in range(count):
            self._add()

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a handler in the next process that is free; see `InProcess`."""
        request_id = str(uuid.uuid4())
        worker = self._idle.get()
        if worker is None:
            self._idle.put(None)  # for the next that waits
            return _error("Runtime.ExitError", request_id, "stopped")
        try:
            worker.wait_until_ready()
            worker.connection.send((function, request_id, payload.decode()))
            if worker.connection.poll(function.timeout_seconds):
                failed, text = worker.connection.recv()
                self._idle.put(worker)
                return Answer(text.encode(), failed=failed)
        except (EOFError, OSError):
            exit_status = self._replace(worker, grace_seconds=5)
            how = f"signal: {-exit_status}" if exit_status < 0 else f"exit status {exit_status}"
            return _error("Runtime.ExitError", request_id, f"Runtime exited with error: {how}")
        self._replace(worker, grace_seconds=0)
        late = f"Task timed out after {function.timeout_seconds:.2f} seconds"
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
                worker = _Worker(self.code, self.environment)
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

    def __init__(self, code: Path, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  # our own code
                [sys.executable, "-m", "local.worker", str(theirs.fileno())],
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
    """The images behind Lambda's runtime emulator, `copies` containers for each function.

    An emulator takes one event at a time. A container has what Lambda gives: a read-only root,
    512 MB of /tmp, no privileges, and no more memory than its function has. The environment
    variable DOCKER names another client than docker.
    """

    def __init__(self, *, registry: str = "", copies: int = 2) -> None:
        """Take the images from `registry`, such as 127.0.0.1:5000, or from the engine itself.

        It stands for ECR: <account>.dkr.ecr.<region>.amazonaws.com/gallery-tag@sha256:… is
        127.0.0.1:5000/gallery-tag@sha256:….
        """
        self.registry = registry
        self.copies = copies
        self._label = f"gallery-stack={uuid.uuid4()}"
        self._environment: dict[str, str] = {}
        self._host_address = ""
        self._ports: dict[Function, queue.SimpleQueue[int]] = {}
        self._lock = threading.Lock()

    def start(self, environment: Mapping[str, str]) -> None:
        """Ask whether docker answers.

        Raises:
            FileNotFoundError: there is no docker client.
            subprocess.CalledProcessError: docker refuses; its reason is on stderr.
        """
        _docker("version")
        self._environment = dict(environment)

    def deploy(self, function: Function) -> None:
        """Start the containers, and wait until each answers.

        Raises:
            subprocess.CalledProcessError: docker refuses; its reason is on stderr.
        """
        if function in self._ports:
            return
        self._find_host(self._image(function))
        self._ports[function] = queue.SimpleQueue()
        with ThreadPoolExecutor(self.copies) as pool:
            for _ in pool.map(self._add, [function] * self.copies):
                pass

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Post the event to the next container that is free; one that died is replaced."""
        ports = self._ports[function]
        port = ports.get()
        try:
            body = _post(port, payload, timeout_seconds=function.timeout_seconds + 10)
        except OSError as error:
            self._add(function)
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
        if not self._host_address:
            return
        listed = _docker("ps", "--all", "--quiet", f"--filter=label={self._label}").split()
        if listed:
            _docker("rm", "--force", "--volumes", *listed)

    def _image(self, function: Function) -> str:
        prefix = f"{self.registry}/" if self.registry else ""
        return _ECR_HOST.sub(prefix, function.image_uri)

    def _find_host(self, image: str) -> None:
        """Find the address at which a container reaches this machine.

        An address, not a name: SDKs would put the bucket in front of a name.
        """
        with self._lock:
            if self._host_address:
                return
            hosts = _docker(
                "run",
                "--rm",
                f"--label={self._label}",
                "--add-host=machine:host-gateway",
                "--entrypoint=cat",
                image,
                "/etc/hosts",
            )
            self._host_address = next(
                line.split()[0] for line in hosts.splitlines() if line.endswith("machine")
            )

    def _add(self, function: Function) -> None:
        endpoint = urlsplit(self._environment["AWS_ENDPOINT_URL"])
        variables = {
            **self._environment,
            "AWS_ENDPOINT_URL": f"http://{self._host_address}:{endpoint.port}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(int(function.timeout_seconds)),
            **dict(function.environment),
        }
        container = _docker(
            "run",
            "--detach",
            *(f"--env={name}={value}" for name, value in variables.items()),
            f"--label={self._label}",
            f"--memory={function.memory_mb}m",
            "--publish=127.0.0.1::8080",
            "--read-only",
            "--tmpfs=/tmp:size=512m",
            "--user=993:990",  # unprivileged, and of no entry in /etc/passwd
            self._image(function),
        )
        published = _docker("port", container, "8080/tcp").splitlines()[0]
        port = int(published.rpartition(":")[2])
        _wait_for_http(port)
        self._ports[function].put(port)


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
