"""Run a program that listens on a port of this machine."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local.embedded import LOOPBACK

START_SECONDS: Final = 60  # 2 to 4 on an idle machine
POLL_SECONDS: Final = 0.1


@contextmanager
def running(
    command: Sequence[str | Path], *, port: int, log_file: Path, variables: Mapping[str, str]
) -> Iterator[None]:
    """Run a program, without this machine's AWS settings, from when it listens on `port`.

    Raises:
        RuntimeError: it ends before.
        TimeoutError: it does not listen within `START_SECONDS`.
    """
    inherited = {name: value for name, value in os.environ.items() if name[:3] != "AWS"}
    with log_file.open("w") as log:
        process = subprocess.Popen(  # noqa: S603  # our own arguments
            command,
            cwd=log_file.parent,
            env={**inherited, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(process, port, log_file)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log_file: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} has ended: {log_file.read_text()[-2000:]}")
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{process.args!r} does not listen: {log_file.read_text()[-2000:]}")
