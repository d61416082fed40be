"""The container engine of this machine, and the images built with it.

Two environment variables have an effect: BASE_IMAGE replaces the base image of the Dockerfiles, and
DOCKER names the client, `docker` by default. Tests are skipped if no engine answers or it cannot
pull the base image; they fail in that case if DOCKER is set.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

import bucket
from thumbnail.renditions import DEFAULT_RENDITIONS

CONTEXT = Path(__file__).parents[1] / "images"
FUNCTIONS = ("extract", "tag", "thumbnail")
PYTHON = "/var/lang/bin/python3"

# As Lambda runs a function: as an unprivileged user who can write only to /tmp.
AS_LAMBDA = ("--read-only", "--tmpfs=/tmp:size=512m", "--memory=1024m", "--user=993:990")

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{bucket.PORT}",
    "PHOTOS_BUCKET": "photos",
    "DERIVED_BUCKET": "derived",
    "TABLE": "gallery",
    "RENDITIONS": msgspec.json.encode(DEFAULT_RENDITIONS).decode(),
}

# Both programs run in the container, and wait until a server listens there.
AWAIT = """
import socket, sys, time
def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
def wait(port):
    for _ in range(400):
        if listens(port):
            return
        time.sleep(0.025)
    sys.exit(f"no server listens on port {port}")
"""
AWAIT_BUCKET = f"{AWAIT}wait({bucket.PORT})"
POST = f"""{AWAIT}
import urllib.request
wait(8080)
url = "http://127.0.0.1:8080/2015-03-31/functions/function/invocations"
print(urllib.request.urlopen(url, sys.argv[1].encode(), timeout=60).read().decode())
"""


def docker(*arguments: str) -> str:
    """Run the client, and return its output.

    Raises:
        RuntimeError: the client failed; the message has its output.
    """
    command = [os.environ.get("DOCKER", "docker"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout.strip()


def require() -> None:
    """Skip the calling test if no container engine answers."""
    if problem := _problem("info"):
        _give_up(f"no container engine answers: {problem}")


def base_image() -> str:
    """Return the name of the base image; skip the calling test if it is not available."""
    require()
    name = os.environ.get("BASE_IMAGE", "public.ecr.aws/lambda/python:3.13")
    if _problem("image", "inspect", name) and (problem := _problem("pull", name)):
        _give_up(f"the container engine cannot pull the base image: {problem}")
    return name


@cache
def _problem(*arguments: str) -> str:
    """Return the error of a client's command, or an empty text if it succeeds."""
    try:
        docker(*arguments)
    except (OSError, RuntimeError) as error:
        return str(error)
    return ""


def _give_up(reason: str) -> NoReturn:
    if "DOCKER" in os.environ:
        raise RuntimeError(reason)
    pytest.skip(reason)


@cache
def image(function: str) -> str:
    """Build a function's image and return its name; skip as `base_image` does."""
    name = f"gallery-{function}:test"
    dockerfile = f"--file={CONTEXT / function / 'Dockerfile'}"
    docker(
        "build", f"--build-arg=BASE_IMAGE={base_image()}", f"--tag={name}", dockerfile, str(CONTEXT)
    )
    return name


@cache
def embedded_image() -> str:
    """Build the tag image with the label model in images/networks, and return its name."""
    name = "gallery-tag-embedded:test"
    dockerfile = f"--file={CONTEXT / 'tag' / 'embedded' / 'Dockerfile'}"
    docker(
        "build", f"--build-arg=TAG_IMAGE={image('tag')}", f"--tag={name}", dockerfile, str(CONTEXT)
    )
    return name


def run_python(name: str, program: str, *options: str, arguments: Sequence[str] = ()) -> str:
    """Run a program in image `name`, without a network, and return its output."""
    isolation = ["--rm", "--network=none", *AS_LAMBDA, *options]
    return docker("run", *isolation, f"--entrypoint={PYTHON}", name, "-c", program, *arguments)


@dataclass(frozen=True)
class Container:
    """An image under Lambda's runtime emulator."""

    name: str

    def invoke(self, event: Mapping[str, object]) -> Any:  # noqa: ANN401  # any JSON
        """Return the function's answer to `event`."""
        return json.loads(self.python(POST, json.dumps(event)))

    def python(self, program: str, *arguments: str) -> str:
        """Run a program beside the function, and return its output."""
        return docker("exec", self.name, PYTHON, "-c", program, *arguments)


@contextmanager
def emulated(name: str, *options: str) -> Iterator[Container]:
    """Run image `name` under the emulator, without network."""
    container = Container(docker("run", "--detach", "--network=none", *AS_LAMBDA, *options, name))
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container.name)


@contextmanager
def emulated_with_photos(name: str, photos: Path, *options: str) -> Iterator[Container]:
    """Run image `name` with its settings, and the bucket of tests/bucket.py beside it.

    Args:
        name: of the image.
        photos: a folder; its files are the objects uploads/ada/<file>.
        options: more options of `docker run`.
    """
    settings = [f"--env={variable}={value}" for variable, value in SETTINGS.items()]
    with emulated(name, f"--volume={photos}:/photos:ro", *settings, *options) as container:
        program = Path(bucket.__file__).read_text()
        docker("exec", "--detach", container.name, PYTHON, "-c", program, "/photos")
        container.python(AWAIT_BUCKET)
        yield container
