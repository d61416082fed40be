"""Run the container images of the functions, behind Lambda's runtime interface emulator."""

import json
import os
import queue
import re
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from local.functions.interface import (
    REPOSITORIES,
    Answer,
    Function,
    check,
    lambda_environment,
    runtime_error,
)

LOOPBACK: Final = "127.0.0.1"

_ECR_HOST: Final = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/")


class Containers:
    """Run `copies` containers of each function's image.

    An emulator handles one event at a time. A container has what Lambda provides: a read-only
    root, 512 MB of /tmp, no privileges, and the memory of its function. The environment variable
    DOCKER names another client than docker.
    """

    def __init__(
        self,
        *,
        registry: str = "",
        copies: int = 2,
        platform: str = "",
        repositories: Collection[str] = REPOSITORIES,
    ) -> None:
        """Set where the images are, and how they run.

        Args:
            registry: where to pull the images from, such as 127.0.0.1:5000; "" means that the
                engine has them. It replaces ECR:
                <account>.dkr.ecr.<region>.amazonaws.com/gallery-tag@sha256:… becomes
                127.0.0.1:5000/gallery-tag@sha256:….
            copies: the number of containers of each function.
            platform: of the images, such as linux/arm64; "" means the engine's own.
            repositories: of the images that may run.
        """
        self.registry = registry
        self.copies = copies
        self.repositories = repositories
        self._platform = [f"--platform={platform}"] if platform else []
        self.label = f"gallery-stack={uuid.uuid4()}"  # of its containers
        self._environment: dict[str, str] = {}
        self._endpoint_url = ""  # as the containers reach it
        self._ports: dict[Function, queue.SimpleQueue[int]] = {}
        self._lock = threading.Lock()

    @staticmethod
    def address() -> str:
        """Return the address of this machine that only its containers, and itself, should reach.

        It is the gateway of Docker's bridge, which no network card has. Docker Desktop's is in a
        virtual machine, from which containers reach the loopback of this machine.

        Raises:
            FileNotFoundError: there is no docker client.
            subprocess.CalledProcessError: docker failed; its message is on stderr.
        """
        configs = json.loads(
            _docker("network", "inspect", "--format={{json .IPAM.Config}}", "bridge")
        )
        return next(filter(_is_here, map(_gateway, configs or [])), LOOPBACK)

    def start(self, environment: Mapping[str, str]) -> None:
        """Keep `environment` for the containers."""
        self._environment = dict(environment)

    def deploy(self, function: Function) -> None:
        """Start the containers, and wait until each answers.

        Raises:
            PermissionError: see `interface.check`.
            subprocess.CalledProcessError: docker failed; its message is on stderr.
        """
        check(function, self.repositories)
        if function in self._ports:
            return
        self._find_endpoint(self._image(function))
        self._ports[function] = queue.SimpleQueue()
        with ThreadPoolExecutor(self.copies) as pool:
            for _ in pool.map(self._add, [function] * self.copies):
                pass

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Post the event to the next idle container. A container that died is replaced.

        Raises:
            PermissionError: see `interface.check`.
        """
        check(function, self.repositories)
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
        if not self._environment:
            return
        listed = _docker("ps", "--all", "--quiet", f"--filter=label={self.label}").split()
        if listed:
            _docker("rm", "--force", "--volumes", *listed)

    def _image(self, function: Function) -> str:
        prefix = f"{self.registry}/" if self.registry else ""
        return _ECR_HOST.sub(prefix, function.image_uri)

    def _find_endpoint(self, image: str) -> None:
        """Find the URL at which containers reach the embedded AWS.

        Of an embedded AWS at the loopback, it has another address in a container. It is an address
        and not a name, because SDKs would put the bucket in front of a name.
        """
        with self._lock:
            if self._endpoint_url:
                return
            url = self._environment["AWS_ENDPOINT_URL"]
            if urlsplit(url).hostname == LOOPBACK:
                hosts = _docker(
                    "run",
                    "--rm",
                    *self._platform,
                    f"--label={self.label}",
                    "--add-host=machine:host-gateway",
                    "--entrypoint=cat",
                    image,
                    "/etc/hosts",
                ).splitlines()
                address = next(line.split()[0] for line in hosts if line.endswith("machine"))
                url = url.replace(LOOPBACK, address)
            self._endpoint_url = url

    def _add(self, function: Function) -> None:
        """Start a container, wait until it answers, and offer its port to `invoke`."""
        variables = {
            **self._environment,
            "AWS_ENDPOINT_URL": self._endpoint_url,
            **lambda_environment(function),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(int(function.timeout_seconds)),
            **dict(function.environment),
        }
        container = _docker(
            "run",
            "--detach",
            *self._platform,
            *(f"--env={name}" for name in variables),  # values would be in the list of processes
            f"--label={self.label}",
            f"--memory={function.memory_mb}m",
            f"--publish={LOOPBACK}::8080",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            "--read-only",
            "--tmpfs=/tmp:size=512m",
            "--user=993:990",  # unprivileged, and without an entry in /etc/passwd
            self._image(function),
            variables=variables,
        )
        published = _docker("port", container, "8080/tcp").splitlines()[0]
        port = int(published.rpartition(":")[2])
        _wait_for_http(port, timeout_seconds=function.timeout_seconds)
        self._ports[function].put(port)


def _docker(*arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """Run docker, with `variables` added to its environment, and return its stdout.

    Ctrl-C does not reach it (it has its own session), so that no container starts unrecorded.
    """
    done = subprocess.run(  # noqa: S603  # no shell, arguments of our own
        [os.environ.get("DOCKER", "docker"), *arguments],
        check=True,
        env={**os.environ, **(variables or {})},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def _gateway(config: Mapping[str, str]) -> str:
    """Return the gateway of a network of Docker, which is the first address of its subnet.

    Before its first restart, the daemon does not tell it: https://github.com/moby/moby/issues/26799
    """
    return config.get("Gateway") or str(next(ip_network(config["Subnet"]).hosts()))


def _is_here(address: str) -> bool:
    """Return whether this machine has an address."""
    with suppress(OSError), socket.create_server((address, 0)):
        return True
    return False


def _post(port: int, payload: bytes, *, timeout_seconds: float) -> bytes:
    connection = HTTPConnection(LOOPBACK, port, timeout=timeout_seconds)
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
        with closing(HTTPConnection(LOOPBACK, port, timeout=5)) as connection:
            try:
                connection.request("GET", "/")
                connection.getresponse()
            except (HTTPException, OSError):
                time.sleep(0.05)
            else:
                return
    raise TimeoutError(f"no container answers at port {port}")
