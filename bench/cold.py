"""Measure cold starts: imports and clients in new processes, in the images."""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Iterator
from typing import Any, Final

from bench.section import Figures, Run, Target, table

TITLE = "Cold start"
TEXT = """\
CPU time of a new process that imports a function and creates its clients, in the function's image,
against a process with only `boto3.client("s3")` of the base image, in the same round. [Decision
34](decisions/0034-what-a-cold-start-leaves-out.md) says what each improvement saves."""
IMAGES: Final = ("extract", "thumbnail", "tag")
REFERENCE: Final = 'boto3.client("s3")'
# Runs in an image. Its arguments are the program and the number of rounds.
IN_IMAGE: Final = """
import json, random, resource, statistics, subprocess, sys
def cpu_ms(program, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3
programs = [(sys.argv[1], "/var/task"), ("import boto3; boto3.client('s3')", "/")]
rounds = []
for number in range(int(sys.argv[2]) + 1):
    order = random.sample([0, 1], 2)
    spent = {one: cpu_ms(*programs[one]) for one in order}
    if number:
        rounds.append((spent[0], spent[1]))
print(json.dumps({
    "ms": statistics.median(ours for ours, _ in rounds),
    "reference_ms": statistics.median(theirs for _, theirs in rounds),
    "ratio": statistics.median(ours / theirs for ours, theirs in rounds),
}))
"""


def start_program(image: str) -> str:
    """Return a program that imports the handler of `image` and creates its clients."""
    clients = "from shared import s3; s3.photo_store()"
    if image == "tag":
        clients += "; from tag import aws; aws.rekognition(); aws.records()"
    return f"import {image}.handler; {clients}"


def measure(run: Run) -> Figures:
    """Measure in each image, if a container engine answers and has them."""
    if reason := _no_images():
        run.peers.skipped["cold start"] = reason
        return {}
    rounds = run.some(21, 3)
    advance = run.progress("cold start", len(IMAGES))
    return {image: _in_image(image, rounds, advance) for image in IMAGES}


def _no_images() -> str:
    """Return why the images cannot be measured; empty if they can."""
    try:
        _docker("info")
    except (OSError, subprocess.CalledProcessError):
        return "no Docker engine answers"
    try:
        for image in IMAGES:
            _docker("image", "inspect", f"gallery-{image}:latest")
    except subprocess.CalledProcessError:
        return "no images: make build"
    return ""


def _in_image(image: str, rounds: int, advance: Callable[[], None]) -> Any:  # noqa: ANN401  # JSON
    answer = _docker(
        *("run", "--rm", "--network=none", "--env=AWS_DEFAULT_REGION=eu-west-1"),
        # As in Lambda. Without them botocore looks everywhere, and even asks over the network.
        *("--env=AWS_ACCESS_KEY_ID=any", "--env=AWS_SECRET_ACCESS_KEY=any"),
        *("--env=TABLE=gallery", "--entrypoint=/var/lang/bin/python3", f"gallery-{image}:latest"),
        *("-c", IN_IMAGE, start_program(image), str(rounds)),
    )
    advance()
    return json.loads(answer)


def _docker(*arguments: str) -> str:
    command = [os.environ.get("DOCKER", "docker"), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    return done.stdout.strip()


def bars(figures: Figures) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each start, and of the reference in the middle of the images."""
    if not figures:
        return {}
    reference = statistics.median(one["reference_ms"] for one in figures.values())
    return {
        **{image.capitalize(): {"": one["ms"]} for image, one in figures.items()},
        f"{REFERENCE} alone": {"": reference},
    }


def tables(figures: Figures) -> Iterator[str]:
    """Yield the table."""
    rows = [
        [
            image.capitalize(),
            f"{one['ms']:.0f}",
            f"{one['reference_ms']:.0f}",
            f"{one['ratio']:.2f}",
        ]
        for image, one in figures.items()
    ]
    if rows:
        yield from table(["CPU", "ms", f"{REFERENCE}, ms", "ratio"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for imports and clients."""
    why = (
        "the rest is Python's start, the imports of botocore and the function, and AWS's model of"
        " S3."
    )
    for image in IMAGES:
        ratio = figures.get(image, {}).get("ratio")
        what = f"start of {image.capitalize()} / {REFERENCE}"
        yield Target(what, ratio, 0.45, stretch=0.30, why=why)
