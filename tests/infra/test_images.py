"""The three images: their base, packages and files, and their answers under Lambda's emulator."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename
from uv import find_uv_bin

from engine import (
    CONTEXT,
    FUNCTIONS,
    base_image,
    base_image_for,
    docker,
    embedded_image,
    emulated,
    emulated_with_photos,
    image,
    run_python,
)
from models.build import ensure_model
from thumbnail.renditions import DEFAULT_RENDITIONS

DOCKERFILES = [CONTEXT / function / "Dockerfile" for function in FUNCTIONS]
ROOT = CONTEXT.parent
PHOTOS = ROOT / "local" / "photos"
SMALL_TMP = "--tmpfs=/tmp:size=8m"
# Each list of packages, and the group of pyproject.toml that it is made from.
REQUIREMENTS = {
    **{f"{group}/requirements.txt": group for group in (*FUNCTIONS, "builder")},
    "tag/embedded/requirements.txt": "networks",
}
BASE_PYTHON = "3.13.0"
BASE_GLIBC_MINOR = 34  # Amazon Linux 2023 has glibc 2.34
# measured: 0.42 to 0.51; 0.56 to 0.65 without what decision 34 leaves out, 1.8 without bytecode
COLD_START_CEILING = 0.6
CEILINGS_MB = {"extract": 40, "tag": 40, "thumbnail": 45}  # over the base, of 1,000,000 bytes


def test_every_image_has_a_dockerfile() -> None:
    assert sorted(CONTEXT.glob("*/Dockerfile")) == DOCKERFILES


def test_every_stage_of_every_image_starts_from_the_same_base() -> None:
    bases = {
        (default, stage)
        for path in DOCKERFILES
        for default in re.findall(r"^ARG BASE_IMAGE=(.+)$", path.read_text(), re.MULTILINE)
        for stage in re.findall(r"^FROM (\S+)", path.read_text(), re.MULTILINE)
    }

    assert bases == {("public.ecr.aws/lambda/python:3.13", "${BASE_IMAGE}")}


def test_every_list_of_packages_is_known() -> None:
    lists = {str(path.relative_to(CONTEXT)) for path in CONTEXT.glob("**/requirements.txt")}

    assert lists == set(REQUIREMENTS)


@pytest.mark.parametrize(("name", "group"), REQUIREMENTS.items())
def test_the_requirements_match_the_lock_file(name: str, group: str, tmp_path: Path) -> None:
    fresh = tmp_path / "requirements.txt"
    options = [
        "--frozen",
        "--no-emit-project",
        "--no-annotate",
        "--no-header",
        "--only-group",
        group,
    ]
    export = [find_uv_bin(), "export", "--quiet", *options, "--output-file", str(fresh)]
    subprocess.run(export, cwd=ROOT, check=True)  # noqa: S603  # ours alone

    committed = CONTEXT / name
    assert committed.read_text() == fresh.read_text(), f"{committed}: run make lock"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_locked_package_has_a_wheel_for_the_base(name: str, machine: str) -> None:
    """All but pyvips, which is pure Python and built in the image: decision 0005."""
    text = (CONTEXT / name).read_text()

    assert without_wheel(text, machine) == ({"pyvips"} if "pyvips==" in text else set())


def test_a_wheel_for_the_other_processor_does_not_count() -> None:
    hashes = [
        digest
        for digest, file in WHEELS.items()
        if file.startswith("msgspec-") and "manylinux" in file and "x86_64" in file
    ]
    text = f"msgspec==1.0 {' '.join(f'--hash={digest}' for digest in hashes)}"

    assert without_wheel(text, "x86_64") == set()
    assert without_wheel(text, "aarch64") == {"msgspec"}


def test_the_builds_import_what_the_handlers_import_later() -> None:
    later = {
        module
        for path in CONTEXT.rglob("*.py")
        for module in re.findall(r"^ +from (\S+) import .*PLC0415", path.read_text(), re.MULTILINE)
    }
    imported = {
        module
        for path in CONTEXT.rglob("Dockerfile")
        for modules in re.findall(r"setuid\(993\); import (.+)\"", path.read_text())
        for module in modules.split(", ")
    }

    assert later
    assert {
        module
        for module in later
        if not any(name == module or name.startswith(f"{module}.") for name in imported)
    } == set()


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ("image*|pull*", "mine:1 is no base image for linux/arm64, .* set BASE_IMAGE_ARM64 to one"),
        ("run*", "does not run images for linux/arm64: install an emulator"),
        ("run*/proc/cpuinfo*", "does not describe an arm64 processor: install QEMU 8.2 or later"),
    ],
    ids=["no such image", "no emulator", "an old emulator"],
)
def test_a_base_that_cannot_be_used_for_arm64_is_reported_with_what_to_do(
    failing: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "client"
    client.write_text(f'#!/bin/sh\ncase "$*" in {failing}) exit 1 ;; esac\necho arm64\n')
    client.chmod(0o755)
    monkeypatch.setenv("DOCKER", str(client))
    monkeypatch.setenv("BASE_IMAGE_ARM64", "mine:1")

    with pytest.raises(RuntimeError, match=expected):
        base_image_for("arm64")


# The file names of all wheels in the lock file, by their hash.
WHEELS = {
    wheel["hash"]: wheel["url"].rpartition("/")[2]
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    for wheel in package.get("wheels", [])
}


def without_wheel(requirements: str, machine: str) -> set[str]:
    """Return the packages for which pip accepts no wheel in an image for `machine`.

    Args:
        requirements: the text of a requirements.txt.
        machine: x86_64 or aarch64.
    """
    installable = wheel_tags(machine)
    environment = {
        "implementation_name": "cpython",
        "platform_machine": machine,
        "python_full_version": BASE_PYTHON,
        "python_version": BASE_PYTHON.rpartition(".")[0],
        "sys_platform": "linux",
    }
    missing = set()
    for line in requirements.replace("\\\n", " ").splitlines():
        text, *hashes = line.split("--hash=")
        package = Requirement(text)
        files = [WHEELS[digest.strip()] for digest in hashes if digest.strip() in WHEELS]
        wanted = package.marker is None or package.marker.evaluate(environment)
        if wanted and not any(parse_wheel_filename(file)[3] & installable for file in files):
            missing.add(package.name)
    return missing


def wheel_tags(machine: str) -> set[Tag]:
    """Return the tags of wheels that Python 3.13 on Amazon Linux 2023 installs.

    Source: PEP 600 (https://peps.python.org/pep-0600/); manylinux2014 is manylinux_2_17.
    """
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(17, BASE_GLIBC_MINOR + 1)]
    platforms.append(f"manylinux2014_{machine}")
    return {
        *cpython_tags((3, 13), platforms=platforms),
        *compatible_tags((3, 13), "cp313", platforms),
    }


@pytest.mark.docker
@pytest.mark.xdist_group("docker")  # one engine, one build of each image
@pytest.mark.parametrize("function", FUNCTIONS)
class TestImage:
    """Each image, as the engine built it."""

    def test_is_small(self, function: str) -> None:
        added_mb = (size_bytes(image(function)) - size_bytes(base_image())) / 1e6

        print(f"{function}: {added_mb:.1f} MB over the base")  # noqa: T201  # pytest -s shows it
        assert added_mb <= CEILINGS_MB[function]

    def test_adds_nothing_outside_the_task_folder_and_no_commands(self, function: str) -> None:
        ours, theirs = (
            set(run_python(name, LIST_FILES, "--user=root").splitlines())
            for name in (image(function), base_image())
        )

        added = [line.split(" ", 1) for line in ours - theirs]
        assert theirs <= ours
        assert [path for _, path in added if not path.startswith("/var/task/")] == []
        assert [path for mode, path in added if mode == "x" and ".so" not in path] == []

    def test_has_bytecode_that_ignores_file_times_for_every_module(self, function: str) -> None:
        assert run_python(image(function), LIST_UNCOMPILED) == ""

    def test_has_its_regular_expressions_compiled(self, function: str) -> None:
        program = f"""
import re
from shared import patterns
compiled = []
parse = re._compiler._parser.parse
re._compiler._parser.parse = lambda text, *rest: compiled.append(text) or parse(text, *rest)
before = patterns.use() and len(compiled)
import {function}.handler
print(before, len(compiled))
"""
        assert run_python(image(function), program) == "0 0"

    def test_handler_imports_without_network_and_environment(self, function: str) -> None:
        program = f"""
import os
os.environ.clear()
import boto3, {function}.handler
print(boto3.__file__, callable({function}.handler.handle))
"""
        # The trimmed and locked boto3, not that of the base image.
        assert run_python(image(function), program) == "/var/task/boto3/__init__.py True"

    def test_starts_faster_than_the_s3_client_of_the_base_image(self, function: str) -> None:
        clients = "from shared.s3 import photo_store; photo_store()"
        if function == "tag":
            clients += "; from tag.aws import rekognition; rekognition()"
        program = f"import {function}.handler; {clients}"
        region = "--env=AWS_DEFAULT_REGION=eu-west-1"

        ratio = float(run_python(image(function), COLD_START, region, arguments=[program]))

        print(f"{function}: {ratio:.2f} of the base's boto3.client('s3')")  # noqa: T201  # as above
        assert ratio <= COLD_START_CEILING

    def test_emulator_answers_a_bad_event_with_a_typed_error(self, function: str) -> None:
        with emulated(image(function)) as container:
            answer = container.invoke({"no": "photo"})

        assert answer["errorType"] == "InvalidRequestError"


@pytest.mark.docker
@pytest.mark.xdist_group("docker")
@pytest.mark.parametrize("function", ["tag", "thumbnail"])
def test_a_build_on_a_base_without_a_library_fails_with_its_name(
    function: str, tmp_path: Path
) -> None:
    """The last step of the build runs again, in the finished image without libstdc++."""
    [last_step] = re.findall(
        r"^(RUN python -m compileall(?:.*\\\n)*.*)$",
        (CONTEXT / function / "Dockerfile").read_text(),
        re.MULTILINE,
    )
    lines = [f"FROM {image(function)}", "USER root", REMOVE_LIBSTDCXX, last_step]
    (tmp_path / "Dockerfile").write_text("\n".join(lines))

    with pytest.raises(RuntimeError, match=r"ImportError: libstdc\+\+\.so\.6: cannot open"):
        docker("build", "--force-rm", str(tmp_path))


@pytest.mark.docker
@pytest.mark.xdist_group("docker")
class TestPhotoInContainer:
    """A photo from a bucket, with 8 MB of /tmp as the only writable folder."""

    def test_extract_reads_the_photo_of_the_readme(self) -> None:
        event = json.loads((ROOT / "tests" / "events" / "extract.json").read_text())

        with emulated_with_photos(image("extract"), PHOTOS, SMALL_TMP) as container:
            answer = container.invoke(event)

        assert answer.get("image", {}).get("format") == "JPEG", answer
        assert answer["metadata"]["camera"]["model"] == "Canon EOS 5D Mark III"

    @pytest.mark.parametrize("photo", ["rocket.jpg", "coffee.heic", "hubble.avif", "camera.png"])
    def test_thumbnail_renders_it_and_leaves_tmp_empty(self, photo: str) -> None:
        event = {
            "photo": {"bucket": "photos", "key": f"uploads/ada/{photo}"},
            "creator": "Ada",
            "copyright": "© Ada",
        }

        with emulated_with_photos(image("thumbnail"), PHOTOS, SMALL_TMP) as container:
            answer = container.invoke(event)
            left = container.python("import os; print(os.listdir('/tmp'))")

        assert list(answer.get("renditions", [])) == list(DEFAULT_RENDITIONS), answer
        assert left == "[]"


@pytest.mark.docker
@pytest.mark.xdist_group("docker")
@pytest.mark.parametrize("function", ["tag", "thumbnail"])
def test_libvips_comes_from_the_wheel_and_uses_one_thread(function: str) -> None:
    program = """
import json, os, pyvips
print(json.dumps([pyvips.API_mode, pyvips.concurrency_get(), os.environ["MALLOC_ARENA_MAX"]]))
"""
    assert json.loads(run_python(image(function), program)) == [True, 1, "1"]


@pytest.mark.docker
@pytest.mark.xdist_group("docker")
def test_the_tag_image_with_the_label_model_labels_without_a_cloud() -> None:
    ensure_model(CONTEXT / "networks", report=print)
    chelsea = PHOTOS / "chelsea.jpg"
    event = {
        "photo": {"bucket": "photos", "key": f"uploads/ada/{chelsea.name}"},
        "image": {
            "format": "JPEG",
            "mime_type": "image/jpeg",
            "bytes": chelsea.stat().st_size,
            "width_px": 451,
            "height_px": 300,
        },
    }
    settings = ("--env=MAX_LABELS=50", "--env=MIN_CONFIDENCE=55")

    with emulated_with_photos(embedded_image(), PHOTOS, SMALL_TMP, *settings) as container:
        answer = container.invoke(event)

    assert answer.get("labels_status") == "READY", answer
    assert {"cat", "feline", "animal"} <= set(answer["label_index"])


def size_bytes(name: str) -> int:
    return int(docker("image", "inspect", "--format={{.Size}}", name))


REMOVE_LIBSTDCXX = (
    'RUN python -c "import pathlib; [file.unlink()'
    " for file in sorted(pathlib.Path('/usr').glob('lib*/**/libstdc++.so.6*'))]\""
)

LIST_FILES = """
import os, stat
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if folder != "/" or name not in ("proc", "sys", "dev")]
    for file in files:
        path = os.path.join(folder, file)
        print("x" if os.lstat(path).st_mode & stat.S_IXUSR else "-", path)
"""

# CPU time of whole processes, the best of five each, one after the other. In /, Python finds the
# boto3 of the base image.
COLD_START = """
import resource, subprocess, sys
def cpu_seconds(program, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
theirs = "import boto3; boto3.client('s3')"
rounds = [(cpu_seconds(sys.argv[1], "/var/task"), cpu_seconds(theirs, "/")) for _ in range(5)]
ours, theirs = map(min, zip(*rounds))
print(ours / theirs)
"""

# A compiled file begins with the magic number and its flags: 1 for "hash-based, never checked".
# Source: https://peps.python.org/pep-0552/
LIST_UNCOMPILED = """
import importlib.util, pathlib
head = importlib.util.MAGIC_NUMBER + bytes([1, 0, 0, 0])
for path in pathlib.Path("/var/task").rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(path))
    if not compiled.exists() or compiled.read_bytes()[:8] != head:
        print(path)
"""
