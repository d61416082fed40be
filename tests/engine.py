"""The container engine of this machine, and the images built with it.

Environment variables: BASE_IMAGE replaces the base image of the Dockerfiles; BASE_IMAGE_AMD64 and
BASE_IMAGE_ARM64 do so for one processor. DOCKER names the client, `docker` by default. Tests are
skipped if no engine answers or it cannot pull the base image; they fail in that case if DOCKER is
set.
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

PUBLIC_BASE = "public.ecr.aws/lambda/python:3.13"
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
    "KEEP_COPYRIGHT": "true",
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
POST = f"""{AWAIT}
import urllib.request
wait(8080)
url = "http://127.0.0.1:8080/2015-03-31/functions/function/invocations"
print(urllib.request.urlopen(url, sys.argv[1].encode(), timeout=60).read().decode())
"""
# Fails if an old emulator shows the processors of its host (docs/operations.md#emulators-of-arm64).
NEEDS_ARM64_CPUINFO = "assert 'CPU implementer' in open('/proc/cpuinfo').read()"


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
    name = os.environ.get("BASE_IMAGE") or PUBLIC_BASE
    if _problem("image", "inspect", name) and (problem := _problem("pull", name)):
        _give_up(f"the container engine cannot pull the base image: {problem}")
    return name


def base_image_for(architecture: str) -> str:
    """Return the name of the base image for one processor, which this engine runs.

    Args:
        architecture: amd64 or arm64.

    Raises:
        RuntimeError: no engine answers, there is no such image, the engine cannot run it, or its
            emulator is too old; the message says what to set or to install.
    """
    variable = f"BASE_IMAGE_{architecture.upper()}"
    platform = f"--platform=linux/{architecture}"
    name = os.environ.get(variable) or os.environ.get("BASE_IMAGE") or PUBLIC_BASE
    if problem := _failure("info"):
        raise RuntimeError(f"no container engine answers: {problem}")
    run = ("run", "--rm", "--network=none", platform, f"--entrypoint={PYTHON}")
    if _architecture(name) != architecture and (problem := _failure("pull", platform, name)):
        raise RuntimeError(
            f"{name} is no base image for linux/{architecture}, and cannot be pulled for it: "
            f"set {variable} to one. {problem}"
        )
    if problem := _failure(*run, name, "-c", ""):
        raise RuntimeError(
            f"this container engine does not run images for linux/{architecture}: install an "
            f"emulator, see docs/operations.md#first-deployment. {problem}"
        )
    if architecture == "arm64" and (problem := _failure(*run, name, "-c", NEEDS_ARM64_CPUINFO)):
        raise RuntimeError(
            "/proc/cpuinfo of linux/arm64 does not describe an arm64 processor: install QEMU 8.2 "
            f"or later, see docs/operations.md#emulators-of-arm64. {problem}"
        )
    return name


def _architecture(name: str) -> str:
    """Return amd64 or arm64 for an image that the engine has, otherwise an empty text."""
    try:
        return docker("image", "inspect", "--format={{.Architecture}}", name)
    except RuntimeError:
        return ""


def _failure(*arguments: str) -> str:
    """Return the error of a client's command, or an empty text if it succeeds."""
    try:
        docker(*arguments)
    except (OSError, RuntimeError) as error:
        return str(error)
    return ""


_problem = cache(_failure)


def _give_up(reason: str) -> NoReturn:
    if "DOCKER" in os.environ:
        raise RuntimeError(reason)
    pytest.skip(reason)


@cache
def image(function: str, architecture: str = "") -> str:
    """Build a function's image and return its name.

    Without an architecture, the engine's own: skip as `base_image` does. With amd64 or arm64,
    raise as `base_image_for` does.
    """
    base = base_image_for(architecture) if architecture else base_image()
    return _build(function, function, f"BASE_IMAGE={base}", architecture)


@cache
def embedded_image(architecture: str = "") -> str:
    """Build the tag image with the label model in images/networks, and return its name."""
    base = image("tag", architecture)
    return _build("tag-embedded", "tag/embedded", f"TAG_IMAGE={base}", architecture)


def _build(name: str, folder: str, base: str, architecture: str) -> str:
    tag = f"gallery-{name}:{image_tag(architecture)}"
    dockerfile = f"--file={CONTEXT / folder / 'Dockerfile'}"
    platform = [f"--platform=linux/{architecture}"] if architecture else []
    docker("build", *platform, f"--build-arg={base}", f"--tag={tag}", dockerfile, str(CONTEXT))
    return tag


def image_tag(architecture: str = "") -> str:
    """Return the tag of the images that the tests build."""
    return f"test-{architecture}" if architecture else "test"


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
        docker("exec", container.name, PYTHON, "-c", program, "/photos")
        yield container
