"""Run the container images of the functions, behind Lambda's runtime interface emulator."""

import json
import os
import queue
import re
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

from local.functions.interface import Answer, Function, lambda_environment, runtime_error

_ECR_HOST: Final = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/")


class Containers:
    """Run `copies` containers of each function's image.

    An emulator handles one event at a time. A container has what Lambda provides: a read-only
    root, 512 MB of /tmp, no privileges, and the memory of its function. The environment variable
    DOCKER names another client than docker.
    """

    def __init__(self, *, registry: str = "", copies: int = 2, platform: str = "") -> None:
        """Set where the images are, and how they run.

        Args:
            registry: where to pull the images from, such as 127.0.0.1:5000; "" means that the
                engine has them. It replaces ECR:
                <account>.dkr.ecr.<region>.amazonaws.com/gallery-tag@sha256:… becomes
                127.0.0.1:5000/gallery-tag@sha256:….
            copies: the number of containers of each function.
            platform: of the images, such as linux/arm64; "" means the engine's own.
        """
        self.registry = registry
        self.copies = copies
        self._platform = [f"--platform={platform}"] if platform else []
        self._label = f"gallery-stack={uuid.uuid4()}"
        self._environment: dict[str, str] = {}
        self._host_address = ""
        self._ports: dict[Function, queue.SimpleQueue[int]] = {}
        self._lock = threading.Lock()

    def start(self, environment: Mapping[str, str]) -> None:
        """Check that docker answers, and keep `environment` for the containers.

        Raises:
            FileNotFoundError: there is no docker client.
            subprocess.CalledProcessError: docker failed; its message is on stderr.
        """
        _docker("version")
        self._environment = dict(environment)

    def deploy(self, function: Function) -> None:
        """Start the containers, and wait until each answers.

        Raises:
            subprocess.CalledProcessError: docker failed; its message is on stderr.
        """
        if function in self._ports:
            return
        self._find_host(self._image(function))
        self._ports[function] = queue.SimpleQueue()
        with ThreadPoolExecutor(self.copies) as pool:
            for _ in pool.map(self._add, [function] * self.copies):
                pass

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Post the event to the next idle container. A container that died is replaced."""
        ports = self._ports[function]
        port = ports.get()
        try:
            body = _post(port, payload, timeout_seconds=function.timeout_seconds + 10)
        except OSError as error:
            self._add(function)
            return runtime_error("Runtime.ExitError", "unknown", f"the container ended: {error}")
        ports.put(port)
        if not body:  # the runtime ended before the emulator handed the event over
            return runtime_error("Runtime.ExitError", "unknown", "Runtime exited")
        if body.startswith(b"Task timed out after "):  # the emulator reports no name
            return runtime_error("Sandbox.Timedout", "unknown", body.decode())
        try:
            answer = json.loads(body)
        except ValueError:  # a handler returned bytes
            return Answer(body)
        # The emulator answers 200 for errors too; only an error report has an errorType.
        return Answer(body, failed=isinstance(answer, dict) and "errorType" in answer)

    def stop(self) -> None:
        """Remove the containers, including those whose start was interrupted."""
        if not self._host_address:
            return
        listed = _docker("ps", "--all", "--quiet", f"--filter=label={self._label}").split()
        if listed:
            _docker("rm", "--force", "--volumes", *listed)

    def _image(self, function: Function) -> str:
        prefix = f"{self.registry}/" if self.registry else ""
        return _ECR_HOST.sub(prefix, function.image_uri)

    def _find_host(self, image: str) -> None:
        """Find the IP address at which a container reaches this machine.

        It is an address and not a name, because SDKs would put the bucket in front of a name.
        """
        with self._lock:
            if self._host_address:
                return
            hosts = _docker(
                "run",
                "--rm",
                *self._platform,
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
        """Start a container, wait until it answers, and offer its port to `invoke`."""
        endpoint = urlsplit(self._environment["AWS_ENDPOINT_URL"])
        variables = {
            **self._environment,
            "AWS_ENDPOINT_URL": f"http://{self._host_address}:{endpoint.port}",
            **lambda_environment(function),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(int(function.timeout_seconds)),
            **dict(function.environment),
        }
        container = _docker(
            "run",
            "--detach",
            *self._platform,
            *(f"--env={name}={value}" for name, value in variables.items()),
            f"--label={self._label}",
            f"--memory={function.memory_mb}m",
            "--publish=127.0.0.1::8080",
            "--read-only",
            "--tmpfs=/tmp:size=512m",
            "--user=993:990",  # unprivileged, and without an entry in /etc/passwd
            self._image(function),
        )
        published = _docker("port", container, "8080/tcp").splitlines()[0]
        port = int(published.rpartition(":")[2])
        _wait_for_http(port, timeout_seconds=function.timeout_seconds)
        self._ports[function].put(port)


def _docker(*arguments: str) -> str:
    """Run docker and return its stdout.

    Ctrl-C does not reach it (it has its own session), so that no container starts unrecorded.
    """
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


def _wait_for_http(port: int, *, timeout_seconds: float) -> None:
    """Wait until a server at `port` answers any HTTP status.

    Raises:
        TimeoutError: no server answered within `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/")
                connection.getresponse()
            except (HTTPException, OSError):
                time.sleep(0.05)
            else:
                return
    raise TimeoutError(f"no container answers at port {port}")
