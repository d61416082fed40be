"""Run a local registry of container images: Debian's docker-registry, on a free port.

Tests are skipped if it is not installed.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ports import free_port

START_SECONDS = 20


@contextmanager
def docker_registry(folder: Path) -> Iterator[str]:
    """Run a registry that keeps its images in `folder`, and yield its HOST:PORT.

    Raises:
        RuntimeError: it does not listen.
    """
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed: apt-get install docker-registry")
    port = free_port()
    settings = folder / "registry.yml"
    settings.write_text(
        f"""version: 0.1
log: {{ level: error }}
storage: {{ filesystem: {{ rootdirectory: {folder / "images"} }} }}
http: {{ addr: "127.0.0.1:{port}" }}
"""
    )
    with (folder / "registry.log").open("w") as log:
        running = subprocess.Popen(  # noqa: S603  # the program, and our settings
            [program, "serve", str(settings)], stdout=log, stderr=log
        )
    try:
        _wait_until_it_listens(port, running, folder / "registry.log")
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(timeout=START_SECONDS)


def _wait_until_it_listens(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while running.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    running.kill()
    raise RuntimeError(f"the registry does not listen on port {port}: {log.read_text()}")
