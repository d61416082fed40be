"""Run the handlers of images/ in worker processes of this Python."""

import os
import queue
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from local.functions.interface import IMAGE_ENVIRONMENT, Answer, Function, runtime_error
from local.template import REPOSITORY


class InProcess:
    """Run handlers in `workers` processes (one for each core) for each environment.

    A process handles one event at a time, of any function with its environment, so that no
    handler waits for the interpreter lock of another handler or of the server.
    """

    def __init__(self, *, workers: int | None = None, code: Path = REPOSITORY / "images") -> None:
        """Load <step>/handler.py of each function from the folder `code`."""
        self.workers = workers or os.cpu_count() or 1
        self.code = code
        self._environment: dict[str, str] = {}
        self._pools: dict[tuple[tuple[str, str], ...], _Pool] = {}
        self._lock = threading.Lock()

    def start(self, environment: Mapping[str, str]) -> None:
        """Keep `environment` for the processes; `deploy` starts them."""
        self._environment = {**IMAGE_ENVIRONMENT, **environment}

    def deploy(self, function: Function) -> None:
        """Start the processes. They import the handlers in the background."""
        with self._lock:
            if function.environment not in self._pools:
                environment = {**self._environment, **dict(function.environment)}
                pool = _Pool(self.workers, self.code, environment)
                self._pools[function.environment] = pool

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a handler in the next idle process.

        A process that dies or exceeds the timeout is replaced, and the answer is Lambda's error.
        """
        return self._pools[function.environment].invoke(function, payload)

    def stop(self) -> None:
        """Kill the processes."""
        with self._lock:
            for pool in self._pools.values():
                pool.stop()


class _Pool:
    """The processes of one environment."""

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
        """Invoke a handler in the next idle process; see `InProcess`."""
        request_id = str(uuid.uuid4())
        worker = self._idle.get()
        if worker is None:
            self._idle.put(None)  # for the next caller that waits
            return runtime_error("Runtime.ExitError", request_id, "stopped")
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
            message = f"Runtime exited with error: {how}"
            return runtime_error("Runtime.ExitError", request_id, message)
        self._replace(worker, grace_seconds=0)
        message = f"Task timed out after {function.timeout_seconds:.2f} seconds"
        return runtime_error("Sandbox.Timedout", request_id, message)

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
        """End `worker`, start another process, and return the exit status of `worker`."""
        with self._lock:
            self._all.discard(worker)
        exit_status = worker.end(grace_seconds=grace_seconds)
        worker.connection.close()
        self._add()
        return exit_status


class _Worker:
    """A process of local.functions.worker, and this side's end of its socket."""

    def __init__(self, code: Path, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  # our own code
                [sys.executable, "-m", "local.functions.worker", str(theirs.fileno())],
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
        """Wait until the handlers are imported, so that no timeout includes the import."""
        if not self._ready:
            self.connection.recv()
            self._ready = True

    def end(self, *, grace_seconds: float) -> int:
        """Kill the process unless it ends within `grace_seconds`; return its exit status.

        This leaves the connection open. The thread that waits for an answer closes it: by the
        time another thread did so, the descriptor could belong to another file.
        """
        try:
            return self.process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
