"""Measure cold starts: imports and clients in new processes, here and in the images."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench import CACHE, ROOT
from bench.rounds import Tool, interleave, programs, workers
from bench.section import Figures, Run, Target, prose, table

TITLE = "Cold start"
TEXT = """\
CPU time of a new process that imports a step and creates its clients, against a process with only
`boto3.client("s3")`. Extract with this machine's Python; each line adds one improvement to the line
above."""
IMAGES: Final = ("extract", "thumbnail", "tag")
REFERENCE: Final = 'boto3.client("s3")'
SHIPPED: Final = "regular expressions compiled: as shipped"
CALLED: Final = "s3=GetObject"  # as in the Dockerfile of Extract
COLLECTING: Final = "import gc; gc.disable = gc.freeze = int; "  # keeps the collector running
SETTINGS: Final = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_SECRET_ACCESS_KEY": "any",
    "HOME": "/nonexistent",
}

# The same comparison inside an image, with its Python, against the base image's boto3.
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
    "ratio": statistics.median(ours / theirs for ours, theirs in rounds),
}))
"""


def start_program(image: str) -> str:
    """Return a program that imports the handler of `image` and creates its clients."""
    clients = "from shared import s3; s3.photo_store()"
    if image == "tag":
        clients += "; from tag import aws; aws.rekognition(); aws.records()"
    return f"import {image}.handler; {clients}"


def copied_rooms(image: str) -> list[str]:
    """Return the folders of images/ that the Dockerfile of `image` copies."""
    dockerfile = (ROOT / "images" / image / "Dockerfile").read_text()
    return re.findall(r"^COPY (\w+)/ \1/$", dockerfile, re.MULTILINE)


def measure(run: Run) -> Figures:
    """Measure with this machine's Python and, if a container engine answers, in the images."""
    rounds = run.some(11, 3)
    found: Figures = {"steps": _steps(rounds, run.progress("cold start: steps", rounds + 1))}
    reason = _no_images()
    if reason:
        run.peers.skipped["cold start in the images"] = reason
        return found
    advance = run.progress("cold start: images", len(IMAGES))
    found["images"] = {image: _in_image(image, rounds, advance) for image in IMAGES}
    return found


def _steps(rounds: int, advance: Callable[[], None]) -> dict[str, dict[str, float]]:
    """Return the times of a start, each with one more improvement than the one before."""
    start = start_program("extract")
    plain, trimmed = (CACHE / "cold" / name for name in ("plain", "trimmed"))
    shutil.rmtree(CACHE / "cold", ignore_errors=True)
    for folder in (plain, trimmed):
        _install(folder)
    subprocess.run(  # noqa: S603  # our own code
        [sys.executable, str(ROOT / "images" / "builder" / "trim.py"), str(trimmed), CALLED],
        check=True,
    )
    compiled = plain.with_name("compiled")
    shutil.copytree(plain, compiled)
    for folder in (compiled, trimmed):
        compile_all = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        subprocess.run([sys.executable, *compile_all, str(folder)], check=True)  # noqa: S603  # ours
    shipped = trimmed.with_name("shipped")
    shutil.copytree(trimmed, shipped)
    record = [sys.executable, "-m", "shared.patterns", "extract.handler"]
    subprocess.run(record, cwd=shipped, check=True)  # noqa: S603  # our own code

    def process(folder: Path, program: str, **more: str) -> list[str]:
        environment = {**SETTINGS, "PYTHONPATH": str(folder), **more}
        return [
            *("/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items())),
            *(sys.executable, "-S", "-c", program),
        ]

    return compare(
        {
            REFERENCE: process(compiled, 'import boto3; boto3.client("s3")'),
            "python": process(compiled, "pass"),
            "the step, without bytecode": process(
                plain, COLLECTING + start, PYTHONDONTWRITEBYTECODE="1"
            ),
            "bytecode compiled": process(compiled, COLLECTING + start),
            "models of AWS trimmed to what is called": process(trimmed, COLLECTING + start),
            "no garbage collector meanwhile": process(trimmed, start),
            SHIPPED: process(shipped, start),
        },
        REFERENCE,
        rounds,
        advance,
    )


def compare(
    commands: Mapping[str, Sequence[str]], reference: str, rounds: int, advance: Callable[[], None]
) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of whole processes, and the median ratio to the reference.

    Raises:
        ChildProcessError: a process failed.
    """
    no_photo = Path(os.devnull)
    tools = [Tool(name, programs(commands), name) for name in commands]
    with workers() as running:
        measured = interleave(running, tools, [no_photo], rounds, advance)
    if measured.failed:
        raise ChildProcessError(str(measured.failed))
    return {
        name: {
            "ms": found[no_photo.name],
            "ratio": measured.ratios(name, reference)[no_photo.name],
        }
        for name, found in measured.ms().items()
    }


def _install(folder: Path) -> None:
    """Install the packages and the code of Extract's image to a folder."""
    requirements = ROOT / "images" / "extract" / "requirements.txt"
    # Copies, not links: trim.py would otherwise change the files in uv's cache.
    command = ["-m", "uv", "pip", "install", "--quiet", "--no-deps", "--link-mode", "copy"]
    command += ["--target", str(folder)]
    command += ["--python", sys.executable]
    subprocess.run(  # noqa: S603  # our own locks
        [sys.executable, *command, "--require-hashes", "--requirement", str(requirements)],
        check=True,
    )
    for name in copied_rooms("extract"):
        shutil.copytree(
            ROOT / "images" / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )


def _docker(*arguments: str) -> str:
    command = [os.environ.get("DOCKER", "docker"), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours
    return done.stdout.strip()


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
    settings = (
        *("--rm", "--network=none", "--env=AWS_DEFAULT_REGION=eu-west-1", "--env=TABLE=gallery"),
    )
    answer = _docker(
        *("run", *settings, "--entrypoint=/var/lang/bin/python3", f"gallery-{image}:latest"),
        *("-c", IN_IMAGE, start_program(image), str(rounds)),
    )
    advance()
    return json.loads(answer)


def tables(figures: Figures) -> Iterator[str]:
    """Yield the tables."""
    rows = [
        [f"**{name}**" if name == SHIPPED else name, f"{one['ms']:.0f}", f"{one['ratio']:.2f}"]
        for name, one in figures["steps"].items()
    ]
    yield from table(["", "ms, CPU", "× the reference"], rows)
    if "images" in figures:
        yield from prose(
            "The same in the images, with their Python, against the base image's boto3."
        )
        rows = [
            [image, f"{one['ms']:.0f}", f"{one['ratio']:.2f}"]
            for image, one in figures["images"].items()
        ]
        yield from table(["image", "ms, CPU", "× the reference"], rows)


def targets(figures: Figures) -> Iterator[Target]:
    """Yield the targets for imports and clients."""
    own = figures["steps"][SHIPPED]["ratio"]
    why = "the rest is Python's start, the imports of botocore and the step, and AWS's model of S3."
    yield Target(f"start of Extract / {REFERENCE}, this Python", own, 0.45, stretch=0.30, why=why)
    for image in IMAGES:
        ratio = figures.get("images", {}).get(image, {}).get("ratio")
        what = f"start of {image.capitalize()} in its image / {REFERENCE}"
        yield Target(what, ratio, 0.45, stretch=0.30, why=why)
